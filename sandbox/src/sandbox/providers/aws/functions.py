# ruff: noqa: ARG001 - one signature for all functions
"""The provider's functions (`aws.get_region()`)."""

from collections.abc import Callable

from sandbox.providers.aws.api import readable_errors
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import Function
from sandbox.providers.values import Properties, ProviderError


def _caller_identity(session: Session, arguments: Properties) -> Properties:
    who = session.client("sts").get_caller_identity()
    return {"accountId": who["Account"], "arn": who["Arn"], "userId": who["UserId"], "id": who["Account"]}


def _region(session: Session, arguments: Properties) -> Properties:
    region = session.region
    return {
        "id": region,
        "name": region,
        "region": region,
        "endpoint": f"ec2.{region}.{session.dns_suffix}",
        "description": region,
    }


def _partition(session: Session, arguments: Properties) -> Properties:
    return {
        "id": session.partition,
        "partition": session.partition,
        "dnsSuffix": session.dns_suffix,
        "reverseDnsPrefix": ".".join(reversed(session.dns_suffix.split("."))),
    }


def _default_tags(session: Session, arguments: Properties) -> Properties:
    return {"id": session.partition, "tags": session.default_tags}


def _availability_zones(session: Session, arguments: Properties) -> Properties:
    zones = sorted(session.client("ec2").describe_availability_zones()["AvailabilityZones"], key=lambda zone: zone["ZoneName"])
    # Here, because the emulator ignores what it is asked to filter by.
    if state := arguments.get("state"):
        zones = [zone for zone in zones if zone["State"] == state]
    zones = [zone for zone in zones if zone["ZoneId"] not in arguments.get("excludeZoneIds", [])]
    for condition in arguments.get("filters", []):
        if condition["name"] != "opt-in-status":
            raise ProviderError(f"the sandbox does not filter availability zones by {condition['name']}")
        zones = [zone for zone in zones if zone["OptInStatus"] in condition["values"]]
    return {
        **arguments,
        "id": session.region,
        "region": session.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone["GroupName"] for zone in zones if zone.get("GroupName")}),
    }


def _repositories(session: Session, arguments: Properties) -> Properties:
    _require_here(session, arguments)
    pages = session.client("ecr").get_paginator("describe_repositories").paginate()
    names = [repository["repositoryName"] for page in pages for repository in page["repositories"]]
    return {"id": session.region, "region": session.region, "names": names}


def _images(session: Session, arguments: Properties) -> Properties:
    _require_here(session, arguments)
    ecr, name = session.client("ecr"), arguments["repositoryName"]
    registry = arguments.get("registryId") or session.account
    pages = ecr.get_paginator("list_images").paginate(registryId=registry, repositoryName=name)
    try:
        images = [image for page in pages for image in page["imageIds"]]
    except ecr.exceptions.RepositoryNotFoundException:
        # All that the official provider says of it (terraform-provider-aws, `findImages`).
        raise ProviderError("reading ECR Images: couldn't find resource") from None
    found = [{"imageDigest": image["imageDigest"], "imageTag": image.get("imageTag")} for image in images]
    return {**arguments, "id": name, "region": session.region, "imageIds": found}


def _require_here(session: Session, arguments: Properties) -> None:
    if arguments.get("region", session.region) != session.region:
        raise ProviderError(f"the sandbox has the region {session.region} only")


def _secret(session: Session, arguments: Properties) -> Properties:
    secret = session.client("secretsmanager").describe_secret(SecretId=arguments.get("arn") or arguments["name"])
    return {
        "id": secret["ARN"],
        "arn": secret["ARN"],
        "name": secret["Name"],
        "description": secret.get("Description", ""),
        "kmsKeyId": secret.get("KmsKeyId", ""),
        "policy": "",
        "region": session.region,
        "tags": {tag["Key"]: tag["Value"] for tag in secret.get("Tags", [])},
        "createdDate": secret["CreatedDate"].isoformat(),
        "lastChangedDate": secret["LastChangedDate"].isoformat(),
    }


def _key(session: Session, arguments: Properties) -> Properties:
    key = session.client("kms").describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    return {**arguments, "id": key["KeyId"], "arn": key["Arn"], "region": session.region}


MODELLED: dict[str, tuple[Callable[[Session, Properties], Properties], set[str]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": (_caller_identity, set()),
    "aws:index/getDefaultTags:getDefaultTags": (_default_tags, set()),
    "aws:index/getRegion:getRegion": (_region, set()),
    "aws:index/getPartition:getPartition": (_partition, set()),
    "aws:index/getAvailabilityZones:getAvailabilityZones": (_availability_zones, {"excludeZoneIds", "filters", "state"}),
    "aws:ecr/getImages:getImages": (_images, {"region", "registryId", "repositoryName"}),
    "aws:ecr/getRepositories:getRepositories": (_repositories, {"region"}),
    "aws:secretsmanager/getSecret:getSecret": (_secret, {"arn", "name"}),
    "aws:kms/getKey:getKey": (_key, {"keyId"}),
}
"""Token -> (function, its arguments that are modelled)."""


def functions(session: Callable[[], Session]) -> dict[str, Function]:
    """Handlers for the protocol."""
    return {token: _handler(token, session, *modelled) for token, modelled in MODELLED.items()}


def _handler(
    token: str, session: Callable[[], Session], call: Callable[[Session, Properties], Properties], known: set[str]
) -> Function:
    def handler(arguments: Properties) -> Properties:
        unknown = sorted(set(arguments) - known)
        if unknown:
            raise ProviderError(f"{token}: the sandbox does not model the argument {unknown[0]}")
        with readable_errors(token):
            return call(session(), arguments)

    return handler

# ruff: noqa: A002, A006, ARG001, ARG005 - one signature for all tables; `token` is a type's
"""Amazon S3: settings of a bucket that are resources of their own. The bucket's name is their id."""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.grammars import lifecycles, policies
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.services.s3_bucket import bucket_name
from sandbox.providers.aws.shapes import from_shape
from sandbox.providers.aws.table import Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties

Call = Callable[[Api, str, Properties], Any]
"""Arguments: API, bucket, inputs or state."""


def _setting(
    token: str,
    properties: dict[str, Property],
    *,
    put: Call,
    read: Callable[[Api, str], Properties | None],
    delete: Call,
    checks: tuple[Callable[[Properties], Iterator[Problem]], ...] = (),
    **more: Any,
) -> ResourceType:
    """One setting; to create it is to put it."""

    def create(api: Api, inputs: Properties) -> str:
        put(api, inputs["bucket"], inputs)
        return inputs["bucket"]

    def read_with_bucket(api: Api, id: str, state: Properties) -> Properties | None:
        api.client.head_bucket(Bucket=id)
        live = read(api, id)
        return None if live is None else {"bucket": id, **live}

    return ResourceType(
        token=token,
        service="s3",
        properties={"bucket": Property("PutBucketPolicy.Bucket", required=True, replace=True), **properties},
        create=create,
        read=read_with_bucket,
        delete=delete,
        puts=(Put(tuple(properties), lambda api, id, new, old: put(api, id, new)),),
        checks=checks,
        **more,
    )


def _has_status(inputs: Properties) -> Iterator[Problem]:
    """S3 API Reference, PutBucketVersioning; the real provider asks for it."""
    if inputs["versioningConfiguration"] != UNKNOWN and not (inputs["versioningConfiguration"] or {}).get("status"):
        yield "versioningConfiguration.status", "is required"


def _no_mfa(inputs: Properties) -> Iterator[Problem]:
    """S3 API Reference, PutBucketVersioning: x-amz-mfa, which the sandbox does not model."""
    if (inputs["versioningConfiguration"] or {}).get("mfaDelete") == "Enabled":
        yield "versioningConfiguration.mfaDelete", "AccessDenied: Mfa Authentication must be used for this request"


def _read_versioning(api: Api, id: str) -> Properties | None:
    found = api.client.get_bucket_versioning(Bucket=id)
    return {"versioningConfiguration": {"status": found["Status"]}} if "Status" in found else None


VERSIONING = _setting(
    "aws:s3/bucketVersioning:BucketVersioning",
    {"versioningConfiguration": Property("PutBucketVersioning.VersioningConfiguration", required=True)},
    put=lambda api, id, inputs: api.send("PutBucketVersioning", inputs),
    read=_read_versioning,
    # S3 can't end versioning, the real provider suspends it
    delete=lambda api, id, state: api.client.put_bucket_versioning(Bucket=id, VersioningConfiguration={"Status": "Suspended"}),
    checks=(_has_status, _no_mfa),
)


def _put_encryption(api: Api, id: str, inputs: Properties) -> None:
    api.client.put_bucket_encryption(Bucket=id, ServerSideEncryptionConfiguration={"Rules": api.value("rules", inputs)})


def _key_with_kms(inputs: Properties) -> Iterator[Problem]:
    """S3 API Reference, ServerSideEncryptionByDefault: KMSMasterKeyID."""
    for index, rule in enumerate(inputs["rules"]):
        default = rule.get("applyServerSideEncryptionByDefault") or {}
        if default.get("kmsMasterKeyId") and default.get("sseAlgorithm") == "AES256":
            path = f"rules[{index}].applyServerSideEncryptionByDefault.kmsMasterKeyId"
            yield path, "InvalidArgument: a KMS key can't be given with AES256"


def _read_encryption(api: Api, id: str) -> Properties | None:
    found = if_there(api.client.get_bucket_encryption, Bucket=id).get("ServerSideEncryptionConfiguration")
    return found and {"rules": from_shape(found["Rules"])}


ENCRYPTION = _setting(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    {"rules": Property("PutBucketEncryption.ServerSideEncryptionConfiguration.Rules", required=True)},
    put=_put_encryption,
    read=_read_encryption,
    delete=lambda api, id, state: api.client.delete_bucket_encryption(Bucket=id),
    checks=(_key_with_kms,),
)

BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}


def _put_access_block(api: Api, id: str, inputs: Properties) -> None:
    api.client.put_public_access_block(
        Bucket=id,
        PublicAccessBlockConfiguration={member: inputs.get(name) or False for name, member in BLOCKS.items()},
    )


def _read_access_block(api: Api, id: str) -> Properties | None:
    found = if_there(api.client.get_public_access_block, Bucket=id).get("PublicAccessBlockConfiguration")
    return found and {name: found.get(member, False) for name, member in BLOCKS.items()}


ACCESS_BLOCK = _setting(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    {name: Property(bool, default=False) for name in BLOCKS},
    put=_put_access_block,
    read=_read_access_block,
    delete=lambda api, id, state: None if state.get("skipDestroy") else api.client.delete_public_access_block(Bucket=id),
)


def _put_ownership(api: Api, id: str, inputs: Properties) -> None:
    api.client.put_bucket_ownership_controls(Bucket=id, OwnershipControls={"Rules": [api.value("rule", inputs)]})


def _read_ownership(api: Api, id: str) -> Properties | None:
    found = if_there(api.client.get_bucket_ownership_controls, Bucket=id).get("OwnershipControls")
    return found and {"rule": from_shape(found["Rules"][0])}


OWNERSHIP = _setting(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    {"rule": Property("PutBucketOwnershipControls.OwnershipControls.Rules[]", required=True)},
    put=_put_ownership,
    read=_read_ownership,
    delete=lambda api, id, state: api.client.delete_bucket_ownership_controls(Bucket=id),
)


def _about_this_bucket(inputs: Properties) -> Iterator[Problem]:
    """S3 User Guide, "Policy resources for Amazon S3"."""
    known = UNKNOWN not in (inputs["bucket"], inputs["policy"])
    if known and (arn := policies.elsewhere(inputs["policy"], inputs["bucket"])):
        yield "policy", f"MalformedPolicy: Policy has invalid resource: {arn} is not about {inputs['bucket']}"


def _read_policy(api: Api, id: str) -> Properties | None:
    found = if_there(api.client.get_bucket_policy, Bucket=id).get("Policy")
    return found and {"policy": found}


POLICY = _setting(
    "aws:s3/bucketPolicy:BucketPolicy",
    {"policy": Property("PutBucketPolicy.Policy", required=True, form=same_document, check=policies.problem_of(policies.BUCKET))},
    put=lambda api, id, inputs: api.send("PutBucketPolicy", inputs),
    read=_read_policy,
    delete=lambda api, id, state: api.client.delete_bucket_policy(Bucket=id),
    checks=(_about_this_bucket,),
)


def _put_lifecycle(api: Api, id: str, inputs: Properties) -> None:
    rules = [{"Filter": {"Prefix": ""}} | rule for rule in api.value("rules", inputs)]  # S3 wants a filter
    api.client.put_bucket_lifecycle_configuration(Bucket=id, LifecycleConfiguration={"Rules": rules})


def _read_lifecycle(api: Api, id: str) -> Properties | None:
    found = if_there(api.client.get_bucket_lifecycle_configuration, Bucket=id).get("Rules")
    return found and {"rules": [_with_tag_map(rule) for rule in from_shape(found)]}


def _with_tag_map(rule: Properties) -> Properties:
    """The schema gives the tags of a filter as a map."""
    both = (rule.get("filter") or {}).get("and")
    if both and "tags" in both:
        both["tags"] = {tag["key"]: tag["value"] for tag in both["tags"]}
    return rule


def _lifecycle(inputs: Properties) -> Iterator[Problem]:
    if inputs.get("rules") not in (None, UNKNOWN):
        yield from lifecycles.object_rules(inputs["rules"])


LIFECYCLE = _setting(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    {
        "rules": Property("PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules", required=True),
    },
    put=_put_lifecycle,
    read=_read_lifecycle,
    delete=lambda api, id, state: api.client.delete_bucket_lifecycle(Bucket=id),
    checks=(_lifecycle,),
    filled={"expectedBucketOwner": "", "transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
)


def _put_logging(api: Api, id: str, inputs: Properties) -> None:
    target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
    api.client.put_bucket_logging(Bucket=id, BucketLoggingStatus={"LoggingEnabled": target})


def _read_logging(api: Api, id: str) -> Properties | None:
    found = api.client.get_bucket_logging(Bucket=id).get("LoggingEnabled")
    return found and from_shape(found)


LOGGING = _setting(
    "aws:s3/bucketLogging:BucketLogging",
    {
        "targetBucket": Property(
            "PutBucketLogging.BucketLoggingStatus.LoggingEnabled.TargetBucket", required=True, check=bucket_name
        ),
        "targetPrefix": Property("PutBucketLogging.BucketLoggingStatus.LoggingEnabled.TargetPrefix", required=True),
    },
    put=_put_logging,
    read=_read_logging,
    # There is no call to delete it: S3 turns it off when it gets a status without a target
    delete=lambda api, id, state: api.client.put_bucket_logging(Bucket=id, BucketLoggingStatus={}),
)

KINDS = (VERSIONING, ENCRYPTION, ACCESS_BLOCK, OWNERSHIP, POLICY, LIFECYCLE, LOGGING)

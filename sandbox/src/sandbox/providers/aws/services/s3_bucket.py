# ruff: noqa: A002, ARG001, S106 - one signature for all tables; `token` is a type's
"""Amazon S3: buckets."""

import re
from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.table import Name, Put, ResourceType
from sandbox.providers.values import Properties

NAME = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)(?<!--table-s3)(?<!\.mrap)"
)
"""S3 User Guide, "General purpose bucket naming rules"."""

FIRST_REGION = "us-east-1"
"""The region that CreateBucket wants not to be named."""

WEBSITE_ZONES = {
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
}
"""Region -> zone of its websites (AWS General Reference, "Amazon S3 endpoints and quotas"); those of other regions are not told."""

RULES = ("grants", "lifecycleRules", "logging", "serverSideEncryptionConfiguration", "versioning")
"""Outputs that resources of their own decide on."""

BATCH = 1000
"""DeleteObjects takes no more at once."""


def bucket_name(value: Any) -> str | None:
    """What is wrong with a bucket's name, if anything."""
    if re.fullmatch(r"[0-9.]+", value):
        return "is formatted as an IP address"
    if NAME.fullmatch(value):
        return None
    return "is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends"


def _create(api: Api, inputs: Properties) -> str:
    region = api.session.region
    place = {} if region == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    locked = {"ObjectLockEnabledForBucket": True} if inputs.get("objectLockEnabled") else {}
    api.client.create_bucket(Bucket=inputs["bucket"], **place, **locked)
    return inputs["bucket"]


def _read(api: Api, id: str, state: Properties) -> Properties | None:
    api.client.head_bucket(Bucket=id)
    session = api.session
    return {
        "bucket": id,
        "arn": f"arn:{session.partition}:s3:::{id}",
        "bucketRegion": api.client.get_bucket_location(Bucket=id).get("LocationConstraint") or FIRST_REGION,
        "bucketDomainName": f"{id}.s3.{session.dns_suffix}",
        "bucketRegionalDomainName": f"{id}.s3.{session.region}.{session.dns_suffix}",
        "hostedZoneId": WEBSITE_ZONES.get(session.region),
        "policy": if_there(api.client.get_bucket_policy, Bucket=id).get("Policy", ""),
        **_rules(api, id),
        "tagsAll": tags.from_list(if_there(api.client.get_bucket_tagging, Bucket=id).get("TagSet")),
    }


def _rules(api: Api, id: str) -> Properties:
    """What resources of their own say about it: the real provider's read tells that of the bucket too, by its older properties."""
    client = api.client
    versioning, acl = client.get_bucket_versioning(Bucket=id), client.get_bucket_acl(Bucket=id)
    log = client.get_bucket_logging(Bucket=id).get("LoggingEnabled")
    encryption = if_there(client.get_bucket_encryption, Bucket=id).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    return {
        "versioning": {"enabled": versioning.get("Status") == "Enabled", "mfaDelete": versioning.get("MFADelete") == "Enabled"},
        "logging": log and {"targetBucket": log["TargetBucket"], "targetPrefix": log["TargetPrefix"]},
        "serverSideEncryptionConfiguration": {"rule": _encryption(encryption[0])} if encryption else None,
        "lifecycleRules": [
            _lifecycle_rule(rule) for rule in if_there(client.get_bucket_lifecycle_configuration, Bucket=id).get("Rules", [])
        ],
        "grants": [_grant(each) for each in acl["Grants"]],
    }


def _encryption(rule: Properties) -> Properties:
    default = rule["ApplyServerSideEncryptionByDefault"]
    return {
        "applyServerSideEncryptionByDefault": {
            "kmsMasterKeyId": default.get("KMSMasterKeyID", ""),
            "sseAlgorithm": default["SSEAlgorithm"],
        },
        "bucketKeyEnabled": rule.get("BucketKeyEnabled", False),
    }


def _lifecycle_rule(rule: Properties) -> Properties:
    old, gone = rule.get("NoncurrentVersionExpiration"), rule.get("Expiration")
    where = rule.get("Filter") or {}
    both = where.get("And") or {**where, "Tags": [where["Tag"]] if "Tag" in where else []}
    return {
        "id": rule.get("ID"),
        "enabled": rule["Status"] == "Enabled",
        "prefix": both.get("Prefix", rule.get("Prefix", "")),
        "tags": tags.from_list(both.get("Tags")),
        "abortIncompleteMultipartUploadDays": rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0),
        "expiration": gone and _when(gone),
        "noncurrentVersionExpiration": old and {"days": old["NoncurrentDays"]},
        "transitions": [{**_when(each), "storageClass": each["StorageClass"]} for each in rule.get("Transitions", [])],
        "noncurrentVersionTransitions": [
            {"days": each["NoncurrentDays"], "storageClass": each["StorageClass"]}
            for each in rule.get("NoncurrentVersionTransitions", [])
        ],
    }


def _when(part: Properties) -> Properties:
    date = f"{part['Date']:%Y-%m-%d}" if "Date" in part else ""
    marker = {"expiredObjectDeleteMarker": part["ExpiredObjectDeleteMarker"]} if "ExpiredObjectDeleteMarker" in part else {}
    return {"date": date, "days": part.get("Days", 0), **marker}


def _grant(grant: Properties) -> Properties:
    grantee = grant["Grantee"]
    return {
        "id": grantee.get("ID", ""),
        "permissions": [grant["Permission"]],
        "type": grantee["Type"],
        "uri": grantee.get("URI", ""),
    }


def _put_tags(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new.get("tagsAll"):
        api.client.put_bucket_tagging(Bucket=id, Tagging={"TagSet": tags.as_list(new)})
    else:
        api.client.delete_bucket_tagging(Bucket=id)


def _put_versioning(api: Api, id: str, new: Properties, old: Properties) -> None:
    status = "Enabled" if (new.get("versioning") or {}).get("enabled") else "Suspended"
    api.client.put_bucket_versioning(Bucket=id, VersioningConfiguration={"Status": status})


def _put_own_policy(api: Api, id: str, new: Properties, old: Properties) -> None:
    if new.get("policy"):
        api.client.put_bucket_policy(Bucket=id, Policy=new["policy"])
    else:
        api.client.delete_bucket_policy(Bucket=id)


def delete_versions(api: Api, bucket: str, prefix: str = "", *, only: str | None = None) -> None:
    """Delete all versions and delete markers under a prefix, or of one key only."""
    for page in api.client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        found = [
            {"Key": item["Key"], "VersionId": item["VersionId"]}
            for item in page.get("Versions", []) + page.get("DeleteMarkers", [])
            if only is None or item["Key"] == only
        ]
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            api.client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def _delete(api: Api, id: str, state: Properties) -> None:
    if state.get("forceDestroy"):
        delete_versions(api, id)
    api.client.delete_bucket(Bucket=id)


BUCKET = ResourceType(
    token="aws:s3/bucket:Bucket",
    service="s3",
    properties={
        "bucket": Property("CreateBucket.Bucket", replace=True, check=bucket_name),
        "forceDestroy": Property(bool, default=False, local=True),
    },
    outputs=("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId", "policy", *RULES),
    filled={"accelerationStatus": "", "objectLockEnabled": False, "requestPayer": "BucketOwner"},
    create=_create,
    read=_read,
    delete=_delete,
    puts=(
        Put(("tagsAll",), _put_tags, on_create=True),
        Put(("versioning",), _put_versioning, on_create=True),
        Put(("policy",), _put_own_policy, on_create=True),
    ),
    name=Name(property="bucket", longest=63, lower=True),
    tagged=True,
)

KINDS = (BUCKET,)

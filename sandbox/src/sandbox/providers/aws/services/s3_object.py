# ruff: noqa: A001, A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon S3: objects whose contents come from the program."""

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.services.s3_bucket import delete_versions
from sandbox.providers.aws.shapes import key_id
from sandbox.providers.aws.table import Problem, Put, ResourceType
from sandbox.providers.values import Asset, Properties

MOST_TAGS = 10
"""S3 User Guide, "Categorizing your objects using tags"."""

UPLOADED = (
    "content", "source", "sourceHash", "etag", "contentType", "contentEncoding", "cacheControl", "metadata",
    "serverSideEncryption", "kmsKeyId", "bucketKeyEnabled", "storageClass",
)  # fmt: skip
"""Properties whose change uploads the object again, as in the real provider."""


MORE = {
    "acl": "ACL",
    "contentDisposition": "ContentDisposition",
    "contentLanguage": "ContentLanguage",
    "objectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "objectLockMode": "ObjectLockMode",
    "objectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "websiteRedirect": "WebsiteRedirectLocation",
}
"""What is carried and told AWS."""


def _upload(api: Api, id: str, inputs: Properties) -> None:
    text = base64.b64decode(inputs["contentBase64"]) if inputs.get("contentBase64") else (inputs.get("content") or "").encode()
    body = inputs["source"].read() if inputs.get("source") else text
    arguments = api.arguments("PutObject", inputs) | {member: inputs[name] for name, member in MORE.items() if inputs.get(name)}
    if inputs.get("kmsKeyId"):
        arguments |= {"SSEKMSKeyId": inputs["kmsKeyId"], "ServerSideEncryption": "aws:kms"}
    if inputs.get("tagsAll"):
        arguments["Tagging"] = urlencode(inputs["tagsAll"])
    api.client.put_object(Body=body, **arguments)


def _create(api: Api, inputs: Properties) -> str:
    id = f"{inputs['bucket']}/{inputs['key']}"
    _upload(api, id, inputs)
    return id


def _read(api: Api, id: str, state: Properties) -> Properties | None:
    where = {"Bucket": state["bucket"], "Key": state["key"]}
    head = api.client.head_object(**where)
    return {
        **{name: state[name] for name in ("bucket", "key")},
        "etag": head["ETag"].strip('"'),
        "versionId": head.get("VersionId"),
        "contentType": head.get("ContentType"),
        "contentEncoding": head.get("ContentEncoding"),
        "cacheControl": head.get("CacheControl"),
        "metadata": head.get("Metadata", {}),
        "serverSideEncryption": head.get("ServerSideEncryption"),
        "kmsKeyId": head.get("SSEKMSKeyId"),
        "bucketKeyEnabled": head.get("BucketKeyEnabled", False),
        "storageClass": head.get("StorageClass", "STANDARD"),
        "arn": f"arn:{api.session.partition}:s3:::{id}",
        "tagsAll": tags.from_list(if_there(api.client.get_object_tagging, **where).get("TagSet")),
    }


def _put_tags(api: Api, id: str, new: Properties, old: Properties) -> None:
    api.client.put_object_tagging(Bucket=new["bucket"], Key=new["key"], Tagging={"TagSet": tags.as_list(new)})


METADATA_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
"""Part of a header's name (S3 User Guide, "User-defined object metadata")."""

LONGEST_METADATA = 2048
"""Bytes of names and values together (S3 User Guide, "User-defined object metadata")."""


def _metadata(value: Any) -> str | None:
    if upper := next((name for name in value if name != name.lower()), None):
        return f"has the name {upper!r}: S3 keeps names in lower case"
    for name, text in value.items():
        if not METADATA_NAME.fullmatch(name) or not text.isascii():
            return f"has {name!r}: names are HTTP tokens, and values US-ASCII"
    size = sum(len(f"{name}{text}".encode()) for name, text in value.items())
    return f"has {size} bytes: S3 takes {LONGEST_METADATA}" if size > LONGEST_METADATA else None


def _problems(inputs: Properties) -> Iterator[Problem]:
    if "content" in inputs and "source" in inputs:
        yield "source", "give either content or source"
    if isinstance(inputs.get("tagsAll"), dict) and len(inputs["tagsAll"]) > MOST_TAGS:
        yield "tags", f"has {len(inputs['tagsAll'])} tags with the provider's default tags, S3 allows {MOST_TAGS}"
    if inputs.get("kmsKeyId") and inputs.get("serverSideEncryption") == "AES256":
        yield "serverSideEncryption", "is AES256, but kmsKeyId is set"


OBJECT = ResourceType(
    token="aws:s3/bucketObjectv2:BucketObjectv2",
    service="s3",
    properties={
        "bucket": Property("PutObject.Bucket", required=True, replace=True),
        "key": Property("PutObject.Key", required=True, replace=True),
        "content": Property(str, unread=True),
        "source": Property(Asset, unread=True),
        "sourceHash": Property(str, unread=True),
        "etag": Property(str, kept=True),
        "contentType": Property("PutObject.ContentType", kept=True),
        "contentEncoding": Property("PutObject.ContentEncoding"),
        "cacheControl": Property("PutObject.CacheControl"),
        "metadata": Property("PutObject.Metadata", check=_metadata),
        "serverSideEncryption": Property("PutObject.ServerSideEncryption", kept=True),
        "kmsKeyId": Property("PutObject.SSEKMSKeyId", kept=True, form=key_id),
        "bucketKeyEnabled": Property("PutObject.BucketKeyEnabled", kept=True),
        "storageClass": Property("PutObject.StorageClass", default="STANDARD", kept=True),
    },
    filled={f"checksum{name}": "" for name in ("Crc32", "Crc32c", "Crc64nvme", "Sha1", "Sha256")},
    outputs=("arn", "versionId"),
    create=_create,
    read=_read,
    # all versions, as the real provider deletes the objects of a versioned bucket
    delete=lambda api, id, state: delete_versions(api, state["bucket"], state["key"], only=state["key"]),
    puts=(
        Put((*UPLOADED, *MORE, "contentBase64"), lambda api, id, new, old: _upload(api, id, new), renews=("etag", "versionId")),
        Put(("tagsAll",), _put_tags),
    ),
    tagged=True,
    checks=(_problems,),
)

KINDS = (OBJECT,)

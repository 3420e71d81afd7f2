"""A recorded program whose outputs say where they come from, so that Terraform can put its own values there."""

import re
from collections.abc import Mapping
from typing import Any

from pulumi.runtime import mocks

from tests.unit.recorder import ARNS, OUTPUTS, RecordingMocks

MARK = re.compile(r"zzref\.(\w+)\.([^.\s\"]+)\.([\w\[\]:]+)\.zz")
"""Type, name, and attribute as Terraform spells it (a dot is `:`)."""

WITH_ARN = {
    *ARNS,
    "aws:cloudwatch/eventRule:EventRule",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:iam/policy:Policy",
}
TOLD = {
    "aws:ecr/repository:Repository": {"repositoryUrl": "repository_url"},
    "aws:kms/key:Key": {"keyId": "key_id"},
    "aws:mwaa/environment:Environment": {"webserverUrl": "webserver_url"},
    "aws:route53/zone:Zone": {"zoneId": "zone_id"},
    "aws:s3/bucket:Bucket": {"bucket": "bucket"},
    "aws:s3/bucketObjectv2:BucketObjectv2": {"versionId": "version_id"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"prefixListId": "prefix_list_id"},
}
"""What the program reads of a resource beside its id, name and ARN."""


def word(token: str) -> str:
    """A type as one word."""
    return re.sub(r"[:/]", "_", token)


def label(name: str) -> str:
    """A resource's name as Terraform takes it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"r-{name}")


class Marks(RecordingMocks):
    """Answers with marks instead of values."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, {}
        super().new_resource(args)

        def mark(attribute: str) -> str:
            return f"zzref.{word(args.typ)}.{args.name}.{attribute}.zz"

        state = {**OUTPUTS.get(args.typ, {}), **{mine: mark(theirs) for mine, theirs in TOLD.get(args.typ, {}).items()}}
        if args.typ == "aws:ec2/vpcEndpoint:VpcEndpoint":
            state["dnsEntries"] = [{"dnsName": mark("dns_entry[0]:dns_name"), "hostedZoneId": mark("dns_entry[0]:hosted_zone_id")}]
        if args.typ in WITH_ARN:
            state["arn"] = mark("arn")
        return mark("id"), {"name": mark("name"), **args.inputs, **state}


def referring(text: str, addresses: Mapping[tuple[str, str], str]) -> str:
    """The text with Terraform's references in place of marks: type and name -> its address.

    Raises:
        KeyError: It names a resource that is none of the provider's.
    """

    def reference(found: re.Match[str]) -> str:
        type_, name, attribute = found.groups()
        return f"${{{addresses[type_, name]}.{attribute.replace(':', '.')}}}"

    return MARK.sub(reference, text)

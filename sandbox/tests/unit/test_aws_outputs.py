"""What AWS fills in: everything that the real provider shows of a resource, by pulumi-aws' own SDK."""

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.providers.aws.provider import CATALOGUE
from sandbox.testing import upstream

FACTS: dict[str, dict[str, list[str]]] = json.loads((Path(__file__).parent / "aws_provider_schema.json").read_text())

ENGINES_OWN = {"id", "urn", "pulumi_resource_name", "pulumi_resource_type"}

NAMES_BY_PREFIX = {"bucket_prefix", "name_prefix"}
"""Told of a name only that has the form of one that was made from a prefix."""

REGIONAL = ("auto_provision_zones", "auto_scaling_ips", "regional_nat_gateway_addresses", "regional_nat_gateway_auto_mode")
BUCKET, NAT = "aws:s3/bucket:Bucket", "aws:ec2/natGateway:NatGateway"

SETTLED = {
    **{(NAT, name): "of regional NAT gateways" for name in (*REGIONAL, "route_table_id")},
    ("aws:route53/record:Record", "allow_overwrite"): "what the program says, or nothing",
    (BUCKET, "acl"): "what the program says, or nothing",
    (BUCKET, "website_domain"): "of websites",
    (BUCKET, "website_endpoint"): "of websites",
    ("aws:s3/bucketObjectv2:BucketObjectv2", "acl"): "what the program says, or nothing",
}
"""Outputs that are not there, and why they may not be."""

TYPES = {"Sequence": list, "Mapping": dict, "bool": bool, "int": int, "float": float, "str": str, "outputs": dict}
"""Mark in an annotation of the SDK -> what the value must be; the first one that is there."""


def sdk(token: str) -> Any:
    """The class of a type in pulumi-aws."""
    module, _, name = token.removeprefix("aws:").partition("/")
    return getattr(importlib.import_module(f"pulumi_aws.{module}"), name.partition(":")[2])


def shown(token: str) -> dict[str, type]:
    """Output -> its type, of what the SDK shows besides the program's own inputs: computed, also where it might be given."""
    given = set(inspect.signature(sdk(token)._internal_init).parameters)
    computed = {name.replace("_", "") for name in FACTS.get(upstream_type(token), {}).get("optional_computed", [])}
    found = {}
    for name, getter in inspect.getmembers(sdk(token), lambda each: isinstance(each, property)):
        filled = {plain(name), plain(name).rstrip("s")} & computed and name not in NAMES_BY_PREFIX
        if name not in ENGINES_OWN and (name not in given or filled):
            annotation = str(inspect.signature(getter.fget).return_annotation)
            found[name] = next(kind for mark, kind in TYPES.items() if mark in annotation)
    return found


def upstream_type(token: str) -> str:
    try:
        return upstream.resource_type(token, FACTS)
    except StopIteration:
        return ""


def plain(name: str) -> str:
    return name.replace("_", "").lower()


@pytest.mark.parametrize("token", CATALOGUE)
def test_what_the_provider_shows_is_shown(token):
    """A program that reads `main_route_table_id` must get what it gets in AWS."""
    kind = CATALOGUE[token]
    ours = {plain(name) for name in (*kind.outputs, *kind.filled, *kind.properties, "tags", "tagsAll", "region")}

    missing = [name for name in shown(token) if plain(name) not in ours and (token, name) not in SETTLED]

    assert missing == []


@pytest.mark.parametrize("token", CATALOGUE)
def test_what_never_changes_has_the_type_of_the_sdk(token):
    """`filled` is of AWS's features that are not modelled; a text where a number belongs breaks the program that reads it."""
    types = {plain(name): kind for name, kind in shown(token).items()}

    wrong = {name: value for name, value in CATALOGUE[token].filled.items() if not isinstance(value, types[plain(name)])}

    assert wrong == {}

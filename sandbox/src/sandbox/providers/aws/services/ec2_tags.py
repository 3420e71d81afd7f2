# ruff: noqa: A002 - one signature for all tables; `token` is a type's
"""Tags as Amazon EC2 takes them, for every kind of resource alike."""

from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.values import Properties


def specification(resource: str, inputs: Properties) -> list[dict[str, Any]]:
    """`TagSpecifications` of a create call."""
    pairs = tags.as_list(inputs)
    return [{"ResourceType": resource, "Tags": pairs}] if pairs else []


def _add(api: Api, id: str, inputs: Properties) -> None:
    api.session.client("ec2").create_tags(Resources=[id], Tags=tags.as_list(inputs))


def _remove(api: Api, id: str, names: list[str]) -> None:
    api.session.client("ec2").delete_tags(Resources=[id], Tags=[{"Key": name} for name in names])


PUT = tags.put_tags(_add, _remove)

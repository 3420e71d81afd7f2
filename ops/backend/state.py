"""A stack's state, as `pulumi stack export` prints it."""

from collections.abc import Mapping
from typing import Any

State = Mapping[str, Any]
"""Whole; secrets are encrypted in it."""


def resources(state: State) -> list[dict[str, Any]]:
    """The resources in a stack's state."""
    return (state.get("deployment") or {}).get("resources") or []


def pending(state: State) -> list[dict[str, Any]]:
    """Operations that began and were never reported as finished."""
    return (state.get("deployment") or {}).get("pending_operations") or []


def region(state: State) -> str | None:
    """Where the stack is, as its AWS provider says; None before the first deployment."""
    providers = [resource for resource in resources(state) if resource["type"] == "pulumi:providers:aws"]
    return next((provider["inputs"]["region"] for provider in providers if "region" in provider.get("inputs", {})), None)


def protected(state: State) -> list[str]:
    """URNs of what `pulumi destroy` must not delete in the cloud."""
    return [resource["urn"] for resource in resources(state) if resource.get("protect") and resource.get("custom")]

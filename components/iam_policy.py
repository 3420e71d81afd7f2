"""IAM policy documents: typed statements, rendered to JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.account import Account
from components.documents import as_json

Conditions = Mapping[str, Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]]]
"""Operator to condition key to value: `{"Bool": {"aws:SecureTransport": "false"}}`."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy."""

    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]]
    conditions: Conditions | None = None
    principals: Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]] | Literal["*"] | None = None
    """Who, in a policy that is attached to a resource (`{"Service": "logs.eu-west-1.amazonaws.com"}`)."""
    effect: Literal["Allow", "Deny"] = "Allow"
    sid: str | None = None
    """SNS wants one of each statement; elsewhere nobody needs it."""

    def render(self) -> dict[str, object]:
        """The statement as IAM spells it."""
        optional = {"Sid": self.sid, "Principal": self.principals, "Condition": self.conditions}
        return {
            "Effect": self.effect,
            "Action": list(self.actions),
            "Resource": list(self.resources),
            **{key: value for key, value in optional.items() if value is not None},
        }


def document(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """A policy document as JSON."""
    return as_json({"Version": "2012-10-17", "Statement": [statement.render() for statement in statements]})


def trust(account: Account, services: Sequence[str]) -> pulumi.Output[str]:
    """Who may assume a role: these services, and only on behalf of this account (IAM, "The confused deputy problem")."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account.id}},
    }
    return as_json({"Version": "2012-10-17", "Statement": [statement]})


def tls_only(resources: Sequence[pulumi.Input[str]], actions: Sequence[str]) -> Statement:
    """Refuse these actions to everybody whose request is not encrypted in transit."""
    return Statement(
        effect="Deny",
        principals="*",
        actions=actions,
        resources=resources,
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )

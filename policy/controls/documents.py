"""IAM policy documents, whether of an identity, of a resource or of a role's trust."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .resource import at, parsed

CALLER_KEYS = frozenset(
    {
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalOrgID",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "kms:CallerAccount",
    }
)
"""Condition keys that narrow "everybody" down (Amazon S3, "The meaning of public"; AWS KMS, "KMS.5")."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. Elements that are written as a single value are lists of one here."""

    number: int
    """Position in the document, for messages."""
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    inverted: bool
    """Says which actions or resources are not meant."""
    principals: Mapping[str, tuple[str, ...]]
    """Kind (`AWS`, `Service`, `Federated`) to names; `"Principal": "*"` and any NotPrincipal are AWS: *."""
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Operator to condition key to values."""

    @property
    def condition_keys(self) -> frozenset[str]:
        return frozenset(key for keys in self.conditions.values() for key in keys)

    @property
    def label(self) -> str:
        """Where it is, as messages say it."""
        return f"Statement[{self.number}]"

    @property
    def for_everybody(self) -> bool:
        """Allows anybody in the world, without a condition on who they are."""
        names = {name for names in self.principals.values() for name in names}
        return self.effect == "Allow" and "*" in names and self.condition_keys.isdisjoint(CALLER_KEYS)


def statements(document: Any) -> list[Statement]:
    """All statements of a document, given as JSON or as an object; none while it is unknown."""
    written = at(parsed(document), "Statement")
    listed = [written] if isinstance(written, Mapping) else written if isinstance(written, list) else []
    return [_statement(number, entry) for number, entry in enumerate(listed) if isinstance(entry, Mapping)]


def allowed(document: Any) -> Iterator[Statement]:
    """The statements that allow something."""
    return (statement for statement in statements(document) if statement.effect == "Allow")


def refuses_plain_http(document: Any) -> bool:
    """Has a statement that denies everybody who comes without TLS."""
    return any(
        statement.effect == "Deny"
        and "*" in statement.principals.get("AWS", ())
        and "false" in statement.conditions.get("Bool", {}).get("aws:SecureTransport", ())
        for statement in statements(document)
    )


def _statement(number: int, entry: Mapping[str, Any]) -> Statement:
    principal = "*" if "NotPrincipal" in entry else entry.get("Principal", {})
    principals = principal if isinstance(principal, Mapping) else {"AWS": principal}
    return Statement(
        number=number,
        effect=str(entry.get("Effect")),
        actions=_texts(entry.get("Action", entry.get("NotAction"))),
        resources=_texts(entry.get("Resource", entry.get("NotResource"))),
        inverted=not entry.keys().isdisjoint({"NotAction", "NotResource"}),
        principals={kind: _texts(names) for kind, names in principals.items()},
        conditions={
            operator: {key: _texts(values) for key, values in keys.items()}
            for operator, keys in (entry.get("Condition") or {}).items()
            if isinstance(keys, Mapping)
        },
    )


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(text).lower() if isinstance(text, bool) else text for text in values if isinstance(text, str | bool))

"""IAM's decision for one request, for tables of what a policy allows (AWS IAM, "Policy evaluation logic")."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Context = Mapping[str, str]


def allows(statements: Iterable[Mapping[str, Any]], action: str, resource: str = "*", context: Context | None = None) -> bool:
    """Does one statement allow the request, and none deny it?"""
    effects = [each["Effect"] for each in statements if _applies(each, action, resource, context or {})]
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        any(_like(pattern, action) for pattern in _listed(statement["Action"]))
        and any(_like(pattern, resource) for pattern in _listed(statement.get("Resource", "*")))
        and all(
            any(_compare(operator, wanted, context.get(key)) for wanted in _listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _compare(operator: str, wanted: str, value: str | None) -> bool:
    if operator == "Null":
        return (value is None) == (wanted == "true")
    if value is None:
        return operator.startswith("ForAllValues:")
    match operator.removeprefix("ForAllValues:"):
        case "StringEquals" | "Bool":
            return value == wanted
        case "StringLike" | "ArnLike" | "ArnEquals":  # of ARNs "identical in behavior" (IAM, "ARN condition operators")
            return _like(wanted, value)
    raise NotImplementedError(operator)


def _like(pattern: str, value: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value) is not None


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value

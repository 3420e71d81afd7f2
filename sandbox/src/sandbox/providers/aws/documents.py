"""JSON documents in properties: policies of IAM and of resources."""

import json
from collections.abc import Iterator
from typing import Any

VERSIONS = ("2012-10-17", "2008-10-17")
STATEMENT_KEYS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
"""IAM User Guide, "IAM JSON policy elements reference"."""


def json_problem(value: Any) -> str | None:
    """What is wrong with a JSON text, if anything."""
    try:
        json.loads(value)
    except (TypeError, ValueError) as error:
        return f"is not JSON: {error}"
    return None


def identity_policy(value: Any) -> str | None:
    """What is wrong with a policy of a role."""
    return _policy_problem(value, principal=False, resource=True)


def resource_policy(value: Any) -> str | None:
    """What is wrong with a policy of a bucket, key, secret or topic."""
    return _policy_problem(value, principal=True, resource=True)


def trust_policy(value: Any) -> str | None:
    """What is wrong with an assume-role policy."""
    return _policy_problem(value, principal=True, resource=False)


def repository_policy(value: Any) -> str | None:
    """What is wrong with a policy of an ECR repository: its statements concern that repository, and name none."""
    return _policy_problem(value, principal=True, resource=False)


def same_document(text: Any) -> Any:
    """Form of a JSON document: layout, order of texts in a list, and a list of one mean nothing to IAM."""
    if not isinstance(text, str):
        return text
    try:
        return _plain(json.loads(text))
    except ValueError:
        return text


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case [single]:
            return _plain(single)
        case list() if all(isinstance(item, str) for item in value):
            return sorted(value)
        case list():
            return [_plain(item) for item in value]
    return value


def _policy_problem(value: Any, *, principal: bool, resource: bool) -> str | None:
    problem = json_problem(value)
    if problem:
        return problem
    document = json.loads(value)
    if not isinstance(document, dict):
        return "is not a policy document: it must be a JSON object with Version and Statement"
    if document.get("Version") not in VERSIONS:
        return f"has the Version {document.get('Version')!r}; AWS knows {' and '.join(VERSIONS)}"
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        return "has no Statement"
    problems = (
        f"Statement[{index}] {problem}"
        for index, statement in enumerate(statements)
        for problem in _statement_problems(statement, principal=principal, resource=resource)
    )
    return next(problems, None)


def _statement_problems(statement: Any, *, principal: bool, resource: bool) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "is not an object"
        return
    for name in sorted(set(statement) - STATEMENT_KEYS):
        yield f"has the unknown element {name!r}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"has the Effect {statement.get('Effect')!r}; AWS knows Allow and Deny"
    for name, wanted in (("Action", True), ("Resource", resource), ("Principal", principal)):
        present = [key for key in (name, f"Not{name}") if key in statement]
        if wanted and len(present) != 1:
            yield f"must have either {name} or Not{name}"
        if not wanted and present:
            yield f"must not have {present[0]} in this kind of policy"

"""The models that a merge request built, as dbt's manifests have them, and what each says of its key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNIQUE = {"unique": "column_name", "unique_combination_of_columns": "combination_of_columns"}
"""Tests by which a model names its key, dbt's own and dbt_utils', and the argument that holds it."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that was built."""

    name: str
    before: str | None
    """Relation of the stack, as dbt renders it; None: the model is new."""
    after: str
    """Relation of the merge request."""
    keys: Sequence[tuple[str, ...]] = ()
    """Columns that are said to be unique together, the most certain first."""


def models(built: Iterable[str], manifest: Mapping[str, Any], state: Mapping[str, Any]) -> list[Model]:
    """Those of the built nodes that lie in the warehouse, with what the stack has of each.

    Args:
        built: Ids of nodes.
        manifest: dbt's, of the merge request.
        state: dbt's, of the stack's last run.
    """
    found = [manifest["nodes"][node] for node in sorted(built) if node in manifest["nodes"]]
    return [
        Model(
            name=node["name"],
            before=state["nodes"].get(node["unique_id"], {}).get("relation_name"),
            after=node["relation_name"],
            keys=keys(node, manifest),
        )
        for node in found
        if node["resource_type"] == "model" and node.get("relation_name")
    ]


def keys(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What the model says of its key: a primary key's constraint, `unique_key`, then its tests, one column before several."""
    constraints = [constraint for constraint in node.get("constraints") or () if constraint["type"] == "primary_key"]
    columns = [
        (column["name"],)
        for column in node["columns"].values()
        if any(constraint["type"] == "primary_key" for constraint in column.get("constraints") or ())
    ]
    configured = _tuple(node["config"].get("unique_key"))
    found = [*(tuple(constraint["columns"]) for constraint in constraints), *columns, configured, *_tested(node, manifest)]
    return [key for key in dict.fromkeys(found) if key]


def _tested(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[tuple[str, ...]]:
    tests = [test for test in manifest["nodes"].values() if test.get("attached_node") == node["unique_id"]]
    named = [test["test_metadata"] for test in tests if (test.get("test_metadata") or {}).get("name") in UNIQUE]
    return sorted((_tuple(test["kwargs"].get(UNIQUE[test["name"]])) for test in named), key=len)


def _tuple(names: str | Sequence[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())

"""`built.json`: how each node was when it last succeeded, for the runs that build only what is new (`runner.news`)."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from runner.artifacts import Artifacts
from runner.code import Code

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Built:
    """A node's last success."""

    code: Code
    at: str
    """When it began, ISO 8601: the version of what it made."""
    read: Mapping[str, str]
    """Id of what it read directly: the version of that; what has no known one is missing."""


class BuiltNodes:
    """The file; read once in a run."""

    def __init__(self, artifacts: Artifacts, name: str) -> None:
        self._artifacts = artifacts
        self._name = name

    @cached_property
    def nodes(self) -> dict[str, Built]:
        """By node id; nothing where there is no file, or one of another version."""
        page = json.loads(self._artifacts.get_shared(self._name) or b"{}")
        if page.get("schemaVersion") != SCHEMA_VERSION:
            return {}
        return {node_id: Built(**{**kept, "code": Code(**kept["code"])}) for node_id, kept in page["nodes"].items()}

    def update(self, built: Mapping[str, Built], failed: Iterable[str], existing: Collection[str]) -> None:
        """Store these, without what failed and what the project has no more."""
        gone = self.nodes.keys() - existing | set(failed)
        self.nodes.update(built)
        for node_id in gone:
            self.nodes.pop(node_id, None)
        page = {"schemaVersion": SCHEMA_VERSION, "nodes": {node_id: asdict(node) for node_id, node in self.nodes.items()}}
        self._artifacts.put_shared(self._name, json.dumps(page))

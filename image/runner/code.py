"""What a node is made of: built again, it comes out the same unless that, or what it reads, is another than it was.

dbt's `state:modified` compares files as they are written (dbt documentation, "Node selector methods"). Here a file that differs
counts once what dbt makes of it differs too, by tokens of Snowflake's SQL or Python's syntax tree: a comment, a line break, a
macro that was put another way change nothing; a variable that goes into the SQL does.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

COMPILED = ("model", "snapshot", "test")
"""Kinds of nodes that dbt compiles; of the others the file is all there is."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """Hashes, so that what is kept of a node stays small and shows no secret."""

    settings: str
    """Of its configuration, its place, its contract, and of what of its descriptions goes to the warehouse."""
    source: str
    """Of its file, and of the macros and variables that may go into it."""
    meaning: str = ""
    """Of what dbt made of it, without comments and white space; nothing: it was not compiled."""


def code(node: Any, manifest: Any, variables: str) -> Code:
    """Of a node of dbt's manifest, as it was parsed with these variables (YAML)."""
    config, persisted = node.config, _get(node.config, "persist_docs") or {}
    columns: Mapping[str, Any] = getattr(node, "columns", None) or {}
    settings = [
        _compared(config),
        getattr(node, "relation_name", None),
        str(getattr(node, "language", "")),
        _get(getattr(node, "contract", None), "checksum"),
        node.description if persisted.get("relation") else "",
        [[name, column.description] for name, column in columns.items()] if persisted.get("columns") else [],
    ]
    macros = [manifest.macros[name].macro_sql for name in sorted(_macros(node.depends_on.macros, manifest))]
    metadata = getattr(node, "test_metadata", None)
    source = [
        _content(node),
        metadata and metadata.to_dict(),
        sorted(node.depends_on_nodes),
        macros,
        variables,
        sorted(manifest.env_vars.items()),
    ]
    return Code(settings=_hash(settings), source=_hash(source))


def meaning(compiled: str, *, python: bool = False) -> str:
    """Of compiled code; what can't be read counts letter by letter."""
    return _hash(_syntax(compiled) if python else _tokens(compiled))


def _tokens(sql: str) -> Any:
    from sqlglot.dialects.snowflake import Snowflake  # noqa: PLC0415 - a third of a second, for runs that leave something out
    from sqlglot.errors import TokenError  # noqa: PLC0415

    try:
        return [(token.token_type.name, token.text) for token in Snowflake().tokenize(sql)]
    except TokenError:
        return sql


def _syntax(python: str) -> str:
    try:
        return ast.dump(ast.parse(python))
    except SyntaxError:
        return python


def _content(node: Any) -> str:
    """Of a seed dbt has its hash; unless it is larger than a megabyte: of that, only where it is."""
    checksum = getattr(node, "checksum", None)
    if node.resource_type == "seed" and _get(checksum, "name") == "path":
        with Path(node.root_path or "", node.original_file_path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if node.resource_type in {"seed", "unit_test"}:
        return str(_get(checksum, "checksum") or checksum)
    return node.raw_code


def _compared(config: Any) -> dict[str, Any]:
    """What dbt itself compares of a configuration, with the values that it has now."""
    from dbt_common.contracts.config.base import CompareBehavior  # noqa: PLC0415 - comes with dbt, which is imported late

    left_out = {field.name for field in fields_of(config) if not CompareBehavior.should_include(field)}
    return {name: value for name, value in config.to_dict(omit_none=True).items() if name not in left_out}


def _macros(names: Iterable[str], manifest: Any) -> set[str]:
    """These, and the ones that they call."""
    found: set[str] = set()
    open_ones = list(names)
    while open_ones:
        name = open_ones.pop()
        if name not in found and name in manifest.macros:
            found.add(name)
            open_ones += manifest.macros[name].depends_on.macros
    return found


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode(errors="backslashreplace")).hexdigest()[:20]

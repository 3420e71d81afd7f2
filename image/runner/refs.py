"""Models of other projects that a project reads: `ref('project', 'model')`, where its `dependencies.yml` names the project.

dbt's own platform knows them by itself; dbt-core asks plugins (dbt_refs.py). Here they come from the manifest of the last success
of the workstream that runs the other project. Only what is `access: public` there may be read.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from .project import QUOTE, matches, place

DEPENDENCIES = "dependencies.yml"
MANIFEST = "state/manifest.json"
"""Of a workstream, below its prefix in the artifacts bucket."""

_REF = re.compile(
    rf"\bref\(\s*{QUOTE}(?P<project>\w+){QUOTE}\s*,\s*{QUOTE}(?P<model>[\w.]+){QUOTE}"
    rf"(?:\s*,\s*v(?:ersion)?\s*=\s*{QUOTE}?(?P<version>[\w.]+){QUOTE}?)?\s*\)"
)

Model = dict[str, Any]
"""What dbt's plugins are asked for: name, package_name, identifier, schema, database, relation_name, version, latest_version."""

Asked = dict[tuple[str, str, str], str]
"""Project, model and version (or nothing), and the first file and line."""


def named(project: Path) -> list[str]:
    """The projects that `dependencies.yml` names (dbt, "Project dependencies")."""
    file = project / DEPENDENCIES
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    except yaml.YAMLError:
        return []  # dbt says what is wrong
    entries = content.get("projects") if isinstance(content, dict) else None
    return [str(entry["name"]) for entry in entries or [] if isinstance(entry, dict) and "name" in entry]


def asked(project: Path) -> Asked:
    """The models of other projects that it names."""
    found: Asked = {}
    others = named(project)
    for path, text, ref in matches(project, _REF) if others else ():
        if ref["project"] in others:
            found.setdefault((ref["project"], ref["model"], ref["version"] or ""), place(project, path, text, ref.start()))
    return found


def placeholders(project: Path) -> list[Model]:
    """Stand-ins for what it names, to read it without the others' manifests: while its image is built, and in a check."""
    return [
        {
            "name": model,
            "package_name": other,
            "identifier": model,
            "schema": "placeholder",
            "database": "placeholder",
            **({"version": version, "latest_version": version} if version else {}),
        }
        for other, model, version in asked(project)
    ]


def models(project: Path, manifests: Mapping[str, bytes | None], run: Callable[[str], str]) -> list[Model]:
    """All public models of the projects that it names.

    Args:
        project: Folder of the project.
        manifests: Of each other project: its manifest, or None if there is none.
        run: What makes the manifest of a project.

    Raises:
        ValueError: something that it reads is not there, or may not be read, with place and fix.
    """
    known = {other: json.loads(manifest) for other, manifest in manifests.items() if manifest}
    problems = list(_problems(project, known, run))
    if problems:
        raise ValueError("\n".join(problems))
    return [_model(node) for other, manifest in known.items() for node in _nodes(manifest, other) if not _refusal(node)]


def _problems(project: Path, known: Mapping[str, Any], run: Callable[[str], str]) -> Iterator[str]:
    for (other, model, version), where in asked(project).items():
        what = f"{where}: {other}.{model}{f' (version {version})' if version else ''}"
        if other not in known:
            yield f"{what} can't be read: no run of the project {other} has succeeded yet. First: {run(other)}"
            continue
        nodes = [node for node in _nodes(known[other], other) if node["name"] == model]
        found = [node for node in nodes if not version or str(node.get("version")) == version]
        if not found:
            disabled = any(f"model.{other}.{model}" == unique_id for unique_id in known[other].get("disabled", {}))
            public = sorted({node["name"] for node in _nodes(known[other], other) if not _refusal(node)})
            yield f"{what} is {'disabled' if disabled else 'no model'} there. Public ones: {', '.join(public) or 'none'}"
        elif refusal := _refusal(found[0]):
            yield f"{what} {refusal}"


def _nodes(manifest: Mapping[str, Any], other: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if (node["resource_type"], node["package_name"]) == ("model", other)]


def _refusal(node: Mapping[str, Any]) -> str:
    """Why a model may not be read from elsewhere, or nothing."""
    access = node.get("access") or node["config"].get("access")
    if access != "public":
        return f"is {access or 'protected'}, and only `access: public` is for other projects: its owner can say so in its YAML"
    return "is ephemeral: there is no table to read" if node["config"].get("materialized") == "ephemeral" else ""


def _model(node: Mapping[str, Any]) -> Model:
    fields = ("name", "package_name", "schema", "database", "relation_name", "version", "latest_version")
    return {"identifier": node["alias"], **{field: node.get(field) for field in fields}}

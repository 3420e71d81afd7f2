"""The entry to the catalogue: dbt's documentation of every workstream, and what flows from one workstream to another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from runner.dbt import same
from runner.markup import chip, link, page, section, table

from ops.stack import Workstream


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a workstream builds and reads, as its last full success left it."""

    workstream: Workstream
    models: Mapping[str, str]
    """Relation: name of the model, seed or snapshot that makes it."""
    sources: Mapping[str, str]
    """Relation: name of the source that reads it."""
    exposures: Sequence[str]
    """Names of what people look at."""
    refs: Mapping[str, str] = field(default_factory=dict)
    """Relation: name of a model that its own read by `ref`, and that it does not build."""

    @classmethod
    def of(cls, workstream: Workstream, manifest: Mapping[str, Any], covered: Collection[str]) -> "Entry":
        """Of dbt's manifest; empty before the first success. Projects may hold more than the workstream builds: that is left out.

        Args:
            workstream: Whose.
            manifest: `state/manifest.json`.
            covered: `state/nodes.json`.
        """
        nodes: Mapping[str, Mapping[str, Any]] = manifest.get("nodes", {})
        own = {key for key in nodes if key in covered and _own(workstream, nodes[key])}
        built = [nodes[key] for key in own if nodes[key].get("relation_name")]
        above = {parent for key in own for parent in _parents(nodes[key])}
        foreign = [nodes[key] for key in above & nodes.keys() - own]
        return cls(
            workstream=workstream,
            models={same(node["relation_name"]): node["name"] for node in built if node["resource_type"] != "test"},
            sources={
                same(source["relation_name"]): f"{source['source_name']}.{source['name']}"
                for key, source in manifest.get("sources", {}).items()
                if key in above and source.get("relation_name")
            },
            exposures=[
                exposure["name"] for exposure in manifest.get("exposures", {}).values() if not own.isdisjoint(_parents(exposure))
            ],
            refs={same(node["relation_name"]): node["name"] for node in foreign if node.get("relation_name")},
        )


def _parents(node: Mapping[str, Any]) -> Sequence[str]:
    return node.get("depends_on", {}).get("nodes", ())


def _own(workstream: Workstream, node: Mapping[str, Any]) -> bool:
    """Whether it lies in the workstream's schema, or in one that begins with its name, as dbt's custom schemas do."""
    schema = (node.get("schema") or "").upper()
    return not workstream.schema or schema == workstream.schema.upper() or schema.startswith(f"{workstream.schema.upper()}_")


def catalogue(name: str, entries: Sequence[Entry], docs: Mapping[str, str | None]) -> str:
    """The page.

    Args:
        name: Of the platform.
        entries: Of all workstreams.
        docs: Workstream: address of dbt's documentation, relative to the page; None: nobody has made it yet.
    """
    rows = [
        (
            _documentation(entry.workstream.name, docs[entry.workstream.name]),
            escape(entry.workstream.owner),
            str(len(entry.models)),
            str(len(entry.sources)),
            escape(", ".join(entry.exposures)),
        )
        for entry in entries
    ]
    heads = ("workstream", "~owner", "#models", "#sources", "~exposures")
    head = f'<header class="good"><h1>{escape(name)}: catalogue</h1><p><a href="index.html">All workstreams</a></p></header>'
    return page(f"{name}: catalogue", head + section("dbt's documentation", table(heads, rows, "Workstreams")) + _lineage(entries))


def _documentation(workstream: str, address: str | None) -> str:
    if address:
        return link(workstream, address)
    return f"{escape(workstream)}<br>{chip('none yet', 'idle')} <code>ops docs {escape(workstream)}</code>"


def _lineage(entries: Sequence[Entry]) -> str:
    rows = [
        (
            escape(maker.workstream.name),
            escape(reader.workstream.name),
            escape(source),
            f"<code>{escape(maker.models[relation])}</code>",
        )
        for maker in entries
        for reader in entries
        if reader is not maker
        for relation, source in sorted({**reader.refs, **reader.sources}.items())
        if relation in maker.models
    ]
    waits = [
        (escape(upstream), escape(entry.workstream.name), "", "<i>all its marts</i>: starts when they are refreshed")
        for entry in entries
        for upstream in entry.workstream.after
        if upstream in {other.workstream.name for other in entries}
    ]
    content = table(("from", "to", "~read as", "model"), [*waits, *rows], "Lineage across workstreams")
    return section(
        "Lineage across workstreams", content if waits or rows else "<p>No workstream reads what another one builds.</p>"
    )

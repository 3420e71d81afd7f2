"""`ops projects`: dbt projects in Git repositories of their own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ops.context import examples, messages
from ops.errors import OpsError
from ops.explained import Whole
from projects import git, pins
from settings.project import REPOSITORY

app = typer.Typer(cls=Whole, no_args_is_help=True, help="dbt projects in Git repositories of their own.")


@app.callback()
def group() -> None:
    """Keeps `pin` a verb of its own."""


@app.command(epilog=examples("projects pin", "projects pin sales --json"))
def pin(
    workstreams: Annotated[
        list[str] | None, typer.Argument(metavar="WORKSTREAM", help="Whose projects to move; without one, those of all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the pins as JSON: address, ref, commit.")] = False,
) -> None:
    """Pin the commits that the branches and tags of Git projects stand for now, in projects.lock.yaml: commit that file.

    It reads every stack file beside Pulumi.yaml and asks Git; nothing is deployed.
    """
    wanted = dict.fromkeys(_wanted(REPOSITORY, workstreams or []))
    if not wanted:
        raise OpsError(
            "No project in Git has a branch or a tag to pin.", "A commit as `ref` needs no pin; see docs/bring-your-project.md."
        )
    known = pins.read(REPOSITORY)
    moved = {address: dict(refs) for address, refs in known.items()}
    for address, ref in wanted:
        try:
            moved.setdefault(address, {})[ref] = git.resolve(address, ref)
        except ValueError as error:
            raise OpsError(f"{error}.", "Correct `project` in the stack file, or mend the access.") from None
        before, now = known.get(address, {}).get(ref), moved[address][ref]
        messages.print(f"{git.shown(address)} {ref}: {now if before in (None, now) else f'{before} -> {now}'}")
    pins.write(REPOSITORY, moved)
    if as_json:
        typer.echo(json.dumps({git.shown(address): refs for address, refs in moved.items()}))


def _wanted(folder: Path, workstreams: list[str]) -> Iterator[tuple[str, str]]:
    """Address and ref of what has to be pinned; the stack files can't be read as settings before it is."""
    for file in sorted(folder.glob("Pulumi.*.yaml")):
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        for name, each in (content.get("config", {}).get("dbt-platform:workstreams") or {}).items():
            project = each.get("project")
            if isinstance(project, dict) and not git.COMMIT.fullmatch(str(project.get("ref"))) and name in (workstreams or [name]):
                yield str(project.get("git")), str(project.get("ref"))

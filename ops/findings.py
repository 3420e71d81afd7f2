"""What checks find, and how it is shown: `ops doctor` and `ops preflight`."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.errors import OpsError, from_aws


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    check: str
    ok: bool
    detail: str
    fix: str = ""


Check = Callable[[], Iterable[Finding]]


def at_once(pool: Executor, checks: Iterable[tuple[str, Check]]) -> list[tuple[str, Check]]:
    """The same checks, which the pool makes from now on, and which give what it found."""
    return [(name, pool.submit(lambda check=check: list(check())).result) for name, check in checks]


def report(checks: Iterable[tuple[str, Check]], *, as_json: bool) -> None:
    """Makes the checks and shows what they found. Exit code 1 if one failed."""
    findings = [finding for name, check in checks for finding in _tried(name, check)]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        Console().print(_table(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _tried(name: str, check: Check) -> Iterator[Finding]:
    """A check that can't be made has failed too, and does not keep the others from being made."""
    try:
        yield from check()
    except OpsError as error:
        yield Finding(check=name, ok=False, detail=error.problem, fix=error.fix)
    except (BotoCoreError, ClientError) as error:
        problem = from_aws(error)
        yield Finding(check=name, ok=False, detail=problem.problem, fix=problem.fix)


def _table(findings: list[Finding]) -> Table:
    table = Table("check", "", "found", "fix")
    for finding in findings:
        mark = "[green]ok[/green]" if finding.ok else "[red]failed[/red]"
        table.add_row(escape(finding.check), mark, escape(finding.detail), escape(finding.fix))
    return table

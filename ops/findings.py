"""What checks find, and how it is shown: `ops doctor` and `ops preflight`."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from ops.context import here, results
from ops.errors import OpsError, from_aws


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    check: str
    ok: bool
    detail: str
    fix: str = ""


NAMED = 3
"""Checks that are named where many fail for one reason; `--json` has all."""

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
        for finding in _together(findings):
            results.print(_line(finding))
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


def _together(findings: Iterable[Finding]) -> Iterator[Finding]:
    """What fails for the same reason once: without credentials, or a network, that is every check."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for number, finding in enumerate(findings):
        reason = (str(number), "") if finding.ok else (finding.detail, finding.fix)
        alike.setdefault(reason, []).append(finding)
    for same in alike.values():
        names = ", ".join(finding.check for finding in same[:NAMED])
        more = f" and {len(same) - NAMED} more" if len(same) > NAMED else ""
        yield replace(same[0], check=names + more)


def _line(finding: Finding) -> str:
    mark = "[green]ok[/green]    " if finding.ok else "[red]failed[/red]"
    fix = f"\n        [bold]What to do:[/bold] {escape(here(finding.fix))}" if finding.fix else ""
    return f"{mark}  {escape(finding.check)}: {escape(finding.detail)}{fix}"

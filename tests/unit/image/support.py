"""A run that never was, for tests of what is said about runs."""

import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from runner.commands import BUILD
from runner.environment import Environment, read
from runner.freshness import SourceAge
from runner.outcome import ExitCode
from runner.phases import Phase
from runner.progress import Node, Progress, Result
from runner.steps import Step
from runner.summary import Summary

VARIABLES = {
    "PLATFORM": "dbt-platform-test",
    "WORKSTREAM": "sales",
    "ARTIFACTS_URI": "s3://artifacts/sales",
    "DBT_RUN_ID": "run-1",
    "SNOWFLAKE_ACCOUNT": "ORG-ACCOUNT",
    "SNOWFLAKE_USER": "DBT",
    "SNOWFLAKE_ROLE": "TRANSFORMER",
    "SNOWFLAKE_DATABASE": "ANALYTICS",
    "SNOWFLAKE_WAREHOUSE": "TRANSFORMING",
    "SNOWFLAKE_SCHEMA": "SALES",
    "SNOWFLAKE_PRIVATE_KEY": "a-key-that-is-not-one",
}
"""A complete environment."""


class Bucket:
    """S3 as far as the runner uses it."""

    class exceptions:  # noqa: N801 - as boto3's
        NoSuchKey = KeyError

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **options: object) -> dict[str, str]:  # noqa: N803
        """With its conditions (Amazon S3 User Guide, "How to prevent object overwrites with conditional writes")."""
        stands = options.get("IfMatch", self._etag(Key)) == self._etag(Key) and not (
            "IfNoneMatch" in options and Key in self.objects
        )
        if not stands:
            answer: Any = {"Error": {"Code": "PreconditionFailed", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 412}}
            raise ClientError(answer, "PutObject")
        self.objects[Key] = Body
        return {"ETag": self._etag(Key)}

    def get_object(self, *, Key: str, **_: object) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": self._etag(Key)}

    def _etag(self, key: str) -> str:
        return hashlib.md5(self.objects.get(key, b""), usedforsecurity=False).hexdigest()


def environment(**changes: str) -> Environment:
    return read(VARIABLES | changes)


def node(name: str, *parents: str, kind: str = "model") -> Node:
    """A node with the id `<kind>.<name>`; parents are ids."""
    relation = f"ANALYTICS.SALES.{name.upper()}" if kind == "model" else ""
    return Node(id=f"{kind}.{name}", name=name, kind=kind, path=f"models/{name}.sql", parents=parents, relation=relation)


def result(status: str, *, at: float = 0, seconds: float = 1, thread: str = "Thread-1", **fields: object) -> Result:
    started = (datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=at)).isoformat()
    return Result(status=status, started=started, seconds=seconds, thread=thread, **fields)  # pyright: ignore[reportArgumentType]


def progress(**results: Result) -> Progress:
    """Two staging models, a mart on both, a mart on that, tests, with the results that are given by name."""
    made = Progress()
    made.select(
        [
            node("customers"),
            node("orders"),
            node("unique_orders", "model.orders", kind="test"),
            node("sales", "model.customers", "model.orders"),
            node("adds_up", "model.sales", kind="unit_test"),
            node("report", "model.sales"),
        ]
    )
    names = {found.name: found.id for found in made.nodes.values()}
    made.carry_over({names[name]: found for name, found in results.items()})
    return made


def summary(made: Progress, code: ExitCode = ExitCode.SUCCESS, problem: str = "", sources: tuple[SourceAge, ...] = ()) -> Summary:
    return Summary(
        environment=environment(),
        progress=made,
        code=code,
        seconds=12.3,
        problem=problem,
        sources=sources,
        steps=[Step(number=0, command=BUILD)],
        image="0123456789abcdef",
        ended=datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=12.3),
        asked={"commands": "build", "selection": "--select tag:sales", "vars": '{"day": "2026-11-22"}'},
        phases=PHASES,
    )


PHASES = [
    Phase(name=name, start=start, seconds=seconds)
    for name, start, seconds in (
        ("start", 0, 0.4),
        ("connection", 0.4, 1.6),
        ("parse", 2, 0.9),
        ("build", 2.9, 9.4),
        ("store", 12.3, 0.7),
    )
]


def large_run() -> Progress:
    """A run as awkward for a page as runs get: 4 threads, 60 nodes, long names, a failure with a long message, what it skipped."""
    made, clock = Progress(), [0.0] * 4
    nodes, results = [], {}
    for number in range(60):
        kind = ("seed", "model", "model", "test")[number % 4]
        name = f"{'int_orders_joined_to_every_currency_of_the_settlement' if number % 7 == 0 else 'stg_orders'}_{number:02}"
        parents = (nodes[-1].id,) if number % 5 else ()
        nodes.append(node(name, *parents, kind=kind))
        thread = number % 4
        begin = max(clock[thread], *(_ended(results, parent) for parent in parents), 0)
        seconds = 0.2 + (number * 37 % 23) / 4
        status = "pass" if kind == "test" else "success"
        results[nodes[-1].id] = result(
            status, at=begin, seconds=seconds, thread=f"Thread-{thread}", rows=None if kind == "test" else number * 12_345
        )
        clock[thread] = begin + seconds
    _break(results, nodes)
    made.select(nodes)
    made.carry_over(results)
    return made


def _ended(results: dict[str, Result], node_id: str) -> float:
    found = results[node_id]
    return (datetime.fromisoformat(found.started) - datetime(2026, 11, 23, tzinfo=UTC)).total_seconds() + found.seconds


def _break(results: dict[str, Result], nodes: list[Node]) -> None:
    """One model fails, one test warns, and what depends on the model is skipped."""
    message = "Database Error in model\n  001003 (42000): SQL compilation error:\n  " + "invalid identifier 'SETTLEMENT' " * 12
    for number, changes in {
        56: {"status": "error", "message": message, "rows": None},
        51: {"status": "warn", "message": "Got 3 results, configured to warn if != 0", "failures": 3},
    }.items():
        results[nodes[number].id] = replace(results[nodes[number].id], **changes)  # pyright: ignore[reportArgumentType]
    for skipped in nodes[57:60]:
        results[skipped.id] = Result(status="skipped")

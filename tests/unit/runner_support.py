"""A run that never was, for tests of what is said about runs."""

from datetime import UTC, datetime, timedelta

from runner.environment import Environment, read
from runner.freshness import SourceAge
from runner.outcome import ExitCode
from runner.progress import Node, Progress, Result
from runner.summary import Summary

VARIABLES = {
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
        image="0123456789abcdef",
    )

"""Workstreams whose runs were never made, for tests of the pages about them."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.stack import Size, Workstream

NOW = datetime(2026, 11, 29, 8, 30, tzinfo=UTC)


def workstream(name: str = "sales", schedule: str = "0 5 * * *") -> Workstream:
    return Workstream(
        name=name,
        dag_id=f"dbt_{name}",
        log_group=f"/dbt/{name}",
        log_stream_prefix="dbt/dbt",
        artifacts_uri=f"s3://artifacts/{name}",
        workload_identity="",
        task_definition="",
        connection="default",
        owner=f"{name}-analytics",
        description=f"Models of {name}",
        schedule=schedule,
        timezone="Europe/Amsterdam",
        longest_minutes=60,
        size=Size(cpu=1024, memory=2048, architecture="x86_64", capacity="onDemand"),
    )


def run(started: datetime, *, outcome: str = "success", seconds: float = 60, **changes: Any) -> dict[str, Any]:
    """One try, as a history has it."""
    failed = ["orders"] if outcome == "failed" else []
    named = {"run": f"scheduled__{started:%Y-%m-%dT%H:%M:%S+00:00}", "try": 1, "started": started.isoformat(timespec="seconds")}
    cause = "A test found rows" if failed else None
    return {**named, "seconds": seconds, "outcome": outcome, "counts": {}, "cause": cause, "failed": failed, **changes}


def node(name: str, results: list[list[Any]], kind: str = "model", folder: str = "models/marts") -> dict[str, Any]:
    return {"name": name, "kind": kind, "path": f"{folder}/{name}.sql", "results": results}


def history(name: str, runs: list[dict[str, Any]], nodes: dict[str, Any] | None = None, sources: Any = ()) -> bytes:
    """A `latest/history.json`."""
    page = {"schemaVersion": 1, "workstream": name, "owner": None, "sources": list(sources), "runs": runs, "nodes": nodes or {}}
    return json.dumps(page).encode()


def ninety_days(name: str, seed: int = 0) -> bytes:
    """A run a day with thirty nodes, which now and then fail."""
    chance = random.Random(f"{name}{seed}")
    days = [NOW.replace(hour=4, minute=0) - timedelta(days=day) for day in range(90, -1, -1)]
    nodes: dict[str, Any] = {}
    failed: dict[datetime, list[str]] = {}
    for number in range(30):
        kind, folder = ("test", "models") if number % 3 == 2 else ("model", "models/marts" if number % 2 else "models/staging")
        title, base, rows = (
            f"{('stg_', 'fct_')[number % 2]}{name}_{number:02}",
            chance.uniform(0.5, 40),
            chance.randrange(10, 90_000),
        )
        results: list[list[Any]] = []
        for day in days:
            bad = chance.random() < 0.002
            rows += chance.randrange(0, 300)
            status = ("fail" if kind == "test" else "error") if bad else ("pass" if kind == "test" else "success")
            if bad:
                failed.setdefault(day, []).append(title)
            results.append(
                [
                    day.isoformat(timespec="seconds"),
                    status,
                    round(base * chance.uniform(0.8, 1.3), 2),
                    None if kind == "test" else rows,
                ]
            )
        nodes[f"{kind}.{title}"] = node(title, results, kind, folder)
    runs = [
        run(
            day,
            outcome="failed" if day in failed else "success",
            seconds=round(chance.uniform(120, 200) * (1 + number / 200), 1),
            failed=failed.get(day, []),
            cause="A test found rows that it should not" if day in failed else None,
        )
        for number, day in enumerate(days)
    ]
    source = {
        "source": f"source.shop.raw.{name}",
        "status": chance.choice(["pass"] * 9 + ["warn"]),
        "loaded": "2026-11-29T01:10:00",
    }
    return history(name, runs, nodes, [{**source, "own": False}])

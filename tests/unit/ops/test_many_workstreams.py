"""`ops` with 200 workstreams: how often it asks AWS, and how a person finds their own."""

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.unit.ops.test_cli import OUTPUTS, RUN, aws, on  # noqa: F401  (a fixture)
from tests.unit.ops.test_doctor import ECS, LOGS, healthy  # noqa: F401  (a fixture)

NAMES = [f"team-{number:03}" for number in range(200)]
PAGE = 100
OFTEN = {name: 300 if index < 3 else 1 for index, name in enumerate(NAMES)}
"""Runs of each workstream: three of them run every few minutes."""

Server = Any
"""Of `test_cli`: it answers in AWS's place, several requests at a time."""


def runs(body: dict[str, Any]) -> dict[str, Any]:
    """As Airflow lists them: no more than a hundred, the newest first."""
    newest_first = sorted(body["dag_ids"], key=lambda dag: -OFTEN[dag])
    listed = [RUN | {"dag_id": dag} for dag in newest_first for _ in range(OFTEN[dag])]
    return {"dag_runs": [run | {"state": state(run["dag_id"])} for run in listed][: body["page_limit"]]}


def state(dag: str) -> str:
    """One in fifty has failed."""
    return "failed" if int(dag[-3:]) % 50 == 0 else "success"


def dags(query: dict[str, Any]) -> dict[str, Any]:
    """A page of what Airflow has loaded."""
    page = NAMES[query["offset"] : query["offset"] + min(query["limit"], PAGE)]
    loaded = {"is_paused": False, "is_stale": False, "next_dagrun_run_after": None}
    return {"dags": [{**loaded, "dag_id": name, "owners": [f"owner-{name[-1]}"]} for name in page], "total_entries": len(NAMES)}


@pytest.fixture
def many(healthy: Server, tmp_path: Path) -> Any:  # noqa: F811
    """Runs `ops` on a stack of 200."""
    template = json.dumps(OUTPUTS["workstreams"]["sales"] | {"dagId": "sales"})
    workstreams = {name: json.loads(template.replace("sales", name)) for name in NAMES}
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({**OUTPUTS, "workstreams": workstreams}))
    groups = [{"logGroupName": f"/dbt/{name}"} for name in NAMES]

    def log_groups(body: dict[str, Any]) -> dict[str, Any]:
        start = int(body.get("nextToken", 0))
        following = {"nextToken": str(start + 50)} if start + 50 < len(groups) else {}
        assert body["logGroupNamePrefix"] == "/dbt"
        return {"logGroups": groups[start : start + 50], **following}

    healthy.rest["POST /dags/~/dagRuns/list"] = runs
    healthy.rest["GET /dags"] = dags
    healthy.answers[LOGS] = log_groups
    return on(outputs)


def asked(server: Server) -> Counter[str]:
    """How often each thing."""
    return Counter(
        f"{body['Method']} {body['Path']}" if operation.startswith("POST /restapi") else operation
        for operation, body in server.requests
    )


def test_status_asks_airflow_a_few_times(many: Any, healthy: Server):  # noqa: F811
    """One request a workstream, one after the other, is a minute of waiting; and MWAA would refuse most of them at once."""
    result = many("status", "--json")

    rows = json.loads(result.stdout)
    assert [row["workstream"] for row in rows] == NAMES
    assert {row["state"] for row in rows} == {"success", "failed"}
    assert sum(count for call, count in asked(healthy).items() if " /dags" in call) <= 2 + 5


def test_status_shows_what_is_one_owners(many: Any):
    """Whoever looks after two workstreams does not read two hundred lines."""
    rows = json.loads(many("status", "--owner", "owner-0", "--json").stdout)
    failed = json.loads(many("status", "--owner", "owner-0", "--failed", "--json").stdout)

    assert [row["workstream"] for row in rows] == [name for name in NAMES if name.endswith("0")]
    assert [row["workstream"] for row in failed] == ["team-000", "team-050", "team-100", "team-150"]


def test_doctor_asks_for_many_things_at_once(many: Any, healthy: Server):  # noqa: F811
    """AWS describes one task definition at a time: with 200, one after the other, a minute."""
    together = threading.Barrier(8)
    answer = healthy.answers[ECS]

    def waits_for_seven_others(body: Any) -> Any:
        together.wait(timeout=60)
        return answer(body)

    healthy.answers[ECS] = waits_for_seven_others

    result = many("doctor", "--json")

    found = {finding["check"] for finding in json.loads(result.stdout) if finding["ok"]}
    assert result.exit_code == 0, result.output
    assert {f"team-199: {what}" for what in ("task definition", "image", "log group", "DAG")} <= found
    assert asked(healthy)[ECS] == len(NAMES)
    assert asked(healthy)[LOGS] == 4
    assert asked(healthy)["GET /dags"] == 2

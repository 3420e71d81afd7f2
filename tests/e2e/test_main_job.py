"""The main job: Airflow starts the container, dbt writes tables, and whoever looks for the reason of a failure finds it."""

import io
import json
import re
import subprocess
import tarfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

import docker
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.demo.demo import artifacts, client, put_credentials, query
from sandbox.demo.stack import Stack
from sandbox.docker_leftovers import references
from sandbox.steps import Steps
from tests.e2e.airflow import Airflow, DagRun


def ops(stack: Stack, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """The operator's command line, as a user runs it."""
    return subprocess.run(
        ["ops", *arguments], env=stack.environment, cwd=stack.repository, input=text, capture_output=True, text=True, check=False
    )


def run(stack: Stack, workstream: str) -> dict[str, Any]:
    """Runs a workstream through Airflow until it ends: {workstream, dagId, runId, state, seconds}."""
    done = ops(stack, "run", workstream, "--wait", "--json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def task_log(stack: Stack, run: dict[str, Any]) -> str:
    """The log of the run's one task, as Airflow's page shows it once its last line is there."""
    return DagRun(Airflow(stack), run["workstream"], run["runId"]).whole_log()


def register(stack: Stack, key: rsa.RSAPrivateKey) -> None:
    """Gives the warehouse's user the public half of a key."""
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = "".join(public.decode().splitlines()[1:-1])
    query(stack, f"ALTER USER {stack.outputs()['warehouse']['user']} SET RSA_PUBLIC_KEY='{body}'")


def opened(url: str) -> str:
    """A page, as a browser on this machine gets it."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture(scope="module")
def runs(platform: Stack) -> dict[str, dict[str, Any]]:
    """One run of each workstream, at the same time."""
    names = list(platform.outputs()["workstreams"])
    with ThreadPoolExecutor() as side_by_side:
        return dict(zip(names, side_by_side.map(lambda name: run(platform, name), names), strict=True))


def test_both_workstreams_succeed_and_their_marts_hold_exactly_the_expected_rows(platform, runs):
    """Anything else than these rows is a wrong report on somebody's desk."""
    assert {name: run["state"] for name, run in runs.items()} == {"sales": "success", "finance": "success"}
    assert query(platform, "select * from ANALYTICS.SALES.CUSTOMERS order by 1")[1] == [
        (1, "Ada", "NL", date(2025, 1, 3), 2, Decimal("45.50")),
        (2, "Brook", "DE", date(2025, 1, 3), 2, Decimal("17.00")),
        (3, "Chidi", "NL", date(2025, 1, 5), 2, Decimal("16.50")),
        (4, "Dara", "FR", None, 0, Decimal("0.00")),
    ]
    assert query(platform, "select * from ANALYTICS.FINANCE.MONTHLY_REVENUE order by 1")[1] == [
        (date(2025, 1, 1), Decimal("152.50"), Decimal("43.00")),
        (date(2025, 2, 1), Decimal("40.00"), Decimal("90.00")),
    ]


def test_the_runs_logs_are_in_cloudwatch_and_its_artifacts_in_s3(platform, runs):
    """Without them nobody can tell later what a run did."""
    logs = ops(platform, "logs", "sales", "--lines", "5").stdout
    uri = platform.outputs()["workstreams"]["sales"]["artifactsUri"]
    bucket = platform.outputs()["artifactsBucket"]
    keys = {key.rpartition("/")[2]: key for key in artifacts(platform, uri) if runs["sales"]["runId"] in key}

    assert "dbt succeeded" in logs
    assert {"manifest.json", "run_results.json", "summary.json", "dbt.log"} <= keys.keys()
    body = client(platform, "s3").get_object(Bucket=bucket, Key=keys["run_results.json"])["Body"].read()
    assert not {result["status"] for result in json.loads(body)["results"]} & {"error", "fail", "skipped"}


def test_a_runs_report_leads_to_pages_that_are_there(platform, runs):
    """Whoever reads it wants to go on from there, in a demo too, where the console is not AWS's."""
    folder = f"sales/runs/{runs['sales']['runId']}/1"
    found = client(platform, "s3").get_object(Bucket=platform.outputs()["artifactsBucket"], Key=f"{folder}/report.html")
    links = {name: unescape(url) for url, name in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', found["Body"].read().decode())}

    seen = {name: opened(links[name]) for name in ("Airflow", "Container log", "Artifacts")}

    assert links["Airflow"].startswith(f"http://{platform.outputs()['airflowUrl']}/dags/dbt_sales/runs/")
    assert "dbt succeeded" in seen["Container log"]
    assert f"{folder}/report.html" in seen["Artifacts"]
    assert "127.0.0.1" in re.findall(r"Run report: (\S+)", task_log(platform, runs["sales"]))[0]


@pytest.fixture
def broken_model(platform: Stack, repository_copy: Stack) -> Iterator[Stack]:
    """The stack with a model that can't be built, until the test ends."""
    model = repository_copy.repository / "dbt_project/models/sales/marts/daily_sales.sql"
    model.write_text("select no_such_column as ordered_on, 1 as orders, 1 as pieces, 1.0 as revenue from {{ ref('orders') }}")
    repository_copy.run("up", "--yes", "--skip-preview")
    Airflow(platform).await_configuration("sales")
    yield repository_copy
    platform.run("up", "--yes", "--skip-preview")
    Airflow(platform).await_configuration("sales")


def test_a_broken_model_fails_the_airflow_task_and_its_log_says_which_and_why(broken_model):
    """The engineer on call opens the failed task, and nothing else."""
    failed = run(broken_model, "sales")

    log = task_log(broken_model, failed)

    assert failed["state"] == "failed"
    assert "daily_sales" in log
    assert "no_such_column" in log.lower()


@pytest.fixture
def new_key(platform: Stack) -> str:
    """The text of a private key, without line ends, that the stack now uses."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    assert ops(platform, "credentials", "put", "warehouse", text=private).returncode == 0
    register(platform, key)
    return "".join(private.splitlines()[1:-1])


def test_the_private_key_is_in_secrets_manager_and_nowhere_else(platform, new_key):
    """Not in state, preview, image, DAG folder, artifacts or any log: those have other readers."""
    ran = run(platform, "sales")
    assert ran["state"] == "success"

    places = dict(_places(platform, ran))

    # Any 40 characters in a row would do; line breaks and escapes may cut the key elsewhere.
    pieces = [new_key[start : start + 40].encode() for start in range(200, 1400, 200)]
    assert len(places) > 20
    assert [name for name, content in places.items() if any(piece in content for piece in pieces)] == []


def _places(stack: Stack, ran: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Everything that leaves the platform or stays behind: (where, content)."""
    outputs, s3, logs = stack.outputs(), client(stack, "s3"), client(stack, "logs")
    yield "preview", stack.run("preview", "--diff").encode()
    yield "task log", task_log(stack, ran).encode()
    for folder in (stack.home.backend, stack.home.logs, stack.home.project):
        yield from ((str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file())
    for bucket in (outputs["dagBucket"], outputs["artifactsBucket"]):
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            yield f"{bucket}/{item['Key']}", s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            yield group["logGroupName"], "\n".join(event["message"] for event in page["events"]).encode()
    yield from _layers(*(name for name in references() if name.startswith(f"{stack.state.account}.dkr") and "@" not in name))


def _layers(*tags: str) -> Iterator[tuple[str, bytes]]:
    """What is in the images; a layer that several have, once."""
    seen: set[str] = set()
    for tag in tags:
        with tarfile.open(fileobj=io.BytesIO(b"".join(docker.from_env().images.get(tag).save()))) as image:
            for member in image.getmembers():
                by_content = re.search("[0-9a-f]{64}", member.name)
                if member.name not in seen and (content := image.extractfile(member)):
                    yield f"{tag}: {member.name}", content.read()
                seen.update([member.name] if by_content else [])


@pytest.fixture
def foreign_key(platform: Stack) -> Iterator[None]:
    """The user of sales has a public key that does not belong to the private one, until the test ends."""
    register(platform, rsa.generate_private_key(65537, 2048))
    yield
    put_credentials(Steps(), platform)


def test_a_key_that_the_warehouse_does_not_know_fails_the_task_with_that_reason(platform, foreign_key):
    """After a botched key rotation the log must not send anybody to look at the network."""
    failed = run(platform, "sales")

    assert failed["state"] == "failed"
    assert "does not accept the private key of user DBT_SANDBOX" in task_log(platform, failed)

"""The operator's command line against an AWS that answers over HTTP, so that boto3 itself is part of every test."""

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typer.testing import CliRunner, Result

from ops.airflow import DOCUMENTATION, PAGE
from ops.cli import app
from ops.stack import DEMO
from sandbox.paths import REPOSITORY, Home

OUTPUTS = {
    "region": "eu-west-1",
    "secretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:snowflake",
    "airflowEnvironment": "dbt-platform-dev",
    "warehouse": {
        "account": "ORG-ACCOUNT",
        "user": "DBT_DEV",
        "role": "R",
        "database": "D",
        "warehouse": "W",
        "authentication": "keyPair",
    },
    "workstreams": {
        name: {
            "dagId": f"dbt_{name}",
            "logGroup": f"/dbt/{name}",
            "logStreamPrefix": "dbt/dbt",
            "artifactsUri": f"s3://artifacts/{name}",
            "workloadIdentity": f"arn:aws:iam::123456789012:role/{name}-task",
            "taskDefinitionArn": f"arn:aws:ecs:eu-west-1:123456789012:task-definition/{name}:7",
        }
        for name in ("sales", "finance")
    },
}
RUN = {
    "dag_run_id": "manual__1",
    "conf": {},
    "state": "success",
    "run_after": "2026-01-01T00:00:00Z",
    "start_date": "2026-01-01T00:00:00Z",
    "end_date": "2026-01-01T00:00:40Z",
}


class Aws:
    """Answers by operation; what a test does not define is refused as AWS refuses."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.answers: dict[str, Callable[[Any], Any]] = {
            "GET /environments/dbt-platform-dev": lambda _: {"Environment": {"Status": "AVAILABLE"}},
            "secretsmanager.PutSecretValue": lambda _: {},
        }
        self.rest: dict[str, Callable[[Any], Any]] = {"GET /importErrors": lambda _: {"import_errors": []}}
        alive = {"status": "healthy"}
        self.rest["GET /monitor/health"] = lambda _: {"scheduler": alive, "triggerer": alive, "dag_processor": alive}
        for name in ("sales", "finance"):
            self.rest[f"GET /dags/dbt_{name}"] = lambda _: {"is_paused": False, "is_stale": False, "next_dagrun_run_after": None}
            self.rest[f"POST /dags/dbt_{name}/dagRuns"] = lambda _: {"dag_run_id": "manual__1"}
        self.runs: dict[str, list[Any]] = {"dbt_sales": [RUN], "dbt_finance": [RUN]}
        self.rest["GET /dags"] = lambda _: self._dags()
        self.rest["POST /dags/~/dagRuns/list"] = lambda body: {
            "dag_runs": [run | {"dag_id": dag} for dag in body["dag_ids"] for run in self.runs.get(dag, [])][: body["page_limit"]]
        }
        self.rest["POST /dags/~/dagRuns/~/taskInstances/list"] = lambda _: {"task_instances": [RUN]}
        stream = {"message": "first", "logStreamName": "dbt/dbt/0123", "eventId": "1"}
        self.answers["Logs_20140328.FilterLogEvents"] = lambda _: {"events": [stream]}

    def _dags(self) -> Any:
        """Those that are there one by one."""
        names = [call.removeprefix("GET /dags/") for call in self.rest if call.startswith("GET /dags/")]
        dags = [self.rest[f"GET /dags/{name}"](None) | {"dag_id": name, "owners": [f"{name}-owner"]} for name in names]
        return {"dags": dags, "total_entries": len(dags)}

    def answer(self, operation: str, body: Any) -> tuple[int, Any]:
        """Status and body of one request."""
        self.requests.append((operation, body))
        if operation == "POST /restapi/dbt-platform-dev":
            assert len(body["Path"]) <= 64  # as MWAA's API reference says
            return self._rest(f"{body['Method']} {body['Path']}", body.get("Body") or body.get("QueryParameters"))
        if operation not in self.answers:
            return 400, {"__type": "ResourceNotFoundException", "message": operation}
        found = self.answers[operation](body)
        return found if isinstance(found, tuple) else (200, found)

    def _rest(self, call: str, body: Any) -> tuple[int, Any]:
        if call not in self.rest:
            refusal = {"RestApiStatusCode": 404, "RestApiResponse": {"detail": f"{call} not found"}}
            return 400, {"__type": "RestApiClientException"} | refusal
        return 200, {"RestApiStatusCode": 200, "RestApiResponse": self.rest[call](body)}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    fake = Aws()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target")
            operation = target or f"{self.command} {self.path.partition('?')[0]}"
            status, content = fake.answer(operation, json.loads(raw or "{}"))
            text = content if isinstance(content, str) else json.dumps(content)
            self.send_response(status)
            if isinstance(content, dict) and "__type" in content:
                self.send_header("x-amzn-errortype", content["__type"])
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = respond  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # that many may knock at once

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_MAX_ATTEMPTS": "1",
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda _: None)
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def ops(aws: Aws, tmp_path: Any) -> Callable[..., Result]:
    """Runs `ops` on a deployed stack."""
    del aws
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(OUTPUTS))
    return on(outputs)


def on(outputs: Path) -> Callable[..., Result]:
    return lambda *arguments, **options: CliRunner().invoke(app, ["--outputs", str(outputs), *arguments], **options)


def secret_of(aws: Aws) -> dict[str, str]:
    (body,) = [body for operation, body in aws.requests if operation == "secretsmanager.PutSecretValue"]
    return json.loads(body["SecretString"])


def pem(key: Any = None, passphrase: bytes | None = None) -> str:
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def test_a_generated_key_is_stored_and_only_its_public_half_is_shown(ops, aws):
    """A private key on a screen is in scrollback, recordings and pipelines' logs."""
    result = ops("credentials", "put", "--generate")

    secret = secret_of(aws)
    assert result.exit_code == 0
    assert (secret["account"], secret["user"], secret["private_key_passphrase"]) == ("ORG-ACCOUNT", "DBT_DEV", "")
    assert isinstance(load_pem_private_key(secret["private_key"].encode(), None), rsa.RSAPrivateKey)
    assert result.stdout.startswith("ALTER USER DBT_DEV SET RSA_PUBLIC_KEY='MII")
    assert result.stdout.endswith("';\n")
    assert result.stdout.count("\n") == 1
    assert not any(line in result.output for line in secret["private_key"].splitlines())


def test_a_key_from_standard_input_is_stored_as_it_is(ops, aws):
    """A team that has a key already keeps it."""
    key = pem()

    result = ops("credentials", "put", input=key)

    assert result.exit_code == 0
    assert secret_of(aws)["private_key"] == key


def test_a_new_key_goes_into_the_slot_that_the_old_one_is_not_in(ops):
    """With one slot, the runs that have begun lose their connection when the key is rotated."""
    result = ops("credentials", "put", "--slot", "2", input=pem())

    assert result.stdout.startswith("ALTER USER DBT_DEV SET RSA_PUBLIC_KEY_2='MII")


def test_a_passphrase_is_asked_for_and_stored_beside_its_key(ops, aws, tmp_path):
    """Without it dbt can't open the key; as an argument it would be in the shell's history."""
    file = tmp_path / "key.p8"
    file.write_text(pem(passphrase=b"hunter2"))

    result = ops("credentials", "put", "--private-key-file", str(file), input="hunter2\n")

    assert result.exit_code == 0
    assert secret_of(aws)["private_key_passphrase"] == "hunter2"
    assert "hunter2" not in result.output


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("no key at all", "can't be read"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "1024 bits"),
    ],
    ids=["no key", "elliptic curve", "too short"],
)
def test_a_key_that_snowflake_would_refuse_is_never_stored(ops, aws, key, says):
    """Else the next scheduled run finds out."""
    result = ops("credentials", "put", input=key)

    assert result.exit_code == 1
    assert says in result.output
    assert aws.requests == []


@pytest.fixture
def ops_with(ops: Any, tmp_path: Path) -> Callable[[str], Callable[..., Result]]:
    """Runs `ops` on a stack with another authentication."""

    def deployed(authentication: str) -> Callable[..., Result]:
        outputs = tmp_path / "other.json"
        outputs.write_text(json.dumps({**OUTPUTS, "warehouse": {**OUTPUTS["warehouse"], "authentication": authentication}}))
        return on(outputs)

    return deployed


def test_a_password_is_stored_and_never_shown(ops_with, aws):
    """A team that has no key yet can start; its password is in no history and on no screen."""
    result = ops_with("password")("credentials", "put", input="hunter2\n")

    assert result.exit_code == 0, result.output
    assert secret_of(aws) == {"account": "ORG-ACCOUNT", "user": "DBT_DEV", "password": "hunter2"}
    assert "hunter2" not in result.output


@pytest.mark.parametrize(("arguments", "typed", "says"), [(["--generate"], "", "not with a key"), ([], "\n", "password is empty")])
def test_what_is_no_password_is_never_stored(ops_with, aws, arguments, typed, says):
    """Else dbt fails to log in tonight, and the reason is far away."""
    result = ops_with("password")("credentials", "put", *arguments, input=typed)

    assert result.exit_code == 1
    assert says in result.output
    assert aws.requests == []


def test_a_workload_identity_has_no_secret_but_statements_to_run(ops_with, aws):
    """A secret that nothing reads would be a leak waiting; what is missing is in Snowflake."""
    result = ops_with("workloadIdentity")("credentials", "put", "--generate")

    assert result.exit_code == 1
    assert "CREATE USER IF NOT EXISTS DBT_DEV TYPE = SERVICE;" in result.output
    for name in ("sales", "finance"):
        arn = f"arn:aws:iam::123456789012:role/{name}-task"
        assert f"ALTER USER DBT_DEV ADD WORKLOAD IDENTITY {name} TYPE = AWS ARN = '{arn}';" in result.output
    assert aws.requests == []


FINANCE = {**OUTPUTS["warehouse"], "user": "DBT_FINANCE", "secretArn": f"{OUTPUTS['secretArn']}/finance"}


@pytest.fixture
def ops_with_two(aws: Aws, tmp_path: Path) -> Callable[..., Result]:
    """Runs `ops` on a stack with a second connection, which finance has."""
    del aws
    outputs = tmp_path / "two.json"
    finance = {**OUTPUTS["workstreams"]["finance"], "connection": "finance"}
    changes = {"connections": {"finance": FINANCE}, "workstreams": {**OUTPUTS["workstreams"], "finance": finance}}
    outputs.write_text(json.dumps({**OUTPUTS, **changes}))
    return on(outputs)


@pytest.mark.parametrize(("name", "user", "end"), [("warehouse", "DBT_DEV", "snowflake"), ("finance", "DBT_FINANCE", "/finance")])
def test_the_credentials_of_a_connection_go_into_its_own_secret(ops_with_two, aws, name, user, end):
    """In another one they would lock out every workstream that has that connection."""
    result = ops_with_two("credentials", "put", name, "--generate")

    (body,) = [body for operation, body in aws.requests if operation == "secretsmanager.PutSecretValue"]
    assert result.exit_code == 0, result.output
    assert body["SecretId"].endswith(end)
    assert secret_of(aws)["user"] == user
    assert f"ALTER USER {user} SET" in result.output


@pytest.mark.parametrize(("arguments", "says"), [([], "several connections"), (["finanse"], "no connection 'finanse'")])
def test_credentials_of_no_certain_connection_are_not_stored(ops_with_two, aws, arguments, says):
    """A message of a failed run names the command alone; the first connection's key would be replaced for it."""
    result = ops_with_two("credentials", "put", *arguments, "--generate")

    assert result.exit_code == 1
    assert says in result.output
    assert "Name one of: warehouse (DBT_DEV: sales); finance (DBT_FINANCE: finance)." in result.output
    assert aws.requests == []


def test_the_identities_of_a_connection_are_those_of_its_workstreams(ops_with_two, aws, tmp_path):
    """A role can be the identity of one user only."""
    outputs = json.loads((tmp_path / "two.json").read_text())
    outputs["connections"]["finance"] |= {"authentication": "workloadIdentity", "secretArn": None}
    (tmp_path / "two.json").write_text(json.dumps(outputs))

    result = ops_with_two("credentials", "put", "finance")

    assert "ALTER USER DBT_FINANCE ADD WORKLOAD IDENTITY finance TYPE = AWS" in result.output
    assert "WORKLOAD IDENTITY sales" not in result.output
    assert aws.requests == []


def test_a_run_is_triggered_with_null_as_its_date_and_only_what_was_asked(ops, aws):
    """Airflow 3 refuses a body without the key, and a param that was not asked for would hide the workstream's own."""
    result = ops("run", "sales", "--select", "tag:a", "--select", "b+", "--vars", '{"day": "2026-01-31"}')

    bodies = [
        body["Body"] for operation, body in aws.requests if "restapi" in operation and body["Path"].endswith("dbt_sales/dagRuns")
    ]
    assert result.exit_code == 0, result.output
    assert bodies == [{"logical_date": None, "conf": {"select": ["tag:a", "b+"], "vars": {"day": "2026-01-31"}}}]


def test_waiting_ends_with_the_run_and_prints_what_a_script_needs(ops, aws):
    """A pipeline's next step must not start before, and reads the state."""
    states = iter(["queued", "running", "success"])
    aws.rest["POST /dags/~/dagRuns/list"] = lambda _: {"dag_runs": [RUN | {"state": next(states)}]}

    result = ops("run", "sales", "--wait", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "workstream": "sales",
        "dagId": "dbt_sales",
        "runId": "manual__1",
        "state": "success",
        "seconds": 40.0,
    }


DEAD = {"scheduler": {"status": "unhealthy", "latest_scheduler_heartbeat": "2026-01-01T00:00:00Z"}}


def test_waiting_ends_when_nothing_moves(ops, aws, monkeypatch):
    """A scheduler that is dead starts nothing, and a pipeline would wait until somebody looks."""
    aws.runs["dbt_sales"] = [RUN | {"state": "queued"}]
    aws.rest["GET /monitor/health"] = lambda _: DEAD
    monkeypatch.setattr("ops.run.PATIENCE", -1)

    result = ops("run", "sales", "--wait")

    assert result.exit_code == 1
    assert "is queued and does not move: the scheduler gives no sign of life since 2026-01-01T00:00:00Z" in result.output


def test_waiting_has_an_end(ops, aws, monkeypatch):
    """A run that hangs behind others would hold a pipeline's runner for days."""
    aws.runs["dbt_sales"] = [RUN | {"state": "queued"}]
    clock = itertools.count(step=30)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    result = ops("run", "sales", "--wait", "--minutes", "3")

    assert result.exit_code == 1
    assert "is still queued after 3 minutes" in result.output


def test_status_says_when_airflow_itself_is_dead(ops, aws):
    """Its runs are queued for ever, and look as if they were about to start."""
    aws.rest["GET /monitor/health"] = lambda _: DEAD

    assert "the scheduler gives no sign of life" in ops("status").output


def test_a_run_that_failed_ends_with_its_reason_and_exit_code_1(ops, aws):
    """A pipeline goes red, and its log says why without a second search."""
    aws.runs["dbt_sales"] = [RUN | {"state": "failed"}]
    aws.answers["Logs_20140328.GetLogEvents"] = lambda _: {"events": [{"message": "FAILED model orders"}], "nextForwardToken": "f"}

    result = ops("run", "sales", "--wait")

    assert result.exit_code == 1
    assert "FAILED model orders" in result.output
    assert "sales: failed after 40 s" in result.output


BLOCK = """
dbt failed: 1 error, 61 pass in 12 s

model orders: error after 1.2 s
  What to do: correct it

Run just these again: ops run sales --select orders+

Tried again by itself: no. More: docs/errors.md#sql
Artifacts: s3://artifacts/sales/runs/manual__1/1/"""
EVENT = {"time": "2026-01-01T12:01:33.000+00:00", "event": "node_finished", "n": 4, "of": 28}
PASSED = json.dumps(EVENT | {"node": "test.shop.unique_orders.8f", "status": "pass", "seconds": 0.3})
FAILED = json.dumps(EVENT | {"level": "error", "node": "model.shop.orders", "status": "error", "message": "no column\n total"})
METRICS = '{"_aws": {}, "RunDuration": 12}'


def said(*lines: str) -> Callable[[Any], Any]:
    """CloudWatch's answer with these lines."""
    return lambda _: {"events": [{"message": line} for line in lines], "nextForwardToken": "f"}


def stored(aws: Aws, **pages: Any) -> None:
    """Pages of JSON in the folder of the run's first try; `summary` is `summary.json`."""
    keys = [f"sales/runs/manual__1/1/{name}.json" for name in pages]
    items = "".join(
        f"<Contents><Key>{key}</Key><Size>7</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>" for key in keys
    )
    aws.answers["GET /artifacts"] = lambda _: f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>"
    for key, page in zip(keys, pages.values(), strict=True):
        aws.answers[f"GET /artifacts/{key}"] = lambda _, page=page: json.dumps(page)


SUMMARY = {
    "counts": {"success": 13, "pass": 24},
    "nodes": [
        {"name": "orders", "status": "error", "rows": None},
        {"name": "customers", "status": "success", "rows": 1234},
    ],
    "problem": None,
    "diagnosis": {"cause": "sql", "summary": "A value can't be converted", "why": "", "resolution": "", "retry": False},
}


def test_a_failed_run_shows_what_failed_and_the_summary_and_no_more(ops, aws):
    """Of 85 rows 62 were nodes that passed, and the failed ones were cut off."""
    aws.runs["dbt_sales"] = [RUN | {"state": "failed"}]
    aws.answers["Logs_20140328.GetLogEvents"] = said(PASSED, FAILED, METRICS, *BLOCK.splitlines())

    result = ops("run", "sales", "--wait")

    assert result.exit_code == 1
    assert "model orders: error" in result.stderr
    assert "unique_orders" not in result.output
    assert "_aws" not in result.output
    assert result.output.count("What to do") == 1
    assert "Run just these again: uv run ops run sales --select orders+" in result.stderr


def test_a_run_that_built_nothing_says_so(ops, aws):
    """Its selection matched nothing: the line read `failed after 40 s: ; 0 rows written`. No right to read its log hides that."""
    aws.runs["dbt_sales"] = [RUN | {"state": "failed"}]
    stored(aws, summary={**SUMMARY, "nodes": [], "counts": {}})

    assert "sales: failed after 40 s: no node was run; 0 rows written" in ops("run", "sales", "--wait").stdout


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({}, "by hand"),
        ({"schedule": "finance"}, "after finance"),
        ({"schedule": "", "after": ["finance", "s3://landing"]}, "after finance, s3://landing"),
    ],
)
def test_status_says_what_starts_a_workstream_that_the_clock_does_not(aws, tmp_path, told, says):
    """Airflow knows no next run of it: it was said to be started by hand."""
    del aws
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({**OUTPUTS, "workstreams": {"sales": {**OUTPUTS["workstreams"]["sales"], **told}}}))

    text = on(outputs)("status").stdout

    assert f"took 40 s, {says}\n" in text


def test_a_status_of_no_workstream_is_no_silence(ops):
    """An empty screen is taken for a verb that is broken."""
    assert ops("status", "--failed").stderr == "No workstream's last run failed.\n"
    assert ops("status", "--owner", "nobody").stderr == "No workstream is owned by nobody.\n"
    assert ops("status", "--owner", "nobody", "--json").stdout == "[]\n"


def test_a_run_ends_with_nodes_rows_and_the_ways_to_report_and_log(ops, aws):
    """Whoever waited for it wants to know what came of it, without a second search."""
    stored(aws, summary=SUMMARY)

    text = ops("run", "sales", "--wait").stdout
    told = json.loads(ops("run", "sales", "--wait", "--json").stdout)

    assert "sales: success after 40 s: 24 pass, 13 success; 1,234 rows written" in text
    assert "uv run ops open sales --run manual__1\n" in text
    assert "uv run ops logs sales --run manual__1\n" in text
    assert (told["nodes"], told["rows"]) == (SUMMARY["counts"], 1234)
    assert told["report"] == "s3://artifacts/sales/runs/manual__1/1/report.html"


def test_waiting_shows_the_progress(ops, aws, monkeypatch):
    """An hour of `running` says nothing about the end, also in a pipeline's log."""
    states = iter(["queued", "running", "success"])
    aws.rest["POST /dags/~/dagRuns/list"] = lambda _: {"dag_runs": [RUN | {"state": next(states)}]}
    stored(aws, progress={"of": 28, "results": {"a": {"status": "success"}, "b": {"status": "error"}}})
    monkeypatch.setattr("ops.run.SAY_AGAIN", -1)

    assert "sales: running, 2 of 28 nodes, 1 failed" in ops("run", "sales", "--wait").stderr


@pytest.mark.parametrize("columns", ["80", "120"])
def test_what_identifies_a_row_is_whole_at_every_width(ops, aws, monkeypatch, columns):
    """A run id with dots at its end can't be copied into the next command."""
    monkeypatch.setenv("COLUMNS", columns)
    run_id = "manual__2026-11-28T16:52:10.658467+00:00" + "x" * 80
    aws.runs["dbt_sales"] = [RUN | {"dag_run_id": run_id, "state": "failed"}]
    key = f"sales/runs/{run_id}/1/summary.json"
    item = f"<Contents><Key>{key}</Key><Size>7</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
    aws.answers["GET /artifacts"] = lambda _: f"<ListBucketResult><IsTruncated>false</IsTruncated>{item}</ListBucketResult>"

    assert run_id in ops("status").stdout
    assert f"s3://artifacts/{key}" in ops("artifacts", "sales").stdout


def test_documentation_hides_no_failure(ops, aws):
    """It is written each night, and succeeds where the workstream's last run did not."""
    night = RUN | {"dag_run_id": "catalogue__1", "dag_id": "dbt_sales", "conf": DOCUMENTATION}
    failed = RUN | {"dag_id": "dbt_sales", "state": "failed"}
    pages = [[night] * PAGE, [night, failed]]
    aws.rest["POST /dags/~/dagRuns/list"] = lambda body: {"dag_runs": pages[body["page_offset"] // PAGE]}

    [row] = json.loads(ops("status", "sales", "--json").stdout)

    assert (row["runId"], row["state"]) == ("manual__1", "failed")


def test_status_says_when_what_failed_and_where_the_report_is(ops, aws):
    """The first look in the morning decides who is called."""
    aws.runs["dbt_sales"] = [RUN | {"state": "failed"}]
    stored(aws, summary=SUMMARY)

    text = ops("status").stdout
    [row] = [row for row in json.loads(ops("status", "--json").stdout) if row["workstream"] == "sales"]

    assert re.search(r"sales +failed +\d+ d ago, took 40 s, by hand", text)
    assert "orders (1 of 2 nodes)" in text
    assert "A value can't be converted" in text
    assert "uv run ops open sales --run manual__1\n" in text
    assert row["failed"] == ["orders"]


def test_the_log_is_for_people_and_its_events_for_programs(ops, aws):
    """One event is five rows of a terminal; a program wants it as it is."""
    aws.answers["Logs_20140328.GetLogEvents"] = said(PASSED, FAILED, METRICS, "dbt failed")

    first, second, *rest = ops("logs", "sales").stdout.splitlines()

    assert first.startswith("12:01:33  4 of 28 PASS unique_orders ...")
    assert second.startswith("12:01:33  4 of 28 ERROR creating model orders ...")
    assert rest == ["  no column", "   total", "dbt failed"]
    assert ops("logs", "sales", "--json").stdout.splitlines() == [PASSED, FAILED]


@pytest.mark.parametrize("verb", ["logs", "explain", "artifacts"])
def test_an_unknown_run_is_an_error_everywhere(ops, aws, verb):
    """`Nothing yet`, with exit code 0, sends people to look for what never was."""
    aws.rest["POST /dags/~/dagRuns/~/taskInstances/list"] = lambda _: {"task_instances": []}
    aws.answers["GET /artifacts"] = lambda _: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"

    result = ops(verb, "sales", "--run", "nope")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "'nope'" in result.stderr


def test_advice_has_the_prefix_that_the_place_needs(ops, aws, monkeypatch):
    """`ops run` as it stands is no command in a demo, nor in a clone without its environment."""
    monkeypatch.setattr("ops.context.OPS", ".venv/bin/sandbox exec ops")
    aws.answers["Logs_20140328.GetLogEvents"] = said(*BLOCK.splitlines(), "select * from ops runs")

    text = ops("logs", "sales").stdout

    assert "Run just these again: .venv/bin/sandbox exec ops run sales --select orders+" in text
    assert "select * from ops runs" in text


def test_a_demo_that_runs_here_says_how_it_is_reached(monkeypatch, tmp_path):
    """Without the prefix Pulumi does not know its stack, and says so in words that lead nowhere."""
    assert Home(REPOSITORY / ".sandbox").state == DEMO
    (tmp_path / "sandbox.json").touch()
    monkeypatch.setattr("ops.stack.DEMO", tmp_path / "sandbox.json")
    monkeypatch.setenv("PATH", str(tmp_path))

    result = CliRunner().invoke(app, ["status"])

    assert result.exit_code == 1
    assert ".venv/bin/sandbox exec ops status" in result.stderr


def verbs(group: Any, *names: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield from verbs(command, *names, name) if hasattr(command, "commands") else [(*names, name)]


NO_JSON = {("credentials", "put"), ("open",), ("workstream", "add")}
"""What these print a program can take as it is: SQL to run, the address of a page; or they talk to a person."""

VERBS = list(verbs(typer.main.get_command(app)))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_examples_that_are_commands_of_its_own(verb):
    """A list of options does not say what a command looks like."""
    text = CliRunner().invoke(app, [*verb, "--help"]).stdout

    examples = text[text.index("Examples:") :].splitlines()[1:]
    assert examples
    for example in examples:
        assert re.match(rf"    uv run ops (--stack dev )?{' '.join(verb)}\b", example)


@pytest.mark.parametrize("verb", [(), *VERBS, *sorted({verb[:1] for verb in VERBS if len(verb) > 1})], ids=" ".join)
def test_a_help_says_what_an_option_takes_and_cuts_nothing_off(verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    """`<list[str]>` says something to who wrote the program, and `of the...` nothing to anybody."""
    monkeypatch.setenv("COLUMNS", "80")
    text = CliRunner().invoke(app, [*verb, "--help"]).stdout.partition("\n\n")[2]

    assert re.findall(r"^ +(?:-\w, )?--[\w-]+ <.*", text, re.MULTILINE) == []
    assert [line for line in text.splitlines() if line.endswith("...")] == []
    assert [line for line in text.partition("Examples:")[0].splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in NO_JSON], ids=" ".join)
def test_every_verb_that_prints_has_json(verb):
    assert "--json" in CliRunner().invoke(app, [*verb, "--help"]).stdout


def test_a_wrong_call_and_a_failure_look_alike(ops):
    """Two styles of errors make people look for the message."""
    assert "\nError: Missing argument 'WORKSTREAM'." in ops("run").stderr
    assert ops("run", "sale").stderr.startswith("Error: There is no workstream 'sale'.\nWhat to do: Did you mean 'sales'?")


def test_a_dag_that_was_just_deployed_is_waited_for(ops, aws):
    """Right after `pulumi up` Airflow has not read the file yet."""
    answers = iter([None, {"is_paused": False, "is_stale": True}, {"is_paused": False, "is_stale": False}])
    del aws.rest["GET /dags/dbt_sales"]

    def answer(call, body):
        found = next(answers) if call == "GET /dags/dbt_sales" else None
        return (200, {"RestApiStatusCode": 200, "RestApiResponse": found}) if found else original(call, body)

    original, aws._rest = aws._rest, answer

    assert ops("run", "sales").exit_code == 0


def test_a_paused_dag_is_told_instead_of_waiting_for_ever(ops, aws):
    """Its runs stay queued, and nothing says so."""
    aws.rest["GET /dags/dbt_sales"] = lambda _: {"is_paused": True, "is_stale": False}

    result = ops("run", "sales", "--wait")

    assert result.exit_code == 1
    assert "is paused" in result.output


def test_an_import_error_of_the_dag_is_shown(ops, aws, monkeypatch):
    """`No such DAG` alone sends the operator to the wrong place."""
    monkeypatch.setattr("ops.airflow.LOADING", -1)
    del aws.rest["GET /dags/dbt_sales"]
    frames = 'Traceback (most recent call last):\n  File "/usr/local/airflow/a.py", line 3, in <module>\n    check()\n'
    errors = [{"filename": "dbt_configuration_check.py", "stack_trace": f"{frames}config/sales.json: retries: is missing"}]
    aws.rest["GET /importErrors"] = lambda _: {"import_errors": errors}

    result = ops("run", "sales")

    assert result.exit_code == 1
    assert "config/sales.json: retries: is missing" in result.output
    assert "/usr/local/airflow" not in result.output


def test_what_airflow_refuses_is_said_in_its_words(ops, aws):
    """A malformed selector is refused by the DAG's form."""

    def refuse(call, body):
        if call.endswith("dbt_sales/dagRuns"):
            refusal = {"RestApiStatusCode": 400, "RestApiResponse": {"detail": "Invalid input for param select"}}
            return 400, {"__type": "RestApiClientException"} | refusal
        return original(call, body)

    original, aws._rest = aws._rest, refuse

    result = ops("run", "sales", "--select", "a b")

    assert result.exit_code == 1
    assert "Airflow refused: Invalid input for param select" in result.output


def test_status_shows_every_workstream(ops, aws):
    """Whoever comes in the morning looks here first."""
    aws.runs["dbt_finance"] = []

    rows = {row["workstream"]: row for row in json.loads(ops("status", "--json").stdout)}

    assert (rows["sales"]["state"], rows["sales"]["runId"], rows["sales"]["seconds"]) == ("success", "manual__1", 40.0)
    assert rows["finance"]["state"] == "never ran"
    assert "manual__1" in ops("status").stdout


def test_logs_are_those_of_the_runs_own_container(ops, aws):
    """The newest stream of the group may be another run's."""
    asked: list[Any] = []
    searched: list[Any] = []
    events = [{"message": "[1/2] ok"}, {"message": "done"}]
    stream = {"logStreamName": "dbt/dbt/0456"}
    aws.answers["Logs_20140328.FilterLogEvents"] = lambda body: searched.append(body) or {"events": [stream]}
    aws.answers["Logs_20140328.GetLogEvents"] = lambda body: asked.append(body) or {"events": events, "nextForwardToken": "f"}

    result = ops("logs", "sales", "--lines", "2")

    assert result.stdout == "[1/2] ok\ndone\n"
    assert (asked[0]["logGroupName"], asked[0]["logStreamName"], asked[0]["limit"]) == ("/dbt/sales", "dbt/dbt/0456", 2)
    assert (searched[0]["startTime"], searched[0]["endTime"]) == (1767225600000, 1767225640000)


def test_a_run_without_a_container_says_where_to_look(ops, aws):
    """An image that is gone leaves no line in CloudWatch; an empty answer would look like a defect of ours."""
    aws.answers["Logs_20140328.FilterLogEvents"] = lambda _: {"events": []}

    result = ops("logs", "sales")

    assert result.exit_code == 1
    assert "Airflow's task log says why" in result.stderr


def test_following_ends_with_the_last_line_of_an_ended_run(ops, aws):
    """The last line says how it ended; a command that never returns is no use in a script."""
    pages = {None: ["a"], "1": ["b", "c"], "2": []}

    def page(body):
        token = body.get("nextToken")
        return {"events": [{"message": line} for line in pages[token]], "nextForwardToken": "1" if token is None else "2"}

    aws.answers["Logs_20140328.GetLogEvents"] = page

    assert ops("logs", "sales", "--follow").stdout == "a\nb\nc\n"


def test_artifacts_are_listed_newest_first(ops, aws):
    """The run that somebody asks about is mostly the last one."""
    item = "<Contents><Key>{}</Key><Size>7</Size><LastModified>{}</LastModified></Contents>"
    old, new = (
        item.format("sales/runs/1/a.json", "2026-01-01T00:00:00Z"),
        item.format("sales/runs/2/b.json", "2026-01-02T00:00:00Z"),
    )
    aws.answers["GET /artifacts"] = lambda _: f"<ListBucketResult><IsTruncated>false</IsTruncated>{old}{new}</ListBucketResult>"

    found = json.loads(ops("artifacts", "sales", "--json").stdout)

    assert [entry["uri"] for entry in found] == ["s3://artifacts/sales/runs/2/b.json", "s3://artifacts/sales/runs/1/a.json"]


def test_an_unknown_workstream_gets_the_nearest_name(ops):
    """A typing error costs a second, not a search."""
    result = ops("run", "sale")

    assert result.exit_code == 1
    assert "Did you mean 'sales'?" in result.output


@pytest.mark.parametrize("verb", [("status",), ("run", "sales")])
def test_an_environment_that_is_being_created_is_said_to_be(ops, aws, verb):
    """It takes half an hour, in which every request fails with something else."""
    aws.answers["GET /environments/dbt-platform-dev"] = lambda _: {"Environment": {"Status": "CREATING"}}

    result = ops(*verb)

    assert result.exit_code == 1
    assert "not available: CREATING" in result.output
    assert "20 to 30 minutes" in result.output


def test_without_credentials_the_way_to_sign_in_is_shown(ops, monkeypatch, tmp_path):
    """The first thing that every new operator meets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    result = ops("status")

    assert result.exit_code == 1
    assert "aws sso login" in result.output


def test_a_denied_action_is_named(ops, aws):
    """The operator asks for exactly that one."""
    denial = {"__type": "AccessDeniedException", "message": "not authorized to perform: airflow:GetEnvironment"}
    aws.answers["GET /environments/dbt-platform-dev"] = lambda _: (403, denial)

    result = ops("status")

    assert result.exit_code == 1
    assert "airflow:GetEnvironment" in result.output


def test_a_stack_that_is_not_deployed_is_told_to_be(tmp_path):
    """The most common mistake: the wrong stack is selected."""
    outputs = tmp_path / "outputs.json"
    outputs.write_text("{}")

    result = CliRunner().invoke(app, ["--outputs", str(outputs), "status"])

    assert result.exit_code == 1
    assert "pulumi up" in result.output

"""A deployment or a destruction that is killed while AWS works for it, and what comes after it, with the real engine."""

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ops.backend.locks import locks
from ops.backend.recovery import recover
from ops.backend.state import pending, resources
from ops.engine import ONE_WRITE, Engine
from sandbox import engine
from sandbox.paths import CACHE
from sandbox.testing.account import REGION, Account

PROJECT, STACK, GROUP, SECRET, BUDGET = "recovery", "dev", "/recovery/cut-off", "recovery/cut-off", "recovery"

PROGRAM = f"""
import pulumi_aws as aws

aws.cloudwatch.LogGroup("cut-off", name={GROUP!r}, retention_in_days=7)
aws.secretsmanager.Secret("cut-off", name={SECRET!r}, recovery_window_in_days=0)
aws.budgets.Budget(
    "cut-off", name={BUDGET!r}, budget_type="COST", time_unit="MONTHLY", limit_amount="100", limit_unit="USD"
)
"""

CREATIONS = {"CreateLogGroup", "CreateSecret", "CreateBudget"}
UPDATES = {"PutRetentionPolicy", "UpdateBudget"}
DELETIONS = {"DeleteLogGroup", "DeleteSecret", "DeleteBudget"}

UP = ("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK)
DESTROY = ("pulumi", "destroy", "--yes", "--skip-preview", "--stack", STACK)
ONCE = ("env", *(f"{name}={value}" for name, value in ONE_WRITE.items()))


class Silence:
    """An AWS that does what it is asked, and never says that these calls are done."""

    def __init__(self, port: int, calls: set[str]) -> None:
        self.asked, self.over = threading.Barrier(1 + len(calls)), threading.Event()
        silence = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                upstream = http.client.HTTPConnection("127.0.0.1", port)
                upstream.request("POST", self.path, body, dict(self.headers.items()))
                answer = upstream.getresponse()
                content = answer.read()
                if self.headers.get("X-Amz-Target", "").rpartition(".")[2] in calls:
                    silence.asked.wait()
                    silence.over.wait()
                    return
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def end(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def killed(cloud: Account) -> Iterator[Callable[..., None]]:
    """Starts a command, and kills it and its plugins when AWS has all these requests and Pulumi has no answer."""
    made: list[Silence] = []

    def kill(calls: set[str], *command: str) -> None:
        silence = Silence(cloud.port, calls)
        made.append(silence)
        child = subprocess.Popen(command, env={**os.environ, "AWS_ENDPOINT_URL": silence.endpoint}, start_new_session=True)
        try:
            silence.asked.wait(120)
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    yield kill
    for silence in made:
        silence.end()


@pytest.fixture
def project(cloud: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Pulumi project with one log group, not deployed yet; the environment is that of its jobs."""
    folder, home = tmp_path / "project", tmp_path / "home"
    for made in (folder, home / "state"):
        made.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    engine.prepare_home(home, Path(sys.executable))
    values = {
        "PATH": f"{engine.ensure_cli(CACHE, print).parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.id,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "AWS_REGION": REGION,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI_PROJECT_ID", raising=False)
    monkeypatch.chdir(folder)
    subprocess.run(["pulumi", "stack", "init", STACK], check=True)
    return folder


def test_the_next_deployment_takes_over_what_a_killed_one_had_begun(
    project: Path, killed: Callable[..., None], cloud: Account, capfd: pytest.CaptureFixture[str]
):
    """Without it every deployment fails: first on the lock, then on names that are taken already."""
    killed(CREATIONS, *UP)
    dev = Engine(STACK)
    (held,) = locks(os.environ["PULUMI_BACKEND_URL"], PROJECT, STACK)
    assert [operation["type"] for operation in pending(dev.state())] == ["creating"] * len(CREATIONS)
    (made,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    secret = cloud.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"]
    capfd.readouterr()

    recover(dev, PROJECT, wait=lambda _: None)
    dev.run("up", "--yes", "--skip-preview")

    said = capfd.readouterr().out
    assert f"process {held.pid}" in said
    assert said.count("it is taken over.") == len(CREATIONS)
    (kept,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert (kept["creationTime"], kept["retentionInDays"]) == (made["creationTime"], 7)
    assert cloud.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"] == secret
    assert pending(dev.state()) == []
    assert locks(os.environ["PULUMI_BACKEND_URL"], PROJECT, STACK) == []
    dev.destroy()


def test_what_was_killed_and_made_nothing_is_done_again(project: Path, killed: Callable[..., None], cloud: Account):
    """It writes the state once, at its end: what a killed one leaves tells how things were before it."""
    dev, logs = Engine(STACK), cloud.client("logs")

    def groups() -> list[tuple[str, int]]:
        found = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
        return [(group["logGroupName"], group["retentionInDays"]) for group in found]

    dev.run("up", "--yes", "--skip-preview")
    program = project / "__main__.py"
    program.write_text(program.read_text().replace("retention_in_days=7", "retention_in_days=14").replace('"100"', '"200"'))
    killed(UPDATES, *ONCE, *UP)
    assert pending(dev.state()) == []
    assert groups() == [(GROUP, 14)]

    recover(dev, PROJECT, wait=lambda _: None)
    dev.run("up", "--yes", "--skip-preview")
    assert groups() == [(GROUP, 14)]
    dev.run("preview", "--refresh", "--expect-no-changes")

    killed(DELETIONS, *ONCE, *DESTROY)
    kept = {resource["type"] for resource in resources(dev.state())}
    assert groups() == []

    recover(dev, PROJECT, wait=lambda _: None)
    assert kept - {resource["type"] for resource in resources(dev.state())} == {
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:secretsmanager/secret:Secret",
        "aws:budgets/budget:Budget",
    }
    dev.run("up", "--yes", "--skip-preview")
    assert groups() == [(GROUP, 14)]

    dev.destroy()
    assert groups() == []
    assert resources(dev.state()) == []

"""A deployment that is killed while AWS works for it, and the next one, with the real engine."""

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ci.engine import Engine, pending
from ci.locks import locks
from ci.recovery import recover
from sandbox import engine
from sandbox.paths import CACHE
from sandbox.testing.account import REGION, Account

PROJECT, STACK, GROUP = "recovery", "dev", "/recovery/cut-off"

PROGRAM = f"""
import pulumi_aws as aws

aws.cloudwatch.LogGroup("cut-off", name={GROUP!r}, retention_in_days=7)
"""


class Silence:
    """An AWS that does what it is asked, and never says that the log group is made."""

    def __init__(self, port: int) -> None:
        self.asked, self.over = threading.Event(), threading.Event()
        silence = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                upstream = http.client.HTTPConnection("127.0.0.1", port)
                upstream.request("POST", self.path, body, dict(self.headers.items()))
                answer = upstream.getresponse()
                content = answer.read()
                if self.headers.get("X-Amz-Target", "").endswith(".CreateLogGroup"):
                    silence.asked.set()
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
def silence(cloud: Account) -> Iterator[Silence]:
    made = Silence(cloud.port)
    yield made
    made.end()


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


def kill_while_aws_works(silence: Silence) -> None:
    """Starts `pulumi up`, and kills it and its plugins when AWS has the request and Pulumi has no answer."""
    command = ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK]
    up = subprocess.Popen(command, env={**os.environ, "AWS_ENDPOINT_URL": silence.endpoint}, start_new_session=True)
    try:
        assert silence.asked.wait(120), f"`pulumi up` never asked for the log group; exit code {up.poll()}"
    finally:
        os.killpg(up.pid, signal.SIGKILL)
        up.wait()


def test_the_next_deployment_takes_over_what_a_killed_one_had_begun(
    project: Path, silence: Silence, cloud: Account, capfd: pytest.CaptureFixture[str]
):
    """Without it every deployment fails: first on the lock, then on a log group that exists already."""
    kill_while_aws_works(silence)
    dev = Engine(STACK)
    (held,) = locks(os.environ["PULUMI_BACKEND_URL"], PROJECT, STACK)
    (operation,) = pending(dev.state())
    assert operation["type"] == "creating"
    (made,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    capfd.readouterr()

    recover(dev, PROJECT, wait=lambda _: None)
    dev.run("up", "--yes", "--skip-preview")

    said = capfd.readouterr().out
    assert f"process {held.pid}" in said
    assert f"If AWS made it, its id is '{GROUP}': it is taken over." in said
    (kept,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert (kept["creationTime"], kept["retentionInDays"]) == (made["creationTime"], 7)
    assert pending(dev.state()) == []
    assert locks(os.environ["PULUMI_BACKEND_URL"], PROJECT, STACK) == []

"""What a new user does: `make demo`, look around, `make demo-down`; also when something was killed in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import psutil
import pytest

from sandbox.demo import lifecycle
from sandbox.docker_leftovers import references
from sandbox.network import wait_until
from sandbox.paths import REPOSITORY, Home
from sandbox.state import State

pytestmark = pytest.mark.slow


@pytest.fixture
def home() -> Iterator[Home]:
    """The folder of a sandbox that is ended after the test, whatever happened."""
    home = Home(REPOSITORY / ".sandbox-demo")
    lifecycle.clear(home, print)
    yield home
    lifecycle.clear(home, print)


def sandbox(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The sandbox's command line."""
    return subprocess.run(command(*arguments), env=environment(home), cwd=REPOSITORY, capture_output=True, text=True, check=False)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.demo.cli", *arguments]


def environment(home: Home) -> dict[str, str]:
    return {**os.environ, "SANDBOX_HOME": str(home.path), "COLUMNS": "200"}


def start_and_kill_emulator(home: Home) -> subprocess.Popen[str]:
    """A demo whose emulator was killed while `pulumi up` was at work."""
    demo = subprocess.Popen(command("demo"), env=environment(home), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    log = home.logs / "pulumi-up.log"
    log.unlink(missing_ok=True)
    assert wait_until(lambda: demo.poll() is not None or (log.exists() and " created (" in log.read_text()), 300)
    state = State.load(home)
    assert state
    assert demo.poll() is None, demo.communicate()[0]
    os.kill(state.processes["AWS emulator"].pid, signal.SIGKILL)
    return demo


def test_a_demo_recovers_from_a_killed_emulator_and_leaves_nothing_at_its_end(home):
    """The demo is the first thing that a new user sees of the platform, and their machine is theirs."""
    killed = start_and_kill_emulator(home)
    said, _ = killed.communicate(timeout=300)
    assert killed.returncode == 1
    assert "What to do" in said

    shown = sandbox(home, "demo")

    assert shown.returncode == 0, shown.stdout + shown.stderr
    for part in (
        "Airflow run success",
        "dbt succeeded",
        "SALES.CUSTOMERS",
        "Ada",
        "run_results.json",
        "make demo-down",
        "Measures",
    ):
        assert part in shown.stdout
    measures = {measure["name"]: measure for measure in json.loads(sandbox(home, "measures", "--json").stdout)}
    assert measures["dbt image, compressed"]["value"] < measures["dbt image, compressed"]["limit"]

    assert_a_second_one_is_refused(home)
    state = State.load(home)
    assert state
    assert_nothing_listens_on_other_addresses(state)

    down = sandbox(home, "down")

    assert down.returncode == 0, down.stdout + down.stderr
    assert_nothing_is_left(home, state)


def assert_a_second_one_is_refused(home: Home) -> None:
    second = sandbox(home, "demo")
    assert second.returncode == 1
    assert "A demo runs already" in second.stdout


def assert_nothing_listens_on_other_addresses(state: State) -> None:
    """A laptop in a café must not offer an AWS emulator to the room."""
    pids = {process.pid for name, process in state.processes.items() if name != "Docker daemon"}
    listening = [
        getattr(c.laddr, "ip", "") for c in psutil.net_connections("inet") if c.status == psutil.CONN_LISTEN and c.pid in pids
    ]
    assert set(listening) == {"127.0.0.1", state.gateway}


def assert_nothing_is_left(home: Home, state: State) -> None:
    client = docker.from_env()
    mine: dict[str, str | list[str] | bool] = {"label": f"dbt-platform.sandbox={state.id}"}
    assert client.containers.list(all=True, filters=mine, ignore_removed=True) == []
    assert client.networks.list(filters=mine) == []
    assert client.volumes.list(filters=mine) == []
    assert [name for name in references() if state.account in name or f":{state.emulator_port}/" in name] == []
    assert [process for process in state.processes.values() if process.find()] == []
    assert {path.name for path in Path(home.path).iterdir()} == {"lock", "logs", "measures.json"}

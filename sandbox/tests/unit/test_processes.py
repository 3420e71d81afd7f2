"""The sandbox's own machinery: what it starts it finds and ends again, and it says what to do when it can't."""

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from sandbox import docker_engine, packages, virtualenvs
from sandbox.demo import lifecycle, measures
from sandbox.demo.cli import app, main
from sandbox.demo.stack import Stack
from sandbox.errors import SandboxError
from sandbox.network import free_port, wait_until
from sandbox.paths import Home
from sandbox.processes import Begun, start, stop
from sandbox.state import Process, State
from sandbox.steps import Report


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The sandbox's command line; in this process, because starting one costs seconds."""

    def run(home: Path, *arguments: str, **environment: str) -> Done:
        for name, value in {"SANDBOX_HOME": str(home), "COLUMNS": "200", **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["sandbox", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), capsys.readouterr().out)

    return run


def test_a_command_that_asks_the_warehouse_nothing_does_not_load_its_connector():
    """It takes more than half a second, and `sandbox status` is typed often."""
    subprocess.run([sys.executable, "-c", "import sandbox.demo.cli, sys; assert 'snowflake' not in sys.modules"], check=True)


def test_down_with_nothing_running_is_no_error(cli, tmp_path):
    """A clean-up script may call it at any time."""
    done = cli(tmp_path, "down")

    assert (done.returncode, done.stdout.strip()) == (0, "Nothing runs here.")


def test_a_second_demo_is_refused_while_one_runs(cli, tmp_path):
    """It would take the first one's folder away under its feet."""
    state = State.new()
    state.phase = "ready"
    state.processes["AWS emulator"] = Process.of(os.getpid())
    state.save(Home(tmp_path))

    done = cli(tmp_path, "demo")

    assert done.returncode == 1
    assert "A demo runs already" in done.stdout
    assert "make demo-down" in done.stdout


def test_docker_out_of_reach_names_the_address_and_the_fix(cli, tmp_path):
    """A user with a wrong DOCKER_HOST must not look for the fault elsewhere."""
    done = cli(tmp_path, "demo", DOCKER_HOST="tcp://127.0.0.1:1")

    assert done.returncode == 1
    assert "DOCKER_HOST=tcp://127.0.0.1:1" in done.stdout
    assert "What to do: Start that daemon, or unset DOCKER_HOST." in done.stdout


def test_docker_not_running_and_no_root_says_how_to_start_it(tmp_path, monkeypatch):
    """Only root can start a daemon."""
    monkeypatch.setattr(docker_engine, "why_unreachable", lambda: "connection refused")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(SandboxError) as raised:
        docker_engine.ensure_docker(Home(tmp_path), print, begun=print)

    assert "systemctl start docker" in raised.value.fix


def test_a_missing_package_is_named_when_it_cannot_be_installed(monkeypatch):
    """Without root we can only say what to install."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(SandboxError) as raised:
        packages.ensure_program("no-such-program", "mmdebstrap", print)

    assert "apt-get install --no-install-recommends mmdebstrap" in raised.value.fix


def test_a_command_that_needs_a_sandbox_says_how_to_get_one(cli, tmp_path):
    done = cli(tmp_path, "exec", "ops", "status")

    assert done.returncode == 1
    assert "make demo" in done.stdout


def test_a_taken_port_is_not_chosen(monkeypatch):
    """The port must be free on every address, not only on the first."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", 0))
        port = taken.getsockname()[1]
        bind = socket.socket.bind
        offers = iter([port, 0])

        def offer(self: socket.socket, address: tuple[str, int]) -> None:
            bind(self, ("127.0.0.1", next(offers)) if address == ("127.0.0.1", 0) else address)

        monkeypatch.setattr(socket.socket, "bind", offer)

        assert free_port("127.0.0.1", "127.0.0.2") != port


def test_a_stand_in_that_dies_at_start_shows_the_end_of_its_log(tmp_path):
    command = [sys.executable, "-c", "print('no such port'); raise SystemExit(7)"]

    with pytest.raises(SandboxError) as raised:
        start("warehouse", command, os.environ, tmp_path / "log", ready=lambda: False, seconds=30)

    assert "exit code 7" in raised.value.problem
    assert "no such port" in raised.value.problem


def test_who_interrupts_a_start_leaves_no_process(tmp_path):
    """After Ctrl+C nothing knows of it any more: it would listen, and keep its memory, until the machine is restarted."""
    log = tmp_path / "log"

    def interrupted() -> bool:
        if log.read_text():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        start("warehouse", ["sh", "-c", "echo $$; exec sleep 600"], os.environ, log, ready=interrupted)

    assert not psutil.pid_exists(int(log.read_text()))


def test_a_stand_in_does_nothing_before_it_is_written_down(tmp_path):
    """Whoever is killed in the second of a start would leave a process that `make demo-down` does not find."""
    log = tmp_path / "log"
    seen: list[str] = []

    def begun(process: Process) -> None:
        assert wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_SLEEPING, 60)
        seen.append(log.read_text())

    process = start("warehouse", ["sh", "-c", "echo $$; exec sleep 600"], os.environ, log, ready=log.read_text, begun=begun)
    stop(process, seconds=1)

    assert seen == [""]
    assert int(log.read_text()) == process.pid


def test_a_start_that_is_killed_before_it_wrote_the_stand_in_down_leaves_none(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from sandbox.processes import start\n"
        "def killed(process): print(process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
        f"start('warehouse', ['sleep', '600'], os.environ, Path({str(tmp_path / 'log')!r}), ready=lambda: True, begun=killed)"
    )

    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)

    assert wait_until(lambda: not psutil.pid_exists(int(done.stdout)), 60)


def test_a_sandbox_of_which_half_is_written_says_so(cli, tmp_path):
    """Every command ended in a traceback, the one that should end it too."""
    home = Home(tmp_path)
    State.new().save(home)
    home.state.write_text(home.state.read_text()[:40])

    for command in ("status", "down", "demo"):
        done = cli(tmp_path, command)

        assert done.returncode == 1
        assert f"{home.state} is no sandbox's state" in done.stdout
        assert f"remove {home.path}" in done.stdout


def test_a_full_disk_leaves_the_state_as_it_was(tmp_path, monkeypatch):
    """It names what runs: half of it, and nothing can be ended any more."""
    home, state = Home(tmp_path), State.new()
    state.save(home)
    written = Path.write_text

    def full(path: Path, text: str) -> int:
        written(path, text[:40])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        state.save(home)

    assert State.load(home) == state
    assert home.state.stat().st_mode & 0o777 == 0o600


def test_a_process_with_a_recycled_pid_is_never_ended():
    """The file may name a pid that now belongs to somebody else's process."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        stop(Process(pid=child.pid, started=0), seconds=1)

        assert child.poll() is None
    finally:
        child.communicate(b"\n")


def test_a_process_that_ignores_the_request_is_killed_with_its_children(tmp_path):
    program = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE);"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid)); input()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert parent.poll() is None
    child = Process.of(int((tmp_path / "child").read_text()))

    process = Process.of(parent.pid)

    stop(process, seconds=0.2)

    assert process.find() is None
    assert child.find() is None


def test_the_containers_of_a_killed_docker_daemon_are_ended_too(tmp_path, monkeypatch):
    """They run without it, and nothing but a daemon finds them: `make demo-down` said that nothing was left."""
    home, state = Home(tmp_path), State.new()
    state.processes[lifecycle.DOCKER_DAEMON] = Process(pid=os.getpid(), started=0)
    state.save(home)
    running: list[subprocess.Popen[bytes]] = []

    def start_daemon(_home: Home, _report: Report, begun: Begun) -> None:
        running.append(subprocess.Popen(["sleep", "600"]))
        begun(Process.of(running[0].pid))

    monkeypatch.setattr(lifecycle, "ensure_docker", start_daemon)
    monkeypatch.setattr(lifecycle, "why_unreachable", lambda: None if running else "connection refused")
    monkeypatch.setattr(lifecycle, "remove_images", lambda *_: None)
    monkeypatch.setattr(lifecycle, "remove_leftovers", lambda _: ["container mwaa"])
    said: list[str] = []

    lifecycle.clear(home, said.append)

    assert said == ["removed container mwaa", "ended the Docker daemon"]
    assert not psutil.pid_exists(running[0].pid)
    assert State.load(home) is None


def test_what_is_made_before_the_first_sandbox_stays_without_a_docker_daemon(tmp_path, monkeypatch):
    """Tests begin a daemon of their own; nobody would end this one."""
    started: list[Process] = []

    def start_daemon(home: Home, _report: Report, begun: Begun) -> None:
        home.path.mkdir()
        started.append(Process.of(subprocess.Popen(["sleep", "600"]).pid))
        begun(started[0])

    monkeypatch.setattr(lifecycle, "REPOSITORY", tmp_path)
    monkeypatch.setattr(lifecycle, "ensure_docker", start_daemon)
    monkeypatch.setattr(lifecycle, "why_unreachable", lambda: "connection refused")
    monkeypatch.setattr(lifecycle, "set_up", lambda _steps, home, _state: (home.path / "made").touch())

    assert CliRunner().invoke(app, ["set-up"]).exit_code == 0

    assert [path.name for path in (tmp_path / ".sandbox-daemon").iterdir()] == ["made"]
    assert started[0].find() is None


def test_a_half_made_environment_is_not_taken_for_a_whole_one(tmp_path, monkeypatch):
    """A killed set-up must not leave an environment that later fails in strange ways."""
    monkeypatch.setattr(virtualenvs, "CACHE", tmp_path)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no-such-package==0 --hash=sha256:" + "0" * 64)
    monkeypatch.setenv("UV", "false")

    for _ in range(2):
        with pytest.raises(SandboxError):
            virtualenvs.ensure_virtualenv("emulator", requirements, lambda _: None)


def test_the_committed_stack_file_stays_as_it_is(tmp_path):
    """Ports and salts of one sandbox are nothing to commit."""
    (tmp_path / "Pulumi.yaml").write_text("name: dbt-platform\nruntime: python\n")
    committed = tmp_path / "Pulumi.sandbox.yaml"
    committed.write_text("config:\n  dbt-platform:warehouse: {account: a, host: b}\n")
    home = Home(tmp_path / "home")
    home.project.mkdir(parents=True)
    before = committed.read_text()
    stack = Stack(home, State.new(), Path("pulumi"), repository=tmp_path)

    stack.configure({"dbt-platform:warehouse": {"host": "c"}})

    assert committed.read_text() == before
    assert "account: a" in stack.configuration.read_text()
    assert "host: c" in stack.configuration.read_text()


def event(time: int, kind: str, urn: str, resource_type: str) -> str:
    return json.dumps({"timestamp": time, kind: {"metadata": {"urn": urn, "type": resource_type}}})


def test_only_time_spent_on_nothing_but_slow_resources_is_left_out(tmp_path):
    """Otherwise the measure would hide a slow program behind a slow image build."""
    log = tmp_path / "events"
    log.write_text(
        "\n".join(
            [
                event(0, "resourcePreEvent", "image", "docker:index/image:Image"),
                event(2, "resourcePreEvent", "bucket", "aws:s3/bucket:Bucket"),
                event(5, "resOutputsEvent", "bucket", "aws:s3/bucket:Bucket"),
                event(10, "resOutputsEvent", "image", "docker:index/image:Image"),
                json.dumps({"timestamp": 12, "summaryEvent": {}}),
            ]
        )
    )

    assert measures.seconds_without(log, ("docker:index/image:Image",)) == 12 - (10 - 3)


def test_who_needs_an_environment_at_once_makes_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """On a bare machine the tests without Docker and the set-up for the others begin together: one removed what the other made."""
    uv, calls, requirements = tmp_path / "uv", tmp_path / "calls", tmp_path / "requirements.txt"
    uv.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nfor last; do :; done\n[ $1 = pip ] || mkdir -p "$last"\n')
    uv.chmod(0o755)
    requirements.write_text("six==1.17.0\n")
    monkeypatch.setattr(virtualenvs, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("UV", str(uv))

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: virtualenvs.ensure_virtualenv("six", requirements, lambda _: None), range(4)))

    assert calls.read_text().split() == ["venv", "pip"]
    assert len(set(made)) == 1

"""Sets up, starts and ends a sandbox."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import airflow, base, emulator, engine, warehouse
from sandbox.demo.stack import Stack
from sandbox.docker_engine import bridge_gateway, ensure_docker, unmount_below, why_unreachable
from sandbox.docker_leftovers import remove_images, remove_leftovers
from sandbox.emulator import console
from sandbox.emulator.process import start as start_emulator
from sandbox.errors import SandboxError
from sandbox.network import answers, free_port
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.processes import Begun, start, stop
from sandbox.state import LABEL, Process, State
from sandbox.steps import Report, Steps
from sandbox.virtualenvs import ensure_virtualenv

DOCKER_DAEMON = "Docker daemon"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What set-up found or made."""

    cli: Path
    """The Pulumi CLI."""
    base_image: str
    airflow_image: str
    emulator_python: Path
    warehouse_python: Path


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Keeps a second command from changing the same sandbox at the same time."""
    home.path.mkdir(parents=True, exist_ok=True)
    with home.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(f"Another command works on {home.path} right now.", "Wait until it ends, or end it.") from None
        yield


@contextmanager
def docker_daemon(home: Home, report: Report) -> Iterator[None]:
    """A Docker daemon while the block runs, when none runs already; `home` is for nothing else."""
    clear(home, report)
    _start_docker(home, State.new(), report)
    try:
        yield
    finally:
        clear(home, report)


@contextmanager
def everything_made(report: Report) -> Iterator[None]:
    """What every sandbox is made of is there; while the block runs, a Docker daemon too.

    Raises:
        SandboxError: it can't be made.
    """
    home = Home(REPOSITORY / ".sandbox-daemon")  # `.ci/run` ends what is in it when this is killed
    with docker_daemon(home, report):
        set_up(Steps(), home, State.new())
        yield


def _recorded(name: str, home: Home, state: State) -> Begun:
    """Puts a process into the state: whatever kills this one, `sandbox down` can end it."""

    def record(process: Process) -> None:
        state.processes[name] = process
        state.save(home)

    return record


def _start_docker(home: Home, state: State, report: Report) -> None:
    ensure_docker(home, report, _recorded(DOCKER_DAEMON, home, state))


def set_up(steps: Steps, home: Home, state: State) -> Tools:
    """Makes everything that a sandbox needs; what is there already is kept."""
    with steps.step(DOCKER_DAEMON) as report:
        _start_docker(home, state, report)
    with steps.step("Pulumi CLI") as report:
        cli = engine.ensure_cli(CACHE, report)
    with steps.step("base image") as report:
        base_image = base.ensure_base(CACHE, report)
    with steps.step("Airflow image") as report:
        airflow_image = airflow.ensure_image(base_image, report)
    with steps.step("AWS emulator's environment") as report:
        emulator_python = ensure_virtualenv("emulator", emulator.REQUIREMENTS, report)
    with steps.step("warehouse's environment") as report:
        warehouse_python = ensure_virtualenv("warehouse", warehouse.REQUIREMENTS, report)
    return Tools(
        cli=cli,
        base_image=base_image,
        airflow_image=airflow_image,
        emulator_python=emulator_python,
        warehouse_python=warehouse_python,
    )


def start_stand_ins(steps: Steps, home: Home, state: State, tools: Tools) -> None:
    """Starts the emulator and the warehouse on free ports of loopback and Docker's bridge, nowhere else."""
    state.gateway = bridge_gateway()
    bind = ("127.0.0.1", state.gateway)
    with steps.step("warehouse") as report:
        state.warehouse_port = free_port(*bind)
        home.warehouse_database.parent.mkdir(parents=True, exist_ok=True)
        report(f"127.0.0.1:{state.warehouse_port}")
        start(
            "warehouse",
            [tools.warehouse_python, warehouse.LAUNCHER, str(state.warehouse_port), home.warehouse_database],
            {**os.environ, **warehouse.environment(bind=bind, admin_password=state.warehouse_password)},
            home.logs / "warehouse.log",
            ready=lambda: answers(warehouse.health_url("127.0.0.1", state.warehouse_port)),
            begun=_recorded("warehouse", home, state),
        )
    with steps.step("AWS emulator") as report:
        state.emulator_port = free_port(*bind)
        report(state.emulator_url)
        start_emulator(
            tools.emulator_python,
            home.logs / "emulator.log",
            sandbox_id=state.id,
            account=state.account,
            region=state.region,
            port=state.emulator_port,
            bind=bind,
            airflow_image=tools.airflow_image,
            secret_key=state.secret_key,
            begun=_recorded("AWS emulator", home, state),
        )


def configuration(state: State, tools: Tools) -> dict[str, Any]:
    """What a stack has to know of this sandbox."""
    return {
        "dbt-platform:warehouse": {"host": "host.docker.internal", "port": state.warehouse_port, "protocol": "http"},
        "dbt-platform:image": {"baseImage": tools.base_image},
        "dbt-platform:airflow": {"consoleLink": console.link(state.emulator_url)},
    }


def deploy(steps: Steps, home: Home, state: State, tools: Tools) -> Stack:
    """Deploys a new stack that has this sandbox's addresses in its configuration."""
    engine.prepare_home(home.pulumi_home, Path(sys.executable))
    stack = Stack(home, state, tools.cli)
    stack.init(configuration(state, tools))
    stack.log_in()
    with steps.step("pulumi up") as report:
        said = stack.run("up", "--yes", "--skip-preview", "--event-log", str(home.update_events))
        report(f"{said.count(' created (')} resources")
    with steps.step("preview without a change"):
        stack.run("preview", "--expect-no-changes")
    return stack


def clear(home: Home, report: Report) -> None:
    """Ends what is left of a sandbox, whatever state it is in, without asking Pulumi; keeps logs and measures."""
    state = State.load(home)
    if state is None:
        return
    daemon = state.processes.pop(DOCKER_DAEMON, None)
    for name, process in state.processes.items():
        if process.find():
            stop(process, seconds=20)
            report(f"ended the {name}")
    if daemon and not daemon.find():  # It was killed: its containers may go on, and only a daemon ends them.
        _start_docker(home, state, report)
        daemon = state.processes.pop(DOCKER_DAEMON, None)
    if why_unreachable() is None:
        for thing in remove_leftovers(f"{LABEL}={state.id}"):
            report(f"removed {thing}")
        remove_images(f"{state.account}.dkr.ecr.", f"127.0.0.1:{state.emulator_port}/")
    if daemon:
        stop(daemon, seconds=30)
        unmount_below(home.daemon)
        report("ended the Docker daemon")
    for place in home.perishable:
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)

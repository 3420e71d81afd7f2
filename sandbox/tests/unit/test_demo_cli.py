"""The commands of the demo, without a demo."""

import json
import signal
import sys
from pathlib import Path

import psutil
import pytest
import yaml
from typer.testing import CliRunner

from sandbox.demo import cli
from sandbox.demo.stack import Stack
from sandbox.errors import SandboxError
from sandbox.paths import Home
from sandbox.state import State


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack of a checkout of its own, with an engine that does nothing."""
    (tmp_path / "Pulumi.yaml").write_text("name: p")
    (tmp_path / "Pulumi.sandbox.yaml").write_text(yaml.safe_dump({"config": {"p:size": "small", "p:warehouse": {"user": "DBT"}}}))
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\n")
    engine.chmod(0o755)
    return Stack(Home(tmp_path / ".sandbox"), State.new(), engine, repository=tmp_path)


def configured(stack: Stack) -> dict[str, object]:
    return yaml.safe_load(stack.configuration.read_text())["config"]


def test_what_is_edited_in_the_checkout_is_what_pulumi_gets(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    """A copy of the day of the demo would be deployed again and again, whatever somebody writes into the stack file."""
    stack.init({"p:warehouse": {"host": "127.0.0.1"}})
    committed = stack.repository / "Pulumi.sandbox.yaml"
    committed.write_text(committed.read_text().replace("small", "large"))
    monkeypatch.setattr(cli, "_running_stack", lambda: stack)

    done = CliRunner().invoke(cli.app, ["pulumi", "preview"])

    assert done.exit_code == 0
    assert configured(stack) == {"p:size": "large", "p:warehouse": {"user": "DBT", "host": "127.0.0.1"}}


@pytest.fixture
def called(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done with the stack of a sandbox that runs."""
    words: list[str] = []
    stack.init({})
    monkeypatch.setattr(cli, "_running_stack", lambda: stack)
    monkeypatch.setattr(Stack, "recover", lambda _: words.append("recover"))
    monkeypatch.setattr(cli, "_replace_by", lambda command, _: words.append(command[1]))
    return words


@pytest.mark.parametrize(("verb", "expected"), [("up", ["recover", "up"]), ("preview", ["preview"])])
def test_what_changes_the_stack_settles_first_what_was_killed(verb: str, expected: list[str], called: list[str]):
    """Pulumi says that the stack is locked, and for ever that an operation is pending; a preview needs neither."""
    assert CliRunner().invoke(cli.app, ["pulumi", verb]).exit_code == 0

    assert called == expected


def test_the_recovery_of_the_sandbox_is_the_one_of_the_operators(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Two would differ some day; and the file that it reads must not be the committed one."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    ops = tmp_path / "ops"
    ops.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked; test ! -e {tmp_path}/locked')
    ops.chmod(0o755)

    stack.recover()

    assert (tmp_path / "asked").read_text().split() == ["--stack", "sandbox", "recover", "--config-file", str(stack.configuration)]
    (tmp_path / "locked").touch()
    with pytest.raises(SandboxError, match="see above"):
        stack.recover()


PULUMI_AT_WORK = """#!{python}
import pathlib, signal, sys, time

def unlock(*_):
    pathlib.Path("{unlocked}").touch()
    sys.exit(1)

signal.signal(signal.SIGINT, unlock)
print("begun", flush=True)
while True:
    time.sleep(0.1)
"""
"""No shell: it can't take back that a job in the background ignores SIGINT, and a pipeline may run the tests so."""


def test_ctrl_c_waits_until_pulumi_has_unlocked_the_stack(stack: Stack):
    """`make demo-down` found it locked, ended everything all the same, and then reported a failure."""
    stack.init({})
    unlocked = stack.home.path / "unlocked"
    stack.cli.write_text(PULUMI_AT_WORK.format(python=sys.executable, unlocked=unlocked))
    begun: list[str] = []

    def interrupt(line: str) -> None:
        begun.append(line)
        [pulumi] = psutil.Process().children()
        pulumi.send_signal(signal.SIGINT)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stack.run("up", report=interrupt)

    assert begun == ["begun"]
    assert unlocked.exists()


@pytest.mark.parametrize("command", ["exec", "pulumi"])
def test_help_behind_a_verb_is_the_other_programs(command: str, stack: Stack, monkeypatch: pytest.MonkeyPatch):
    """`sandbox exec ops run --help` must explain `ops run`."""
    asked: list[list[str]] = []
    stack.init({})
    monkeypatch.setattr(cli, "_running_stack", lambda: stack)
    monkeypatch.setattr(cli, "_replace_by", lambda words, _: asked.append(words))

    verb = CliRunner().invoke(cli.app, [command, "preview", "--help"])
    itself = CliRunner().invoke(cli.app, [command, "--help"])

    assert verb.exit_code == 0
    assert "--help" in asked[0]
    assert "Usage" in itself.output
    assert len(asked) == 1


def test_the_status_of_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli.Home, "of_environment", lambda: Home(tmp_path))

    said = CliRunner().invoke(cli.app, ["status", "--json"]).output

    assert json.loads(said) == {}


def test_faults_are_ordered_until_they_are_ended(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    """Somebody who tries how the platform bears AWS's bad days would try nothing, or never get rid of it."""
    orders: list[dict[str, object]] = []
    monkeypatch.setattr(cli.State, "load", lambda _: stack.state)
    monkeypatch.setattr(cli.State, "alive", lambda _: True)
    monkeypatch.setattr(cli, "give_order", lambda _, order: orders.append(order))

    begun = CliRunner().invoke(cli.app, ["faults", "throttle", "--share", "0.5", "--service", "ecs"])
    ended = CliRunner().invoke(cli.app, ["faults", "off"])
    mistyped = CliRunner().invoke(cli.app, ["faults", "no-such-fault"])

    assert orders == [{"fault": "throttle", "share": 0.5, "services": ["ecs"], "seed": 0}, {}]
    assert "50% of the calls of ecs" in begun.output
    assert "AWS works." in ended.output
    assert isinstance(mistyped.exception, SandboxError)

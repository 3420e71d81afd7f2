"""`sandbox`: the platform on this machine, with no AWS account."""

import json
import shutil
import subprocess
import sys
import time
from typing import Annotated

import typer
from rich.markup import escape

from ops.explained import Whole
from sandbox.demo import demo, lifecycle, measures
from sandbox.demo.measures import Measure
from sandbox.demo.memory import PeakMemory
from sandbox.demo.stack import Stack
from sandbox.emulator.faults import Fault, give_order
from sandbox.errors import SandboxError
from sandbox.paths import CACHE, REPOSITORY, Home
from sandbox.state import State
from sandbox.steps import Steps, console

app = typer.Typer(
    cls=Whole, help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)

SLOW_TYPES = ("docker:index/image:Image", "aws:mwaa/environment:Environment")
"""Their time depends on downloads and on Airflow's start, not on Pulumi."""

CHANGING = ("up", "update", "destroy", "refresh")
"""Pulumi's verbs that need the stack for themselves."""

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""Everything behind the command's name is the other program's, `--help` too."""


@app.command("demo")
def run_demo() -> None:
    """Deploy the sandbox stack, run its dbt workstreams through Airflow and show the results."""
    home, steps, begin = Home.of_environment(), Steps(), time.monotonic()
    with lifecycle.locked(home):
        _refuse_second(home)
        _clear_remains(steps, home)
        console.rule("Set-up")
        state = State.new()
        state.save(home)
        tools = lifecycle.set_up(steps, home, state)
        ready = time.monotonic()
        with PeakMemory(state) as memory:
            console.rule("Deployment")
            lifecycle.start_stand_ins(steps, home, state, tools)
            stack = lifecycle.deploy(steps, home, state, tools)
            demo.put_credentials(steps, stack)
            console.rule("Runs")
            states = demo.run_workstreams(steps, stack)
        total = time.monotonic() - begin
        state.phase = "ready"
        state.save(home)
        demo.show(stack, states)
        figures = [
            Measure(name="make demo, with what was not cached yet", value=total, unit="s", limit=900),
            Measure(name="of it set-up", value=ready - begin, unit="s"),
            Measure(name="make demo without set-up", value=total - (ready - begin), unit="s", limit=240),
            Measure(name="pulumi up", value=steps.seconds["pulumi up"], unit="s"),
            Measure(
                name="pulumi up without image builds and Airflow's start",
                value=measures.seconds_without(home.update_events, SLOW_TYPES),
                unit="s",
                limit=60,
            ),
            Measure(name="preview without a change", value=steps.seconds["preview without a change"], unit="s", limit=10),
            *(Measure(name=f"{name}: trigger to end", value=steps.seconds[f"run {name}"], unit="s", limit=45) for name in states),
            Measure(name="peak memory", value=memory.mebibytes, unit="MiB", limit=4096),
            Measure(name="dbt image, compressed", value=demo.image_megabytes(stack), unit="MB", limit=250),
        ]
        measures.write(home.measures, figures)
        console.print(measures.table(figures))
        if failed := [name for name, run in states.items() if run != "success"]:
            raise SandboxError(
                f"These runs failed: {', '.join(failed)}.", "Their log: .venv/bin/sandbox exec ops logs " + failed[0]
            )


@app.command("set-up")
def set_up() -> None:
    """Make what every sandbox is made of, so that the first one need not: Pulumi's CLI, images, environments of Python."""
    with lifecycle.everything_made(print):
        pass


@app.command()
def down() -> None:
    """Destroy the stack, then end the stand-ins; nothing is left but logs and the cache."""
    home, steps = Home.of_environment(), Steps()
    with lifecycle.locked(home):
        state = State.load(home)
        if state is None:
            console.print("Nothing runs here.")
            return
        failure: SandboxError | None = None
        if state.alive() and home.project.exists():
            try:
                with steps.step("pulumi destroy"):
                    stack = _stack(home, state)
                    stack.recover()
                    stack.run("destroy", "--yes", "--skip-preview")
            except SandboxError as error:
                failure = error  # what runs must end all the same; AWS is only an emulator here
        with steps.step("stand-ins") as report:
            lifecycle.clear(home, report)
            shutil.rmtree(REPOSITORY / ".build", ignore_errors=True)  # the program's build contexts
        if failure:
            raise failure
        console.print(f"Nothing is left but logs in {home.logs} and the cache in {CACHE}.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what runs and where."""
    home = Home.of_environment()
    state = State.load(home)
    if state is None:
        console.print("{}" if as_json else "Nothing runs here. `make demo` starts it.")
        return
    facts = {
        "phase": state.phase,
        "emulator": state.emulator_url,
        "warehouse": f"127.0.0.1:{state.warehouse_port}",
        "account": state.account,
        "airflow": _airflow(home, state),
        "processes": {name: process.pid if process.find() else "ended" for name, process in state.processes.items()},
    }
    if as_json:
        print(json.dumps(facts))
        return
    processes = facts.pop("processes")
    for name, value in [*facts.items(), *processes.items()]:
        console.print(f"{name:<24} {escape(str(value))}")
    console.print("\nState of the last runs: .venv/bin/sandbox exec ops status\nEnd everything: make demo-down")


@app.command("measures")
def show_measures(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Print what the last demo measured."""
    home = Home.of_environment()
    if not home.measures.exists():
        raise SandboxError("Nothing was measured yet.", "Run: make demo")
    if as_json:
        print(home.measures.read_text())
    else:
        console.print(measures.table(measures.read(home.measures)))


@app.command()
def faults(
    fault: Annotated[str, typer.Argument(help=f"{', '.join(Fault)}; or off.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Of the calls, chosen by the seed.")] = 1.0,
    service: Annotated[list[str] | None, typer.Option(help="As it signs its calls (ecs, airflow, ...); none: all.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same calls fail.")] = 0,
) -> None:
    """Let the emulator fail as AWS does, until `faults off`."""
    if fault not in (*Fault, "off"):
        raise SandboxError(f"There is no fault {fault!r}.", f"One of: {', '.join(Fault)}, off")
    state = State.load(Home.of_environment())
    if state is None or not state.alive():
        raise SandboxError("No sandbox runs here.", "Start it: make demo")
    order = {} if fault == "off" else {"fault": fault, "share": share, "services": service or [], "seed": seed}
    give_order(state.emulator_url, order)
    console.print(
        "AWS works." if fault == "off" else f"{fault}: {share:.0%} of the calls of {', '.join(service or ['every service'])}"
    )


@app.command("exec", context_settings=PASS_THROUGH)
def execute(context: typer.Context) -> None:
    """Run a command (ops, aws, python, ...) that talks to this sandbox as if it were AWS."""
    _explain(context)
    _replace_by(context.args, _running_stack())


@app.command("pulumi", context_settings=PASS_THROUGH)
def run_pulumi(context: typer.Context) -> None:
    """Run `pulumi` on the sandbox stack, e.g. `sandbox pulumi preview --diff`; with what Pulumi.sandbox.yaml says now.

    What changes the stack first settles what a killed deployment left.
    """
    _explain(context)
    stack = _running_stack()
    if not context.args:
        raise SandboxError("Which pulumi command?", "For example: .venv/bin/sandbox pulumi preview --diff")
    stack.render()
    if context.args[0] in CHANGING:
        stack.recover()
    _replace_by(stack.command(*context.args), stack)


def _explain(context: typer.Context) -> None:
    """`--help` right behind the command is about the command itself."""
    if context.args[:1] == ["--help"]:
        print(context.get_help())
        raise typer.Exit


def _refuse_second(home: Home) -> None:
    state = State.load(home)
    if state and state.phase == "ready" and state.alive():
        fix = "Use it (.venv/bin/sandbox status), or end it first: make demo-down"
        raise SandboxError(f"A demo runs already in {home.path}.", fix)


def _clear_remains(steps: Steps, home: Home) -> None:
    if State.load(home):
        with steps.step("remains of a sandbox that was cut off") as report:
            lifecycle.clear(home, report)


def _airflow(home: Home, state: State) -> str:
    """The address of Airflow's page."""
    if not state.alive() or not home.project.exists():
        return "ended"
    found = demo.client(_stack(home, state), "mwaa")
    addresses = [
        found.get_environment(Name=name)["Environment"].get("WebserverUrl") for name in found.list_environments()["Environments"]
    ]
    return ", ".join(f"http://{address}" for address in addresses if address) or "not deployed"


def _stack(home: Home, state: State) -> Stack:
    return Stack(home, state, lifecycle.engine.ensure_cli(CACHE, lambda _: None))


def _running_stack() -> Stack:
    home = Home.of_environment()
    state = State.load(home)
    if state is None or not state.alive():
        raise SandboxError(f"No sandbox runs in {home.path}.", "Start one: make demo")
    return _stack(home, state)


def _replace_by(command: list[str], stack: Stack) -> None:
    if not command:
        raise SandboxError("Which command?", "For example: .venv/bin/sandbox exec ops status")
    program = shutil.which(command[0], path=stack.environment["PATH"])
    if program is None:
        raise SandboxError(f"There is no command {command[0]}.", "Is it spelled right, and installed?")
    sys.stdout.flush()
    raise SystemExit(subprocess.run([program, *command[1:]], env=stack.environment, check=False).returncode)


def main() -> None:
    """Entry point: errors are one problem and one fix, no traceback."""
    try:
        app()
    except SandboxError as error:
        console.print(f"[red]Error:[/red] {escape(error.problem)}\n[bold]What to do:[/bold] {escape(error.fix)}", soft_wrap=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

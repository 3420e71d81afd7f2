"""Starts the stand-ins in the background and ends them."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from sandbox.errors import SandboxError
from sandbox.network import wait_until
from sandbox.state import Process

Begun = Callable[[Process], object]
"""Is told of a process before that begins."""

GATE = ["sh", "-c", 'read -r _ && exec "$@" </dev/null', "gate"]
"""Runs the words behind it, as the same process, once it is told to by a line; ends if whoever should tell it has ended."""


def start(
    name: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    log: Path,
    *,
    ready: Callable[[], object],
    begun: Begun = lambda _: None,
    seconds: float = 180,
) -> Process:
    """Starts `command` in a session of its own and waits until `ready`.

    Not before `begun` has returned: who writes the process down there finds it again, whenever this one is killed.

    Raises:
        SandboxError: it ended, or was not ready in time; with the end of its log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    waits, gate = os.pipe()
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*GATE, *(str(word) for word in command)],
            env=dict(environment),
            stdin=waits,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    os.close(waits)
    process = Process.of(child.pid)
    try:
        begun(process)
        os.write(gate, b"\n")
        wait_until(lambda: child.poll() is not None or ready(), seconds)
    except BaseException:  # Ctrl+C too: nobody else knows of this process yet
        stop(process, seconds=5)
        raise
    finally:
        os.close(gate)
    if child.poll() is None and ready():
        return process
    problem = f"ended with exit code {child.returncode}" if child.poll() is not None else f"did not answer in {seconds:.0f} s"
    stop(process, seconds=5)
    raise SandboxError(f"The {name} {problem}. The end of its log:\n{tail(log)}", f"Its whole log: {log}")


def stop(process: Process, seconds: float) -> None:
    """Ends a process: asks it to, and kills it with its children when it has not ended after `seconds`."""
    running = process.find()
    if running is None:
        return
    family = [running, *running.children(recursive=True)]
    running.terminate()
    _, alive = psutil.wait_procs([running], timeout=seconds)
    _, alive = psutil.wait_procs([*alive, *family], timeout=2)
    for survivor in alive:
        survivor.kill()
    psutil.wait_procs(alive, timeout=5)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])

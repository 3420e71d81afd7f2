"""The container's first process: PostgreSQL and Airflow's four processes, each of which is started again when it ends.

As AWS does it for an MWAA environment; `airflow standalone` goes on without them. Their output comes line by line behind the name
of the process, as from `airflow standalone`: the emulator sorts it into log groups by that.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

DATABASE = Path(os.environ["AIRFLOW_HOME"], "database")

COMMANDS = {
    "postgres": ["postgres", "-D", str(DATABASE)],
    "scheduler": ["airflow", "scheduler"],
    "dag-processor": ["airflow", "dag-processor"],
    "api-server": ["airflow", "api-server"],
    "triggerer": ["airflow", "triggerer"],
}

QUICK = 30
"""Seconds. What ends sooner than that after its start has not begun to work."""

ATTEMPTS = 3
"""Quick ends one after the other, after which the container ends: settings with which Airflow can't run must show."""


class Child:
    """One of the processes, whichever process it is now."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.quick_ends = 0
        source, self.output = os.pipe()
        threading.Thread(target=_print_lines, args=(name, source), daemon=True).start()
        self.start()

    def start(self) -> None:
        """In a session of its own, so that what it starts can be ended with it."""
        self.started = time.monotonic()
        command = COMMANDS[self.name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, start_new_session=True
        )

    def start_again(self, status: int) -> None:
        """After its end: without the workers that a killed scheduler leaves.

        Raises:
            SystemExit: it ends again and again.
        """
        code = os.waitstatus_to_exitcode(status)
        print(f"serve | {self.name} ended with exit code {code}", flush=True)
        self.quick_ends = self.quick_ends + 1 if time.monotonic() - self.started < QUICK else 0
        if self.quick_ends == ATTEMPTS:
            sys.exit(f"serve | {self.name} does not start")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.start()


def _print_lines(name: str, source: int) -> None:
    with os.fdopen(source, errors="replace") as lines:
        for line in lines:
            print(f"{name} | {line.rstrip()}", flush=True)


def _end(*_: object) -> NoReturn:
    os._exit(0)  # Python's own end aborts when a thread is just writing a line


def main() -> NoReturn:
    """Serves until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    # Of a container that was killed: the process with that number is another one here.
    for lock in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (DATABASE / lock).unlink(missing_ok=True)
    children = [Child("postgres")]
    while subprocess.run(["pg_isready", "--quiet", "--host", DATABASE, "--dbname", "postgres"], check=False).returncode:
        time.sleep(0.1)
    children += [Child(name) for name in COMMANDS if name != "postgres"]
    while True:
        ended, status = os.wait()  # also for the orphans of them all, which a container's first process inherits
        for child in children:
            if child.process.pid == ended:
                child.start_again(status)


if __name__ == "__main__":
    main()

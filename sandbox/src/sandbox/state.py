"""What runs in a sandbox, in a file, so that any later command can find, use and end it."""

import secrets
from typing import Literal

import psutil
from pydantic import BaseModel, ValidationError

from sandbox.errors import SandboxError
from sandbox.paths import SOURCE, Home

LABEL = "dbt-platform.sandbox"
"""On everything that a sandbox makes in Docker; its value is the sandbox's id."""


class Process(BaseModel):
    """A process that the sandbox started."""

    pid: int
    started: float
    """Seconds since the epoch: tells our process from a later one with the same pid."""

    @staticmethod
    def of(pid: int) -> "Process":
        return Process(pid=pid, started=psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process, or None when it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


class State(BaseModel):
    """One sandbox."""

    id: str
    """Value of `LABEL` on its containers, networks and volumes."""
    account: str
    """The AWS account number that the emulator answers for; its own per sandbox, so that names never collide."""
    secret_key: str
    """Secret access key of that account's root user, at the emulator only."""
    phase: Literal["starting", "ready"] = "starting"
    region: str = "eu-west-1"
    gateway: str = ""
    """Address of the host on Docker's bridge: how containers reach the stand-ins."""
    emulator_port: int = 0
    warehouse_port: int = 0
    warehouse_password: str = ""
    """Of the warehouse's user ADMIN; random per sandbox."""
    processes: dict[str, Process] = {}

    @staticmethod
    def new() -> "State":
        return State(
            id=secrets.token_hex(4),
            account=f"9{secrets.randbelow(10**11):011d}",
            secret_key=secrets.token_urlsafe(24),
            warehouse_password=secrets.token_urlsafe(24),
        )

    @staticmethod
    def load(home: Home) -> "State | None":
        """The sandbox in `home`, or None when there is none.

        Raises:
            SandboxError: the file can't be read.
        """
        if not home.state.exists():
            return None
        try:
            return State.model_validate_json(home.state.read_text())
        except ValidationError as error:
            raise SandboxError(
                f"{home.state} is no sandbox's state: {error.errors()[0]['msg']}.",
                f"End what its sandbox left running (ps -ef | grep {SOURCE}; docker ps --filter label={LABEL}), "
                f"then remove {home.path}.",
            ) from None

    def save(self, home: Home) -> None:
        """All of it or nothing, whatever kills this process."""
        new = home.state.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(self.model_dump_json(indent=2))
        new.replace(home.state)

    def alive(self) -> bool:
        """Whether every stand-in still runs."""
        return bool(self.processes) and all(process.find() for process in self.processes.values())

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

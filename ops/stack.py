"""What Pulumi deployed, as the stack's outputs tell it."""

import difflib
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import boto3
from croniter import croniter

from ops.errors import OpsError, from_pulumi
from settings.project import NAMESPACE, REPOSITORY
from settings.rules import DEFAULT_CONNECTION, possible
from settings.sections.warehouse import Authentication
from settings.teams import OUTPUT

DEPLOY = "Deploy it first: `pulumi up`."

DEMO = REPOSITORY / ".sandbox" / "sandbox.json"
"""There while `make demo` runs here: its stack is one that Pulumi knows only behind `sandbox exec`."""


class Size(TypedDict):
    """Of a workstream's Fargate task, in the words of its settings."""

    cpu: int
    memory: int
    architecture: str
    capacity: str


@dataclass(frozen=True, kw_only=True)
class Workstream:
    """One workstream and where its things are."""

    name: str
    dag_id: str
    log_group: str
    log_stream_prefix: str
    """Prefix and container name; the ECS task's id completes the name of a stream."""
    artifacts_uri: str
    workload_identity: str
    """ARN of its task role as Snowflake knows it."""
    task_definition: str
    """ARN of the revision that Pulumi deployed last."""
    connection: str
    """Name of what it logs in to Snowflake with."""
    team: str = ""
    """Whose stack it is in; empty: the one that was asked."""
    schema: str = ""
    """Snowflake schema that its models are built in."""
    owner: str = ""
    description: str = ""
    schedule: str = ""
    """Cron expression, or the workstream that it follows; empty: neither."""
    upstreams: Sequence[str] = ()
    """Workstreams, and assets from outside, that start it."""
    timezone: str = "UTC"
    alert_topic: str = ""
    """ARN of the topic of its receivers."""
    chat_topic: str | None = None
    """The same for chat applications."""
    longest_minutes: int = 0
    """That a run may take, with every try."""
    size: Size = field(default_factory=lambda: Size(cpu=512, memory=1024, architecture="x86_64", capacity="onDemand"))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def cron(self) -> str:
        """When the clock starts it; empty: it does not."""
        return self.schedule if croniter.is_valid(self.schedule) else ""

    @property
    def after(self) -> Sequence[str]:
        """What starts it, but for the clock; deployments of an older version tell only of one workstream."""
        if self.upstreams or self.cron or not self.schedule:
            return self.upstreams
        return [self.schedule]

    @property
    def artifacts(self) -> tuple[str, str]:
        """Bucket, and prefix without its last slash."""
        bucket, _, prefix = self.artifacts_uri.removeprefix("s3://").partition("/")
        return bucket, prefix


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One log-in to Snowflake: the stack's own, or a further one."""

    name: str
    account: str
    user: str
    authentication: Authentication
    secret_arn: str | None
    """None when there is no secret."""
    workstreams: Sequence[Workstream]
    """Which log in with it."""

    def __str__(self) -> str:
        return f"{self.name} ({self.user}: {', '.join(workstream.name for workstream in self.workstreams) or 'no workstream'})"


class Stack:
    """The outputs of one stack, read once and only when a verb needs them."""

    def __init__(self, *, name: str | None = None, outputs_file: Path | None = None) -> None:
        self.name = name
        self.outputs_file = outputs_file
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Raises OpsError if the stack is not there or has never been deployed."""
        text = _read(self.outputs_file) if self.outputs_file else _ask_pulumi(self.name)
        try:
            outputs = json.loads(text)
        except ValueError as error:
            raise OpsError(f"The stack's outputs are no JSON: {error}", "Make them with `pulumi stack output --json`.") from error
        if not isinstance(outputs, dict) or not outputs:
            raise OpsError("The stack has no outputs: it is not deployed.", DEPLOY)
        return outputs

    def output(self, key: str) -> Any:
        """One output. Raises OpsError if an older or unfinished deployment lacks it."""
        if key not in self.outputs:
            raise OpsError(f"The stack has no output {key!r}: its deployment is older, or was cut off.", DEPLOY)
        return self.outputs[key]

    @cached_property
    def session(self) -> boto3.Session:
        """AWS in the stack's region, with the credentials of the environment."""
        return boto3.Session(region_name=self.output("region"))

    def client(self, service: str) -> Any:
        """A client of an AWS service, made once: threads may share it, and not a session (boto3, "Multithreading")."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.session.client(service)  # pyright: ignore[reportArgumentType, reportCallIssue] (any)
            return self._clients[service]

    @cached_property
    def teams(self) -> dict[str, "Stack"]:
        """The stacks of the teams on this platform that are deployed, by team. Raises OpsError if one can't be read.

        With a file in place of Pulumi there are none.
        """
        names = list(self.outputs.get(OUTPUT, {}).get("teams", ()))
        if self.outputs_file or not names:
            return {}
        platform = self.name or self.output("airflowEnvironment").removeprefix(f"{NAMESPACE}-")
        stacks = [Stack(name=f"{platform}-{name}") for name in names]
        with ThreadPoolExecutor(len(stacks)) as pool:
            there = pool.map(Stack._is_there, stacks)
        return {name: stack for name, stack, found in zip(names, stacks, there, strict=True) if found}

    def _is_there(self) -> bool:
        try:
            return bool(self.outputs)
        except OpsError as error:
            if "no stack named" in error.problem or "not deployed" in error.problem:
                return False
            raise

    def all_connections(self) -> Iterator[tuple[str, Connection]]:
        """Of this stack and of its teams', each with the team's name; the stack's own first."""
        for team, stack in {"": self, **self.teams}.items():
            yield from ((team, connection) for connection in stack.connections())

    def connections(self) -> list[Connection]:
        """The stack's, its own first."""
        own = {**self.output("warehouse"), "secretArn": self.outputs.get("secretArn")}
        users: dict[str, list[Workstream]] = {}
        for workstream in self.own_workstreams():
            users.setdefault(workstream.connection, []).append(workstream)
        return [
            Connection(
                name=name,
                account=login["account"],
                user=login["user"],
                authentication=login["authentication"],
                secret_arn=login["secretArn"],
                workstreams=users.get(name, []),
            )
            for name, login in {DEFAULT_CONNECTION: own, **self.outputs.get("connections", {})}.items()
        ]

    def connection(self, name: str | None) -> Connection:
        """One of them, or the only one. Raises OpsError if there is none such, or no name and several."""
        connections = self.connections()
        found = [connection for connection in connections if name in (None, connection.name)]
        if len(found) == 1:
            return found[0]
        problem = f"There is no connection {name!r}." if name else "This stack has several connections."
        raise OpsError(problem, f"Name one of: {'; '.join(map(str, connections))}.")

    def own_workstreams(self) -> list[Workstream]:
        """Without those of teams, by name."""
        return [self.workstream(name) for name in sorted(self.output("workstreams"))]

    def workstreams(self) -> list[Workstream]:
        """All of them, those of teams too, by name."""
        teams = [replace(found, team=team) for team, stack in self.teams.items() for found in stack.own_workstreams()]
        return sorted([*self.own_workstreams(), *teams], key=lambda workstream: workstream.name)

    def workstream(self, name: str) -> Workstream:
        """One of them. Raises OpsError with the nearest name if there is none such."""
        known = self.output("workstreams")
        if name not in known:
            for team, stack in self.teams.items():
                if name in stack.output("workstreams"):
                    return replace(stack.workstream(name), team=team)
            known = [*known, *(each for stack in self.teams.values() for each in stack.output("workstreams"))]
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise OpsError(f"There is no workstream {name!r}.", f"{hint}This stack has: {possible(name, sorted(known))}.")
        found = known[name]
        return Workstream(
            name=name,
            dag_id=found["dagId"],
            log_group=found["logGroup"],
            log_stream_prefix=found["logStreamPrefix"],
            artifacts_uri=found["artifactsUri"],
            workload_identity=found["workloadIdentity"],
            task_definition=found["taskDefinitionArn"],
            connection=found.get("connection", DEFAULT_CONNECTION),
            alert_topic=found.get("alertTopic") or self.outputs.get("alertTopicArn", ""),
            **_further(found),
        )


def _further(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a deployment of an older version does not tell yet."""
    names = {"schema": "schema", "owner": "owner", "description": "description", "schedule": "schedule", "timezone": "timezone"}
    names |= {"upstreams": "after", "longest_minutes": "longestMinutes", "size": "size", "chat_topic": "chatTopic"}
    return {name: found[key] for name, key in names.items() if key in found}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise OpsError(f"The outputs can't be read from {path}: {why}.", "Check --outputs.") from error


def _ask_pulumi(name: str | None) -> str:
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", *(["--stack", name] if name else [])]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        fix = "Install Pulumi, or pass a file made elsewhere by `pulumi stack output --json`: --outputs FILE"
        raise OpsError("There is no `pulumi` on the PATH.", f"{_demo()}{fix}") from error
    if done.returncode:
        problem = from_pulumi(done.stderr)
        raise OpsError(problem.problem, f"{_demo()}{problem.fix}")
    return done.stdout


def _demo() -> str:
    """How to reach the demo, if one runs in this repository."""
    return "For the demo that runs here: .venv/bin/sandbox exec ops status\n" if DEMO.exists() else ""

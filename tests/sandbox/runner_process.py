"""Runs the runner as a process, with a project of a test's own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.network import wait_until
from sandbox.paths import REPOSITORY
from sandbox.testing.account import REGION, Account
from sandbox.testing.warehouse_server import ACCOUNT, NAMES, Server, pem

BUCKET = "artifacts"


def project(folder: Path, models: Mapping[str, str], **files: str) -> Path:
    """A dbt project: model name -> SQL, and more files by path with `__` for a slash and `_yml` for an end, as `.yml`."""
    content = {f"models/{name}.sql": sql for name, sql in models.items()}
    content |= {re.sub(r"_(?=(yml|csv|sql|txt|py)$)", ".", name.replace("__", "/")): text for name, text in files.items()}
    settings = ("name: made_for_a_test", "config-version: 2", "profile: platform", "models: {+materialized: table}")
    content["dbt_project.yml"] = "\n".join(settings)
    for name, text in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@dataclass
class Finished:
    """A run that ended."""

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines, without the metrics."""
        return [found for line in self.lines if line.startswith('{"time"') for found in [json.loads(line)]]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [found for found in self.events if found["event"] == event]

    @property
    def statuses(self) -> dict[str, str]:
        """Name of each node that ended: status."""
        return {found["node"].split(".")[2]: found["status"] for found in self.of("node_finished")}

    @property
    def failed_checks(self) -> list[str]:
        """What `check` found wrong."""
        return [line.removeprefix("FAILED").strip() for line in self.lines if line.startswith("FAILED")]


@dataclass
class Runs:
    """Everything that runs of one workstream have in common."""

    server: Server
    cloud: Account
    folder: Path
    project: Path
    workstream: str
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self, **changes: str) -> dict[str, str]:
        """As the task definition sets it."""
        # dbt raises in a test what it only tells of elsewhere.
        foreign = ("AWS_", "DBT_", "SNOWFLAKE_", "PYTEST_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return {
            **inherited,
            "PYTHONPATH": str(REPOSITORY / "image"),
            "PYTHONWARNINGS": "ignore:resource_tracker",
            "RUNNER_PROJECT": str(self.project),
            "RUNNER_PROFILES": str(REPOSITORY / "image"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_RUN_ID": "run-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.cloud.port}",
            "AWS_ACCESS_KEY_ID": self.cloud.id,
            "AWS_SECRET_ACCESS_KEY": self.cloud.secret_key,
            "AWS_REGION": REGION,
            "PLATFORM": "dbt-platform-test",
            "WORKSTREAM": self.workstream,
            "ARTIFACTS_URI": f"s3://{BUCKET}/{self.workstream}",
            "SNOWFLAKE_ACCOUNT": ACCOUNT,
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(self.server.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_SCHEMA": self.workstream.upper(),
            "SNOWFLAKE_PRIVATE_KEY": pem(self.server.key),
            **{f"SNOWFLAKE_{name.upper()}": value for name, value in NAMES.items()},
            **self.variables,
            **changes,
        }

    def start(self, *arguments: str, **changes: str) -> "Running":
        log = self.folder / "output.txt"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "runner", *arguments]
            process = subprocess.Popen(command, env=self.environment(**changes), stdout=output, stderr=subprocess.STDOUT)
        return Running(process, log)

    def run(self, *arguments: str, **changes: str) -> Finished:
        return self.start(*(arguments or ("run",)), **changes).finish()

    def objects(self) -> list[str]:
        """Keys below the workstream's prefix, without it."""
        prefix = f"{self.workstream}/"
        pages = self.cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"].removeprefix(prefix) for found in pages.get("Contents", [])]

    def read(self, name: str) -> bytes:
        return self.cloud.client("s3").get_object(Bucket=BUCKET, Key=f"{self.workstream}/{name}")["Body"].read()

    def write(self, name: str, content: bytes) -> None:
        self.cloud.client("s3").put_object(Bucket=BUCKET, Key=f"{self.workstream}/{name}", Body=content)


@dataclass
class Running:
    """A run that goes on."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, text: str, seconds: float = 120) -> None:
        """Until the text is in the log."""
        found = wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None, seconds)
        assert found, self.log.read_text()
        assert text in self.log.read_text(), self.log.read_text()

    def finish(self, seconds: float = 300) -> Finished:
        code = self.process.wait(seconds)
        return Finished(code, self.log.read_text().splitlines())

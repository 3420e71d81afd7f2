"""The locks on a stack, as Pulumi keeps them in its own backend (a folder, or an S3 bucket)."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import boto3

from ops.errors import OpsError


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Who changes the stack, or did when it was killed."""

    username: str
    hostname: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.username}@{self.hostname}, process {self.pid}, since {self.since}"

    def dead(self) -> bool:
        """Is it of a process of this machine that has ended? Then it will not unlock by itself any more."""
        return self.hostname == socket.gethostname() and not _alive(self.pid)

    def abandoned(self, environment: Mapping[str, str]) -> bool:
        """Is the process that took the lock surely gone?

        In a job: GitLab runs one job of a resource group at a time, so a lock from another runner's container of this project
        is a dead job's (GitLab Runner names them `runner-<token>-project-<id>-concurrent-<n>`). On the same machine: the
        process tells. A person's machine can't be asked, so its lock counts as held.
        """
        project = environment.get("CI_PROJECT_ID")
        if project and fnmatch(self.hostname, f"runner-*-project-{project}-concurrent-*"):
            return True
        return self.dead()


def locks(backend: str, project: str, stack: str) -> list[Lock]:
    """The locks on a stack.

    Args:
        backend: PULUMI_BACKEND_URL.
        project: Name in Pulumi.yaml.
        stack: The stack's name.

    Raises:
        OpsError: the backend is of another kind.
    """
    prefix = f".pulumi/locks/organization/{project}/{stack}/"
    return [
        Lock(username=found["username"], hostname=found["hostname"], pid=found["pid"], since=found["timestamp"])
        for found in map(json.loads, _contents(backend, prefix))
    ]


def _contents(backend: str, prefix: str) -> Iterator[str]:
    url = urlsplit(backend)
    if url.scheme == "file":
        folder = Path(unquote(url.netloc + url.path)).expanduser() / prefix
        yield from (path.read_text() for path in sorted(folder.glob("*.json")))
    elif url.scheme == "s3":
        region = parse_qs(url.query).get("region", [None])[0]
        client = boto3.client("s3", region_name=region)
        folder = f"{url.path.strip('/')}/{prefix}".lstrip("/")
        for item in client.list_objects_v2(Bucket=url.netloc, Prefix=folder).get("Contents", ()):
            yield client.get_object(Bucket=url.netloc, Key=item["Key"])["Body"].read().decode()
    elif url.scheme != "https":  # Pulumi Cloud, which ends a dead process's lock by itself
        raise OpsError(f"The backend {backend!r} is no s3:// or file:// address.", "See docs/gitlab.md, step 4.")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

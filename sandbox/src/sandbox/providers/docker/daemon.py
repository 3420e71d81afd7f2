"""Docker's daemon: finding it, building, pushing."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from sandbox.providers.values import ProviderError

LINES_SHOWN = 30
"""Of a failed build's output."""

SECONDS = 600
"""Time limit of one request that does not stream, and of silence in one that does."""


def connect(host: str | None = None) -> docker.APIClient:
    """A client of the daemon at `host`, else `DOCKER_HOST`, else the local socket.

    Raises:
        ProviderError: nothing answers there.
    """
    address = host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        client = docker.APIClient(base_url=address, version="auto", timeout=SECONDS)
        client.ping()
    except DockerException as error:
        fix = "Start it (sudo systemctl start docker), or set DOCKER_HOST to the address of one that runs."
        raise ProviderError(f"No Docker daemon answers at {address}: {error}\n{fix}") from error
    return client


def build(client: docker.APIClient, name: str, options: Mapping[str, Any], status: Callable[[str], None]) -> None:
    """Builds the image `name` from the properties of `build`.

    Raises:
        ProviderError: the build failed; with the failing step and the last lines of output.
    """
    output: list[str] = []
    step = "the start"
    try:
        for event in client.build(
            path=options["context"],
            dockerfile=str(Path(options["dockerfile"]).resolve()),
            tag=name,
            buildargs=dict(options.get("args", {})),
            platform=options.get("platform"),
            target=options.get("target", ""),
            # Package indexes that only this machine can reach (a proxy, a mirror) are out of reach from Docker's bridge.
            network_mode=options.get("network", "host"),
            rm=True,
            forcerm=True,
            decode=True,
        ):
            lines = str(event.get("stream", "")).splitlines()
            output += lines
            for line in lines:
                if line.startswith("Step "):
                    step = line
                    status(line)
            if "error" in event:
                raise _failure(name, step, event["error"], output)
    except DockerException as error:
        raise _failure(name, step, str(error), output) from error


def _failure(name: str, step: str, reason: str, output: list[str]) -> ProviderError:
    end = "\n".join(f"    {line}" for line in output[-LINES_SHOWN:] if line.strip())
    return ProviderError(f"Building {name} failed at {step}\n{reason}\nThe end of its output:\n{end}")


def push(client: docker.APIClient, name: str, credentials: Mapping[str, str] | None, status: Callable[[str], None]) -> str:
    """Pushes the image `name` and returns the digest that the registry gave it, `sha256:...`.

    Raises:
        ProviderError: the registry refused it or can't be reached.
    """
    status(f"pushing {name}")
    repository, _, tag = name.rpartition(":")
    try:
        events: Iterator[dict[str, Any]] = client.push(repository, tag, auth_config=credentials, stream=True, decode=True)
        found = None
        for event in events:
            if "error" in event:
                raise ProviderError(f"Pushing {name} failed: {event['error']}")
            found = event.get("aux", {}).get("Digest", found)
    except DockerException as error:
        raise ProviderError(f"Pushing {name} failed: {error}") from error
    if found is None:
        raise ProviderError(f"Pushing {name} ended without a digest from the registry")
    return found

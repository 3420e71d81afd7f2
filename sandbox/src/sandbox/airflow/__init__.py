"""The image that an MWAA environment of the sandbox runs."""

import hashlib
from pathlib import Path

import docker
from docker.errors import BuildError, ImageNotFound

from sandbox.errors import SandboxError
from sandbox.state import LABEL
from sandbox.steps import Report

_FOLDER = Path(__file__).parent
_REPOSITORY = "dbt-platform/airflow"


def ensure_image(base: str, report: Report) -> str:
    """The tag of the Airflow image on top of the image `base`; built when its content is new.

    Raises:
        SandboxError: the build failed; with the end of its output.
    """
    client = docker.from_env(timeout=600)
    content = b"".join((_FOLDER / name).read_bytes() for name in ("Dockerfile", "requirements.txt", "serve.py"))
    digest = hashlib.sha256(content + str(client.images.get(base).id).encode()).hexdigest()[:12]
    tag = f"{_REPOSITORY}:{digest}"
    try:
        client.images.get(tag)
        report("cached")
    except ImageNotFound:
        report(f"building {tag}")
        _build(client, base, tag)
    return tag


def _build(client: docker.DockerClient, base: str, tag: str) -> None:
    try:
        client.images.build(
            path=str(_FOLDER),
            tag=tag,
            buildargs={"BASE_IMAGE": base},
            labels={LABEL: "airflow"},
            network_mode="host",
            rm=True,
            forcerm=True,
        )
    except BuildError as error:
        output = "".join(part.get("stream", "") for part in error.build_log)[-2000:]
        fix = "Is the Python package index reachable? Run the command again."
        raise SandboxError(f"The Airflow image could not be built: {error}\n{output}", fix) from error

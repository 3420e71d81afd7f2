"""The container in which an MWAA environment's Airflow runs.

Amazon MWAA User Guide, "Amazon MWAA execution role" and "Amazon MWAA automatically provided configuration". MiniStack
starts Airflow without credentials or a way to the emulator, on all of the host's addresses, and without a memory limit.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import contextlib
import http.client
import json
import os
import time
from typing import Any

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from ministack.core import container_reaper
from ministack.core.responses import get_region

from sandbox.emulator.patches.mwaa_logs import task_options
from sandbox.emulator.roles import Session
from sandbox.emulator.settings import ENDPOINT, EXTRA_HOSTS, LABELS, SANDBOX_ID
from sandbox.network import free_port

IMAGE = os.environ["MWAA_AIRFLOW_IMAGE"]

PORT = 8080
"""Of its web server, in the container."""

MEMORY = "2g"
"""Airflow rests at 1.0 GiB and needs 1.4 GiB for two tasks at once; where memory is too short it is killed and hangs."""

START_SECONDS = 600
"""Until Airflow has to answer. On two free processors it takes about 15, on busy ones minutes; MWAA takes half an hour."""

_DATABASE = "/opt/airflow/database"
"""On a volume, so that an update keeps the history of runs, as in MWAA. Docker fills a new one with what the image has there."""


class AirflowStartError(Exception):
    """Airflow did not come up; the message says why."""


def _name(environment: str) -> str:
    return f"mwaa-{SANDBOX_ID}-{environment}"


def start(client: docker.DockerClient, environment: dict[str, Any], session: Session) -> Container:
    """Makes and starts the container; its web server answers some seconds later at the environment's `WebserverUrl`.

    The address is the environment's for as long as it lives, whatever becomes of the container.
    """
    name = _name(environment["Name"])
    server = environment.setdefault("WebserverUrl", f"127.0.0.1:{free_port('127.0.0.1')}")
    host, _, port = server.partition(":")
    client.volumes.create(name, labels=LABELS)
    container = client.containers.create(
        IMAGE,
        name=name,
        environment=_variables(environment, session),
        ports={f"{PORT}/tcp": (host, int(port))},
        restart_policy={"Name": "always"},
        extra_hosts=EXTRA_HOSTS,
        mem_limit=MEMORY,
        memswap_limit=MEMORY,
        volumes=[f"{name}:{_DATABASE}:rw"],
        labels=container_reaper.own_labels("mwaa"),
    )
    container.start()
    return container


def _variables(environment: dict[str, Any], session: Session) -> dict[str, str]:
    options = {
        # What a browser calls it, for links; inside, its workers go straight to it.
        "api.base_url": f"http://{environment['WebserverUrl']}",
        "core.execution_api_server_url": f"http://localhost:{PORT}/execution/",
        "core.load_examples": "false",
        "core.simple_auth_manager_all_admins": "true",
        **task_options(environment),
        **environment.get("AirflowConfigurationOptions", {}),
    }
    return {
        **{f"AIRFLOW__{key.replace('.', '__').upper()}": str(value) for key, value in options.items()},
        **session.environment(),
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        "AIRFLOW_ENV_NAME": environment["Name"],
    }


def wait_until_healthy(server: str, container: Container) -> None:
    """Waits until the web server answers at `server` and the scheduler and the DAG processor run.

    Raises:
        AirflowStartError: it ended, or took too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while not _healthy(server):
        container.reload()
        late = time.monotonic() > deadline
        if late or container.attrs["RestartCount"] or container.status != "running":
            problem = f"is not healthy after {START_SECONDS} s" if late else f"ended ({container.status})"
            raise AirflowStartError(f"Airflow {problem}: {container.logs(tail=20).decode(errors='replace')}")
        time.sleep(0.5)


def _healthy(server: str) -> bool:
    connection = http.client.HTTPConnection(server, timeout=5)
    try:
        connection.request("GET", "/api/v2/monitor/health")
        health = json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor"))


def remove(client: docker.DockerClient, environment: str, *, keep_database: bool) -> None:
    """Removes the container, and the database unless it is to be kept."""
    name = _name(environment)
    with contextlib.suppress(NotFound):
        client.containers.get(name).remove(force=True, v=True)
    if not keep_database:
        with contextlib.suppress(NotFound):
            client.volumes.get(name).remove(force=True)

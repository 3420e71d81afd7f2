"""Airflow's logs go to the environment's log groups, with the execution role's permission.

Amazon MWAA User Guide, "Accessing Airflow logs in Amazon CloudWatch". MiniStack keeps them in the container. As in MWAA,
Airflow itself sends the logs of tasks; those of its processes are taken from the container's output.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import contextlib
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from docker.errors import APIError, NotFound
from docker.models.containers import Container
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch_logs
from requests.exceptions import RequestException

from sandbox.emulator.patches.ecs_logs import Stream
from sandbox.emulator.roles import DeniedError, Session, require

_logger = logging.getLogger("mwaa")

_KINDS = {
    "DagProcessingLogs": "DAGProcessing",
    "SchedulerLogs": "Scheduler",
    "TaskLogs": "Task",
    "WebserverLogs": "WebServer",
    "WorkerLogs": "Worker",
}
"""How the name of each module's log group ends."""

_PROCESSES = {
    b"dag-processor": "DagProcessingLogs",
    b"scheduler": "SchedulerLogs",
    b"api-server": "WebserverLogs",
    b"triggerer": "WorkerLogs",
}
"""Module of the process whose name starts a line of the container's output."""


def configuration(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Every module's settings, with the log group of those that are enabled."""
    modules: dict[str, Any] = {}
    for module, kind in _KINDS.items():
        settings = {"Enabled": False, "LogLevel": "INFO", **given.get(module, {})}
        if settings["Enabled"]:
            settings["CloudWatchLogGroupArn"] = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:airflow-{name}-{kind}"
        modules[module] = settings
    return modules


def task_options(environment: dict[str, Any]) -> dict[str, str]:
    """Airflow's options that send the logs of tasks to CloudWatch."""
    settings = environment["LoggingConfiguration"]["TaskLogs"]
    if not settings["Enabled"]:
        return {}
    return {
        "logging.remote_logging": "true",
        "logging.remote_base_log_folder": f"cloudwatch://{settings['CloudWatchLogGroupArn']}",
        "logging.logging_level": settings["LogLevel"],
    }


def follow(environment: dict[str, Any], container: Container, session: Session) -> None:
    """Forwards the output of Airflow's processes in a thread, until the container is removed; it may stop and go on meanwhile."""
    streams = {
        process: stream
        for process, module in _PROCESSES.items()
        if (stream := _stream(environment, module, f"{process.decode()}_{container.short_id}.log", session))
    }
    threading.Thread(target=_forward, args=(container, streams), daemon=True).start()


def _stream(environment: dict[str, Any], module: str, name: str, session: Session) -> Stream | None:
    settings = environment["LoggingConfiguration"][module]
    if not settings["Enabled"]:
        return None
    arn = settings["CloudWatchLogGroupArn"]
    group = arn.rpartition(":log-group:")[2]
    try:
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            require(session, action, f"{arn}:log-stream:{name}")
    except DeniedError as denied:
        _logger.warning("no %s of environment %s: %s", module, environment["Name"], denied)
        return None
    if group not in cloudwatch_logs._log_groups:
        _logger.warning("no %s of environment %s: there is no log group %s", module, environment["Name"], group)
        return None
    cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": name})
    return Stream(get_account_id(), get_region(), group, name, writable=True)


def _forward(container: Container, streams: dict[bytes, Stream]) -> None:
    since = None
    while True:
        with contextlib.suppress(APIError, RequestException):
            _copy(container.logs(stream=True, follow=True, since=since), streams)
        since = time.time()
        if not _runs_again(container):
            return


def _copy(output: Iterable[bytes], streams: dict[bytes, Stream]) -> None:
    rest = b""
    for chunk in output:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            process, _, message = line.partition(b"|")
            if stream := streams.get(process.strip()):
                with request_scope(stream.account, stream.region):
                    stream.put([message.strip()])


def _runs_again(container: Container) -> bool:
    """Waits for a container that has ended, or whose daemon is away; False if it was removed."""
    while True:
        try:
            container.reload()
        except NotFound:
            return False
        except (APIError, RequestException) as error:
            _logger.warning("container %s can't be seen: %s", container.name, error)
        else:
            if container.status == "running":
                return True
        time.sleep(1)

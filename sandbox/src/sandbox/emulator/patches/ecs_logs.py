"""The `awslogs` driver: the stream is made with the execution role before the container starts, and no line is lost.

Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch" and "ResourceInitializationError". MiniStack drops the
output when the group is missing, asks no role, and may lose the last lines of a container that ended.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from docker.errors import NotFound
from docker.models.containers import Container
from ministack.core.responses import get_account_id, request_scope
from ministack.services import cloudwatch_logs

from sandbox.emulator.patches import ecs_failures
from sandbox.emulator.roles import DeniedError, Session, require

_logger = logging.getLogger("ecs")


@dataclass(frozen=True)
class Stream:
    """Where the output of one container goes."""

    account: str
    region: str
    group: str
    name: str
    writable: bool

    def follow(self, container: Container) -> threading.Thread:
        """Forwards the container's output in a thread, which ends with the container."""
        thread = threading.Thread(target=self._forward, args=(container,), daemon=True)
        thread.start()
        return thread

    def _forward(self, container: Container) -> None:
        sent, rest = 0, b""
        with request_scope(self.account, self.region):
            for chunk in container.logs(stream=True, follow=True):
                sent += len(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                self.put(lines)
            # Docker may stop following a container that has just ended before its last lines.
            with contextlib.suppress(NotFound):
                rest += container.logs()[sent:]
            self.put(rest.split(b"\n"))

    def put(self, lines: list[bytes]) -> None:
        """Writes lines, in the account and region of the current scope."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line.decode(errors="replace")} for line in lines if line]
        if events and self.writable:
            cloudwatch_logs._put_log_events({"logGroupName": self.group, "logStreamName": self.name, "logEvents": events})


def open_stream(container: dict[str, Any], task_id: str, session: Session) -> Stream | None:
    """Makes the log stream of a container definition, or None when it does not log to CloudWatch.

    Raises:
        TaskStartError: there is no such log group, or the execution role may not make a stream in it.
    """
    configuration = container.get("logConfiguration")
    if not configuration:
        return None
    options = configuration["options"]
    group, region = options["awslogs-group"], options["awslogs-region"]
    name = f"{options['awslogs-stream-prefix']}/{container['name']}/{task_id}"
    arn = f"arn:aws:logs:{region}:{get_account_id()}:log-group:{group}"
    with request_scope(get_account_id(), region):
        try:
            if options.get("awslogs-create-group") == "true" and group not in cloudwatch_logs._log_groups:
                require(session, "logs:CreateLogGroup", arn)
                cloudwatch_logs._create_log_group({"logGroupName": group})
            require(session, "logs:CreateLogStream", f"{arn}:log-stream:{name}")
        except DeniedError as denied:
            raise ecs_failures.logging(f"AccessDeniedException: {denied}") from denied
        if group not in cloudwatch_logs._log_groups:
            raise ecs_failures.logging("ResourceNotFoundException: The specified log group does not exist.")
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": name})
        return Stream(get_account_id(), region, group, name, _may_write(session, f"{arn}:log-stream:{name}"))


def _may_write(session: Session, stream_arn: str) -> bool:
    """Without the permission the container runs all the same, and its output is lost, as in AWS."""
    try:
        require(session, "logs:PutLogEvents", stream_arn)
    except DeniedError as denied:
        _logger.warning("output of the task is lost: %s", denied)
        return False
    return True

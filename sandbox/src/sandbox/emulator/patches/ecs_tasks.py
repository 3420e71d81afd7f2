"""A Fargate task from start to stop, with real containers and real exit codes.

Amazon ECS Developer Guide, "Amazon ECS task lifecycle"; ECS API Reference, "StopTask". MiniStack starts containers
without most of their settings, polls them, and reports exit code 0 for a task that was stopped.

A task's containers share one network namespace, that of the first one which started and still runs.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import logging
import threading
from typing import Any

import docker
from docker.errors import APIError
from docker.models.containers import Container
from ministack.core.concurrency import resource_lock
from ministack.core.responses import request_scope
from ministack.services import ecs, ecs_metadata
from requests.exceptions import RequestException

from sandbox.emulator.patches import ecs_containers, ecs_failures, ecs_images, ecs_logs, ecs_secrets, ecs_volumes, replaces
from sandbox.emulator.roles import DeniedError, Session, assume

_logger = logging.getLogger("ecs")

SESSION_SECONDS = 12 * 3600
"""How long a task's credentials last. ECS renews them; variables of a process can't be renewed, so they last longer."""


class Task:
    """One running task."""

    def __init__(self, record: dict[str, Any], definition: dict[str, Any], client: docker.DockerClient) -> None:
        self.record = record
        self.definition = definition
        self.overrides = {override["name"]: override for override in record["overrides"].get("containerOverrides", [])}
        self.client = client
        self.id = record["taskArn"].rpartition("/")[2]
        self.containers: dict[str, Container] = {}
        self.exit_codes: dict[str, int] = {}
        self.exited = threading.Condition()
        self.followers: list[threading.Thread] = []
        self.volumes: dict[str, str] = {}

    def run(self) -> None:
        """Starts the containers, waits for an essential one to end or for StopTask, and cleans up."""
        reason, code = "Essential container in task exited", "EssentialContainerExited"
        try:
            self._start()
            self._wait_for_end()
        except ecs_failures.TaskStartError as failure:
            reason, code = str(failure), "TaskFailedToStart"
        except Exception as error:
            _logger.exception("task %s", self.id)
            reason, code = f"ServerError: {error}", "TaskFailedToStart"
        finally:
            self._stop_containers()
            for follower in self.followers:
                follower.join(timeout=10)
            try:
                self._remove()
            finally:
                mark_stopped(self.record, reason, code)

    def _start(self) -> None:
        ecs._mark_task_pending(self.record["taskArn"], self.record)
        ecs._mark_task_activating(self.record["taskArn"], self.record)
        overridden = self.record["overrides"]
        execution = self._assume(overridden.get("executionRoleArn") or self.definition["executionRoleArn"])
        role = overridden.get("taskRoleArn") or self.definition["taskRoleArn"]
        session = self._assume(role) if role else None
        definitions = self.definition["containerDefinitions"]
        for container in definitions:
            ecs_images.authorize(container["image"], execution)
        secrets = {container["name"]: ecs_secrets.resolve(container, execution) for container in definitions}
        images = {
            container["name"]: ecs_images.pull(self.client, container["image"], self.definition, execution)
            for container in definitions
        }
        streams = {container["name"]: ecs_logs.open_stream(container, self.id, execution) for container in definitions}
        self.volumes = ecs_volumes.create(self.client, self.definition, self.id)
        for container in _in_order(definitions):
            name = container["name"]
            self._wait_for_dependencies(container)
            if self._stopping():
                return
            override = self.overrides.get(name, {})
            options = ecs_containers.options(self.record, self.definition, container, override, images[name])
            options["environment"] = {
                **ecs_containers.provided(self.record, self.definition, container, session),
                **ecs_containers.variables(container),
                **secrets[name],
                **ecs_containers.variables(override),
            }
            options["volumes"] = ecs_volumes.mounts(container, images[name], self.volumes)
            self._start_container(container, options, streams[name])
        ecs._mark_task_running(self.record["taskArn"], self.record)

    def _assume(self, role_arn: str) -> Session:
        try:
            return assume(
                role_arn,
                "ecs-tasks.amazonaws.com",
                self.id,
                source_arn=self.record["taskArn"],
                seconds=SESSION_SECONDS,
            )
        except DeniedError as denied:
            problem = (
                f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the role "
                "being passed has the proper trust relationship and permissions and that your IAM user has permissions to "
                "pass this role."
            )
            raise ecs_failures.TaskStartError(problem) from denied

    def _start_container(self, definition: dict[str, Any], options: dict[str, Any], stream: ecs_logs.Stream | None) -> None:
        name = definition["name"]
        sharing = next((c.id for n, c in self.containers.items() if n not in self.exit_codes), None)
        if sharing:
            options = {**options, "network_mode": f"container:{sharing}", "extra_hosts": None}
        try:
            container = self.client.containers.create(name=ecs_containers.name(self.id, definition), **options)
            self.containers[name] = container
            self.record["_docker_ids"].append(container.id)
            container.start()
        except APIError as error:
            raise ecs_failures.container(error.explanation or error) from error
        view = self._view(name)
        view |= {"runtimeId": container.id, "lastStatus": "RUNNING", "imageDigest": _digest(definition["image"], container)}
        ecs._record_task_ip(self.record, container, None)
        if stream:
            self.followers.append(stream.follow(container))
        threading.Thread(target=self._await_exit, args=(name, container), daemon=True).start()

    def _view(self, name: str) -> dict[str, Any]:
        return next(view for view in self.record["containers"] if view["name"] == name)

    def _await_exit(self, name: str, container: Container) -> None:
        try:
            code = container.wait()["StatusCode"]
            container.reload()
        except (APIError, RequestException) as error:  # it was removed, or Docker's daemon has ended
            _logger.warning("container %s of task %s vanished: %s", name, self.id, error)
            code = 137
        view = self._view(name)
        view |= {"exitCode": code, "lastStatus": "STOPPED"}
        if container.attrs["State"].get("OOMKilled"):
            view["reason"] = "OutOfMemoryError: Container killed due to memory usage"
        with self.exited:
            self.exit_codes[name] = code
            self.exited.notify_all()

    def _wait_for_dependencies(self, container: dict[str, Any]) -> None:
        for dependency in container.get("dependsOn", []):
            name, condition = dependency["containerName"], dependency["condition"]
            if condition == "START":
                continue
            with self.exited:
                self.exited.wait_for(lambda name=name: name in self.exit_codes or self._stopping())
            if condition == "SUCCESS" and self.exit_codes.get(name):
                raise ecs_failures.container(f"dependency {name} of {container['name']} exited with {self.exit_codes[name]}")

    def _wait_for_end(self) -> None:
        essential = {c["name"] for c in self.definition["containerDefinitions"] if c["essential"]}
        with self.exited:
            self.exited.wait_for(lambda: essential & self.exit_codes.keys() or self._stopping())

    def _stopping(self) -> bool:
        return self.record["desiredStatus"] == "STOPPED"

    def wake(self) -> None:
        """Makes the task see that it is to stop."""
        with self.exited:
            self.exited.notify_all()

    def _stop_containers(self) -> None:
        """SIGTERM to all that still run, SIGKILL to those that ignore it for their stop timeout."""
        stops = [
            threading.Thread(target=_stop, args=(self.containers[definition["name"]], ecs_containers.stop_timeout(definition)))
            for definition in self.definition["containerDefinitions"]
            if definition["name"] in self.containers.keys() - self.exit_codes.keys()
        ]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        with self.exited:
            self.exited.wait_for(lambda: self.exit_codes.keys() >= self._started(), timeout=10)

    def _started(self) -> set[str]:
        return {view["name"] for view in self.record["containers"] if view["runtimeId"]}

    def _remove(self) -> None:
        for container in self.containers.values():
            container.remove(force=True, v=True)
        ecs_volumes.remove(self.client, self.volumes)
        for token in self.record.get("_metadata_tokens", []):
            ecs_metadata.unregister_token(token)


running: dict[str, Task] = {}
"""Tasks that have not stopped, by ARN."""


@replaces(ecs, "_run_task_worker")
def run_task_worker(record: dict[str, Any], definition: dict[str, Any], _overrides: Any, *rest: Any) -> None:
    """Body of the thread that RunTask starts for each task; `rest` is Docker's client, the account and the region."""
    client, account, region = rest
    with request_scope(account, region):
        task = running[record["taskArn"]] = Task(record, definition, client)
        try:
            task.run()
        finally:
            del running[record["taskArn"]]


@replaces(ecs, "_maybe_mark_stopped")
def maybe_mark_stopped(record: dict[str, Any], client: docker.DockerClient | None = None) -> None:
    """MiniStack looks at the containers whenever a task is described; `Task` knows without."""


def _stop(container: Container, seconds: int) -> None:
    try:
        container.stop(timeout=seconds)
    except APIError as error:
        _logger.warning("container %s does not stop: %s", container.name, error)


def _digest(image: str, container: Container) -> str | None:
    if "@" in image:
        return image.partition("@")[2]
    digests = container.image.attrs.get("RepoDigests", []) if container.image else []
    return digests[0].partition("@")[2] if digests else None


def _in_order(definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each container after those that it depends on."""
    ordered: list[dict[str, Any]] = []
    waiting = list(definitions)
    while waiting:
        names = {definition["name"] for definition in waiting}
        ready = next(d for d in waiting if not names & {dep["containerName"] for dep in d.get("dependsOn", [])})
        ordered.append(ready)
        waiting.remove(ready)
    return ordered


def request_stop(record: dict[str, Any], reason: str, code: str) -> None:
    """Marks a task as one that is to stop."""
    with resource_lock("ecs-task", record["taskArn"]):
        ecs._bump_task_version(record)
        record |= {"desiredStatus": "STOPPED", "stoppingAt": ecs._iso(), "stoppedReason": reason, "stopCode": code}
    ecs_metadata.set_task_status(record["taskArn"], desired_status="STOPPED")


def mark_stopped(record: dict[str, Any], reason: str, code: str) -> None:
    """Ends the task's life."""
    if record["desiredStatus"] != "STOPPED":
        request_stop(record, reason, code)
    with resource_lock("ecs-task", record["taskArn"]):
        ecs._bump_task_version(record)
        record |= {"lastStatus": "STOPPED", "executionStoppedAt": ecs._iso(), "stoppedAt": ecs._iso()}
        for view in record["containers"]:
            view["lastStatus"] = "STOPPED"
    ecs_metadata.set_task_status(record["taskArn"], known_status="STOPPED")
    ecs._recount_cluster(ecs._cluster_name_from_arn(record["clusterArn"]))

"""Runs images as tasks on the emulator's ECS, as Airflow's operators do: RunTask, then ask until they have stopped."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import docker

from sandbox.testing.account import ARCHITECTURE, GROUP, REGION, Account, policy
from tests.sandbox.runner_process import BUCKET

AT_ONCE = 5
"""Tasks at the same time: what a worker of MWAA's smallest class runs (Amazon MWAA User Guide, "Environment class", mw1.small)."""

_INTERVAL = 0.5
"""Seconds between two questions; Airflow's operator asks every 6, so this is in favour of many tasks."""


class Tasks:
    """Measures how long it takes until every one of some commands has run in a task of its own."""

    def __init__(self, cloud: Account, variables: Callable[[], Mapping[str, str]], report: Callable[[str], None]) -> None:
        self._cloud = cloud
        self._variables = variables
        self._report = report

    def median(self, times: int, image: str, commands: Sequence[Sequence[str]]) -> float:
        """Seconds from the first RunTask to the last stopped task: the median, after one task that does not count."""
        definition = self._define(image)
        self._all(definition, commands[:1])
        measured = []
        for number in range(1, times + 1):
            measured.append(self._all(definition, commands))
            self._report(f"{image}, {len(commands)} tasks, run {number} of {times}: {measured[-1]:.1f} s")
        return statistics.median(measured)

    def _all(self, definition: str, commands: Sequence[Sequence[str]]) -> float:
        started = time.monotonic()
        waiting, running, done = list(commands), set[str](), 0
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.add(self._start(definition, waiting.pop(0)))
            time.sleep(_INTERVAL)
            stopped = {task for task in running if self._has_succeeded(task)}
            running -= stopped
            done += len(stopped)
            if stopped and len(commands) > 1:
                self._report(f"{done} of {len(commands)} tasks")
        return time.monotonic() - started

    def _start(self, definition: str, command: Sequence[str]) -> str:
        variables = [{"name": name, "value": value} for name, value in self._variables().items()]
        override = {"name": "dbt", "command": list(command), "environment": variables}
        return self._cloud.start(definition, overrides={"containerOverrides": [override]})

    def _has_succeeded(self, task: str) -> bool:
        """Whether it has stopped. Raises RuntimeError if it failed."""
        found = self._cloud.describe(task)
        if found["lastStatus"] != "STOPPED":
            return False
        if found["containers"][0].get("exitCode") != 0:
            raise RuntimeError(f"{found.get('stoppedReason')}\n" + "\n".join(self._cloud.output(task)[-30:]))
        return True

    def _define(self, image: str) -> str:
        """The ARN of a task definition for the image, which goes to the emulator's ECR first."""
        repository, daemon = self._cloud.client("ecr").create_repository(repositoryName=image)["repository"], docker.from_env()
        local = f"127.0.0.1:{self._cloud.port}/{image}"
        daemon.images.get(image).tag(local, "v1")
        daemon.images.push(local, tag="v1")
        daemon.images.remove(f"{local}:v1")
        allowed = policy(
            ("ecr:GetAuthorizationToken", "*"),
            (["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repository["repositoryArn"]),
            (["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{REGION}:{self._cloud.id}:log-group:{GROUP}:*"),
        )
        artifacts = policy(
            (["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/*"), ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")
        )
        options = {"awslogs-group": GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "test"}
        made = self._cloud.client("ecs").register_task_definition(
            family=image,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="1024",
            memory="2048",
            runtimePlatform={"cpuArchitecture": ARCHITECTURE, "operatingSystemFamily": "LINUX"},
            executionRoleArn=self._cloud.role(allowed),
            taskRoleArn=self._cloud.role(artifacts),
            containerDefinitions=[
                {
                    "name": "dbt",
                    "image": f"{repository['repositoryUri']}:v1",
                    "essential": True,
                    "logConfiguration": {"logDriver": "awslogs", "options": options},
                }
            ],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

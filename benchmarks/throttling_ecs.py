"""A clock that nobody waits for, and an ECS that throttles as AWS says it does."""

import heapq
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse

EPOCH = 1_800_000_000
"""When it begins; any moment will do."""

FARGATE_START = 40
"""Seconds until a container runs; it changes nothing but the end."""

ANSWER = 0.05
"""Seconds that a request takes."""

LOST = 25
"""Of so many answers to RunTask one gets lost on its way, after ECS has started the task: boto asks again."""


class Clock:
    """Threads that take turns, one at a time; time passes when all of them sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self._turns: list[tuple[float, int, threading.Event]] = []
        self._numbers = itertools.count()
        self._over = threading.Event()
        self._errors: list[BaseException] = []

    def sleep(self, seconds: float) -> None:
        turn = self._wanted(seconds)
        self._pass_on()
        turn.wait()

    def start(self, function: Callable[[], None]) -> None:
        """In a thread of its own, once `run` is called."""
        turn = self._wanted(0)

        def run() -> None:
            turn.wait()
            try:
                function()
            except BaseException as error:  # noqa: BLE001 - `run` tells it
                self._errors.append(error)
            self._pass_on()

        threading.Thread(target=run, daemon=True).start()

    def run(self) -> None:
        """Returns when all have ended. Raises what one of them has raised."""
        self._pass_on()
        self._over.wait()
        if self._errors:
            raise self._errors[0]

    def _wanted(self, seconds: float) -> threading.Event:
        turn = threading.Event()
        heapq.heappush(self._turns, (self.now + max(seconds, 0), next(self._numbers), turn))
        return turn

    def _pass_on(self) -> None:
        if not self._turns:
            self._over.set()
            return
        self.now, _, turn = heapq.heappop(self._turns)
        turn.set()


@dataclass
class Tokens:
    """A bucket of AWS's: so many requests at once, and so many a second after that."""

    burst: int
    rate: float
    left: float = field(init=False)
    since: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> bool:
        self.left, self.since = min(self.burst, self.left + (now - self.since) * self.rate), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Ecs:
    """Fargate's part of ECS, as far as the operator asks it."""

    def __init__(self, clock: Clock, minutes: float) -> None:
        self._clock, self._minutes = clock, minutes
        # Amazon ECS API Reference, "Request throttling for the Amazon ECS API"; Developer Guide, "AWS Fargate throttling quotas".
        self._read = Tokens(100, 20)
        self._modify, self._run_task, self._launch = Tokens(100, 40), Tokens(20, 20), Tokens(100, 20)
        self.tasks: dict[str, dict[str, Any]] = {}
        self._by_token: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """To one HTTP request."""
        self._clock.sleep(ANSWER)
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        self.requests[operation] += 1
        buckets = {"RunTask": [self._modify, self._run_task, self._launch]}.get(operation, [self._read])
        if not all(each.take(self._clock.now) for each in buckets):
            self.throttled[operation] += 1
            return _response(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
        body = getattr(self, f"_{operation}")(json.loads(request.body))
        if operation == "RunTask" and self.requests[operation] % LOST == 0:
            return _response(500, {"__type": "ServerException", "message": "the answer was lost"})
        return _response(200, body)

    def _RunTask(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 (AWS's name)
        token = asked["clientToken"]
        if token not in self._by_token:
            family = asked["taskDefinition"].rpartition("/")[2].partition(":")[0]
            arn = f"arn:aws:ecs:eu-west-1:123456789012:task/dbt/{len(self.tasks):032}"
            self._by_token[token] = arn
            task = {"taskArn": arn, "family": family, "startedBy": asked["startedBy"], "overrides": asked["overrides"]}
            self.tasks[arn] = {**task, "createdAt": EPOCH + self._clock.now, "began": self._clock.now}
        return {"failures": [], "tasks": [self._seen(self.tasks[self._by_token[token]])]}

    def _ListTasks(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 (AWS's name)
        stopped = asked["desiredStatus"] == "STOPPED"
        found = [task for task in self.tasks.values() if task["family"] == asked["family"] and self._over(task) == stopped]
        return {"taskArns": [task["taskArn"] for task in found]}

    def _DescribeTasks(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 (AWS's name)
        return {"failures": [], "tasks": [self._seen(self.tasks[arn]) for arn in asked["tasks"]]}

    def _over(self, task: dict[str, Any]) -> bool:
        return self._clock.now >= task["began"] + FARGATE_START + self._minutes * 60

    def _seen(self, task: dict[str, Any]) -> dict[str, Any]:
        status = "STOPPED" if self._over(task) else "RUNNING"
        seen = {key: task[key] for key in ("taskArn", "startedBy", "overrides", "createdAt")}
        container = {"name": "dbt", "lastStatus": status, **({"exitCode": 0} if status == "STOPPED" else {})}
        stop = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
        return {**seen, "lastStatus": status, "desiredStatus": status, "containers": [container], **stop}


def _response(status: int, body: dict[str, Any]) -> AWSResponse:
    content = json.dumps(body).encode()
    raw = SimpleNamespace(stream=lambda **_: iter([content]))
    return AWSResponse("https://ecs", status, {"Content-Type": "application/x-amz-json-1.1"}, raw)

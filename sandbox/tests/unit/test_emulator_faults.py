"""The emulator's bad days, as boto3 meets them; what stands behind them is an application that always says yes."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.emulator.faults import CONTROL, Fault, Faults


def signed(service: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/{service}/aws4_request".encode())]


class Emulator:
    """What is behind: says 200, and counts."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.faults = Faults(self)

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        self.calls.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"yes"})

    def call(self, service: str, body: str = "", path: str = "/", client: str = "127.0.0.1") -> tuple[int, str]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body.encode(), "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = signed(service) if service else []
        scope = {"type": "http", "path": path, "headers": headers, "client": (client, 1)}
        try:
            asyncio.run(self.faults(scope, receive, send))
        except ConnectionAbortedError:
            return 0, ""
        return sent[0]["status"], b"".join(each.get("body", b"") for each in sent).decode()

    def order(self, fault: str, share: float = 1.0, services: tuple[str, ...] = (), seed: int = 1) -> None:
        order = {"fault": fault, "share": share, "services": services, "seed": seed}
        assert self.call("", json.dumps(order), CONTROL)[0] == 204


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.mark.parametrize(
    ("fault", "service", "status", "code"),
    [
        ("throttle", "ecs", 400, "ThrottlingException"),
        ("throttle", "iam", 400, "<Code>Throttling</Code>"),
        ("throttle", "s3", 503, "SlowDown"),
        ("throttle", "ec2", 503, "RequestLimitExceeded"),
        ("error", "secretsmanager", 500, "InternalServerError"),
        ("expired", "s3", 403, "ExpiredToken"),
        ("down", "airflow", 503, "ServiceUnavailable"),
        ("drop", "ecs", 0, ""),
    ],
)
def test_a_call_fails_in_the_words_of_its_service(emulator: Emulator, fault: str, service: str, status: int, code: str):
    """Clients try again, or give up, by the code: another one would show another behaviour."""
    emulator.order(fault)

    found, body = emulator.call(service)

    assert (found, code in body) == (status, True)
    assert emulator.calls == []


def test_a_call_whose_answer_is_lost_has_had_its_effect(emulator: Emulator):
    """What the client repeats is done already: who makes things twice, or says that they are there, is seen here."""
    emulator.order("lost")

    assert emulator.call("ecs", "RunTask") == (0, "")
    assert emulator.calls == [b"RunTask"]


def test_a_seed_decides_which_calls_fail(emulator: Emulator):
    """A failure that was seen once can be seen again."""

    def statuses(seed: int) -> list[int]:
        emulator.order("throttle", share=0.3, seed=seed)
        return [emulator.call("ecs")[0] for _ in range(40)]

    first = statuses(1)

    assert statuses(1) == first
    assert statuses(2) != first
    assert 4 < Counter(first)[400] < 20


def test_only_the_services_that_are_named_fail(emulator: Emulator):
    emulator.order("down", services=("airflow",))

    assert emulator.call("ecs")[0] == 200
    assert emulator.call("airflow")[0] == 503


def test_it_ends_when_it_is_told_to(emulator: Emulator):
    emulator.order("error")
    emulator.call("", "{}", CONTROL)

    assert emulator.call("ecs") == (200, "yes")


def test_the_health_check_and_the_registry_are_left_alone(emulator: Emulator):
    """Whoever starts the emulator waits for the one, Docker pushes to the other."""
    emulator.order("down")

    assert emulator.call("", path="/_ministack/health")[0] == 200


def test_no_container_gives_orders(emulator: Emulator):
    assert emulator.call("", '{"fault": "down"}', CONTROL, client="172.17.0.2")[0] == 403
    assert emulator.call("ecs")[0] == 200


def test_a_new_role_is_unknown_to_others_for_some_seconds(emulator: Emulator, monkeypatch: pytest.MonkeyPatch):
    """IAM is eventually consistent: what is made in the next second must be tried again."""
    now = 0.0
    monkeypatch.setattr("sandbox.emulator.faults.time.monotonic", lambda: now)
    emulator.order("late")
    policy = '{"Policy": "{\\"Principal\\": {\\"AWS\\": \\"arn:aws:iam::1:role/team/dbt\\"}}"}'

    assert emulator.call("iam", "Action=CreateRole&RoleName=dbt")[0] == 200
    assert emulator.call("iam", "Action=PutRolePolicy&RoleName=dbt")[0] == 200
    assert "MalformedPolicyDocumentException" in emulator.call("kms", policy)[1]
    assert emulator.call("kms", policy.replace("dbt", "other"))[0] == 200
    now = 16.0
    assert emulator.call("kms", policy) == (200, "yes")


def test_a_slow_answer_comes(emulator: Emulator, monkeypatch: pytest.MonkeyPatch):
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("sandbox.emulator.faults.asyncio.sleep", sleep)
    emulator.order(Fault.SLOW)

    assert emulator.call("ecs") == (200, "yes")
    assert 1 <= waited[0] <= 10

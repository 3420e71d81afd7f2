"""The report of an acceptance, and that it leaves nothing behind."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.acceptance.checks import Trial, plan_is_empty, rollback_and_back
from ops.acceptance.inbox import listening
from ops.acceptance.report import Check, NotCheckableError, Report, conducted
from ops.errors import OpsError

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no sqs:CreateQueue"}}, "CreateQueue")


def raising(error: Exception) -> Check:
    def prove(_: Any) -> str:
        raise error

    return Check(title="a run", prove=prove)


@pytest.mark.parametrize(
    ("check", "outcome", "detail"),
    [
        (Check(title="a run", prove=lambda _: "it ran"), "passed", "it ran"),
        (raising(OpsError("It failed.", "Look.")), "failed", "It failed. Look."),
        (raising(NotCheckableError("no retries")), "not checked", "no retries"),
        (raising(DENIED), "failed", "no sqs:CreateQueue"),
    ],
)
def test_what_goes_wrong_is_a_result(check: Check, outcome: str, detail: str):
    """One thing that fails must not hide what else works."""
    result = conducted(check, None)

    assert result.outcome == outcome
    assert detail in result.detail


def test_the_report_says_what_was_seen_and_what_was_not_tried():
    """Whoever approves a change was not there."""
    results = [
        conducted(check, None)
        for check in (Check(title="a plan", prove=lambda _: "108 resources"), raising(NotCheckableError("x | y")))
    ]
    page = Report(
        stack="dev",
        workstream="sales",
        outputs={"region": "eu-west-1", "images": {"shop": "repository@sha256:1"}},
        begun=datetime(2026, 1, 1, tzinfo=UTC),
        results=results,
    ).markdown()

    assert "# Acceptance of stack `dev`: accepted" in page
    assert "| passed | a plan | 108 resources | 0 |" in page
    assert "| not checked | a run | x \\| y | 0 |" in page
    assert "- `shop`: `repository@sha256:1`" in page


def trial(**given: Any) -> Trial:
    return Trial(**{"stack": None, "workstream": None, "engine": None, "seconds": 1, **given})


def test_a_plan_that_is_not_empty_is_named():
    """Whatever is planned is not what was proved."""
    steps = [
        {"op": "same", "urn": "a::b"},
        {"op": "read", "urn": "a::c"},
        {"op": "update", "urn": "urn:pulumi:dev::dbt-platform::aws:s3/bucket:Bucket::platform-dags"},
    ]
    engine = SimpleNamespace(preview=lambda: {"steps": steps})

    with pytest.raises(OpsError, match="1 changes are planned: update platform-dags"):
        plan_is_empty(trial(engine=engine))


def test_a_first_deployment_has_nothing_to_go_back_to(monkeypatch: pytest.MonkeyPatch):
    """That is no failure of the deployment."""

    def refuse(*_: Any) -> None:
        raise OpsError("'sales' has nothing before sales:1.", "Deploy")

    monkeypatch.setattr("ops.rollback.go_back", refuse)
    monkeypatch.setattr(Trial, "configuration", lambda _: {})

    with pytest.raises(NotCheckableError, match="nothing before sales:1"):
        rollback_and_back(trial())


class Aws:
    """SQS and SNS that note what is there."""

    def __init__(self, refusal: ClientError | None = None) -> None:
        self.there: set[str] = set()
        self.refusal = refusal
        self.session = self

    def client(self, _: str) -> "Aws":
        return self

    def create_queue(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        if self.refusal:
            raise self.refusal
        self.there.add("queue")
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn:queue"}}

    def set_queue_attributes(self, **_: Any) -> None: ...

    def subscribe(self, TopicArn: str, **_: Any) -> dict[str, str]:  # noqa: N803
        assert TopicArn == "arn:topic-of-finance"
        self.there.add("subscription")
        return {"SubscriptionArn": "arn"}

    def unsubscribe(self, **_: Any) -> None:
        self.there.remove("subscription")

    def delete_queue(self, **_: Any) -> None:
        self.there.remove("queue")


workstream: Any = SimpleNamespace(alert_topic="arn:topic-of-finance")
"""One with receivers of its own."""


def test_the_queue_goes_also_when_the_run_could_not_start():
    """A forgotten queue would collect every alert of the stack for ever."""
    aws: Any = Aws()

    def run() -> None:
        with listening(aws, workstream):
            assert aws.there == {"queue", "subscription"}
            raise OpsError("Airflow is not there.", "Wait.")

    with pytest.raises(OpsError, match="Airflow is not there"):
        run()
    assert aws.there == set()


def test_who_may_make_no_queue_learns_what_was_not_tried():
    """The rest of the acceptance needs no such right."""
    aws: Any = Aws(refusal=DENIED)

    with pytest.raises(NotCheckableError, match="no sqs:CreateQueue"):
        listening(aws, workstream).__enter__()

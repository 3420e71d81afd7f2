import pytest

from components.account import Account
from components.monitoring.alerts import Alerts, AlertsArgs
from tests import iam
from tests.unit.recorder import ACCOUNT_ID, Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"


def test_everybody_on_call_gets_the_alerts(stack: Stack, account: Account):
    """A failed run that nobody hears of is found by the people who miss the data."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, emails=["a@example.com", "b@example.com"]))

    subscriptions = stack.all("aws:sns/topicSubscription:TopicSubscription").values()
    assert {(each["protocol"], each["endpoint"]) for each in subscriptions} == {
        ("email", "a@example.com"),
        ("email", "b@example.com"),
    }


def test_who_is_listed_twice_is_told_once(stack: Stack, account: Account):
    """The engine would refuse the second resource of that name, without a word on where it comes from."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, emails=["a@example.com", "a@example.com"]))

    registered = [each for each in stack.registrations() if each.type == "aws:sns/topicSubscription:TopicSubscription"]
    assert [each.inputs["endpoint"] for each in registered] == ["a@example.com"]


def test_alerts_are_encrypted_at_rest_and_on_the_way(stack: Stack, account: Account):
    """They carry the names of models and the errors of the warehouse."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, emails=[]))

    assert stack.only("aws:sns/topic:Topic")["kmsMasterKeyId"] == KEY
    [refusal] = [each for each in stack.statements("aws:sns/topicPolicy:TopicPolicy", "alerts") if each["Effect"] == "Deny"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_statement_of_the_topics_policy_has_an_id_of_its_own(stack: Stack, account: Account):
    """SNS refuses the policy otherwise, and the stack's first deployment would end there."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, emails=[]))

    ids = [each.get("Sid") for each in stack.statements("aws:sns/topicPolicy:TopicPolicy", "alerts")]

    assert all(ids)
    assert len(set(ids)) == len(ids) == 3


@pytest.mark.parametrize(
    ("service", "source"),
    [
        ("cloudwatch.amazonaws.com", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT_ID}:alarm:dbt-platform-dev-airflow-queue"),
        ("budgets.amazonaws.com", f"arn:aws:budgets::{ACCOUNT_ID}:budget/dbt-platform-dev"),
    ],
)
def test_alarms_and_budgets_reach_the_topic_but_not_those_of_strangers(stack: Stack, account: Account, service: str, source: str):
    """Alarms that may not publish say so to nobody; anybody's alarm could flood the people on call."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, emails=[]))
    topic = stack.only("aws:sns/topicPolicy:TopicPolicy")["arn"]
    statements = [
        each for each in stack.statements("aws:sns/topicPolicy:TopicPolicy", "alerts") if each["Principal"] == {"Service": service}
    ]

    def may_publish(account_id: str) -> bool:
        context = {"aws:SourceAccount": account_id, "aws:SourceArn": source.replace(ACCOUNT_ID, account_id)}
        return iam.allows(statements, "sns:Publish", topic, context)

    assert may_publish(ACCOUNT_ID)
    assert not may_publish("999999999999")

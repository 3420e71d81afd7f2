import json
import re
from typing import Any

import pytest
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from components.account import Account
from components.monitoring.alerts import Alerts, AlertsArgs
from settings.sections.alerts import AlertSettings
from tests import iam
from tests.unit.recorder import ACCOUNT_ID, Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"


def test_everybody_on_call_gets_the_alerts(stack: Stack, account: Account):
    """A failed run that nobody hears of is found by the people who miss the data."""
    Alerts(
        "alerts", AlertsArgs(account=account, kms_key_arn=KEY, settings=AlertSettings(emails=["a@example.com", "b@example.com"]))
    )

    subscriptions = stack.all("aws:sns/topicSubscription:TopicSubscription").values()
    assert {(each["protocol"], each["endpoint"]) for each in subscriptions} == {
        ("email", "a@example.com"),
        ("email", "b@example.com"),
    }


def test_who_is_listed_twice_is_told_once(stack: Stack, account: Account):
    """The engine would refuse the second resource of that name, without a word on where it comes from."""
    Alerts(
        "alerts", AlertsArgs(account=account, kms_key_arn=KEY, settings=AlertSettings(emails=["a@example.com", "a@example.com"]))
    )

    registered = [each for each in stack.registrations() if each.type == "aws:sns/topicSubscription:TopicSubscription"]
    assert [each.inputs["endpoint"] for each in registered] == ["a@example.com"]


def test_alerts_are_encrypted_at_rest_and_on_the_way(stack: Stack, account: Account):
    """They carry the names of models and the errors of the warehouse."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, settings=AlertSettings(emails=[])))

    assert stack.only("aws:sns/topic:Topic")["kmsMasterKeyId"] == KEY
    [refusal] = [each for each in stack.statements("aws:sns/topicPolicy:TopicPolicy", "alerts") if each["Effect"] == "Deny"]
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_statement_of_the_topics_policy_has_an_id_of_its_own(stack: Stack, account: Account):
    """SNS refuses the policy otherwise, and the stack's first deployment would end there."""
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, settings=AlertSettings(emails=[])))

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
    Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, settings=AlertSettings(emails=[])))
    topic = stack.only("aws:sns/topicPolicy:TopicPolicy")["arn"]
    statements = [
        each for each in stack.statements("aws:sns/topicPolicy:TopicPolicy", "alerts") if each["Principal"] == {"Service": service}
    ]

    def may_publish(account_id: str) -> bool:
        context = {"aws:SourceAccount": account_id, "aws:SourceArn": source.replace(ACCOUNT_ID, account_id)}
        return iam.allows(statements, "sns:Publish", topic, context)

    assert may_publish(ACCOUNT_ID)
    assert not may_publish("999999999999")


SLACK = {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}
TEAMS = {
    "tenant": "11111111-2222-3333-4444-555555555555",
    "team": "66666666-7777-8888-9999-000000000000",
    "channel": "19%3ab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2",
}
SLACK_CHANNEL = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
TEAMS_CHANNEL = "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def alerts(account: Account, **settings: Any) -> Alerts:
    return Alerts("alerts", AlertsArgs(account=account, kms_key_arn=KEY, settings=AlertSettings.model_validate(settings)))


def test_a_team_gets_the_alerts_of_its_own_workstreams_and_nobody_else_does(stack: Stack, account: Account):
    """Who is woken by another's model turns the alerts off."""
    finance = {"workstreams": ["books", "ledger"], "emails": ["finance@example.com"]}

    made = alerts(account, emails=["oncall@example.com"], receivers={"finance": finance})

    topics = {name: stack.value(made.of(name).arn) for name in ("books", "ledger", "sales")}
    assert topics["books"] == topics["ledger"] != topics["sales"] == stack.value(made.topic_arn)
    heard = {each["endpoint"]: each["topic"] for each in stack.all(SUBSCRIPTION).values()}
    assert heard == {"finance@example.com": topics["books"], "oncall@example.com": topics["sales"]}


def test_only_the_stacks_own_topic_hears_alarms_and_budgets(stack: Stack, account: Account):
    """They are the platform's: a team can't mend Airflow."""
    alerts(account, slack=SLACK, receivers={"finance": {"workstreams": ["books"], "emails": ["finance@example.com"]}})

    policies = stack.all("aws:sns/topicPolicy:TopicPolicy")
    services = {
        name: [each["Sid"] for each in stack.statements("aws:sns/topicPolicy:TopicPolicy", name) if each["Effect"] == "Allow"]
        for name in policies
    }
    assert services == {"alerts": ["cloudwatch", "budgets"], "alerts-finance": [], "chat-alerts": []}
    assert all(topic["kmsMasterKeyId"] == KEY for topic in stack.all("aws:sns/topic:Topic").values())


def test_an_address_that_anybody_could_send_to_is_a_secret_of_the_state(stack: Stack, account: Account):
    """Its URL is all that PagerDuty asks of a sender. No name, output or log may have it, and in the state it is encrypted."""
    url = "https://events.pagerduty.com/integration/0123456789abcdef/enqueue"

    alerts(account, urls={"pagerduty": url})

    [(request, _)] = [exchange for exchange in stack.exchanges if exchange[0].type == SUBSCRIPTION]
    assert request.name == "alerts-pagerduty"
    secret = request.object.fields["endpoint"].struct_value.fields
    assert secret["value"].string_value == url
    assert secret[_special_sig_key].string_value == _special_secret_sig
    assert url not in repr(AlertSettings.model_validate({"urls": {"pagerduty": url}}))


def test_a_chat_shows_our_messages_alarms_and_budgets(stack: Stack, account: Account):
    """Q drops what is not in its form, so ours come by a topic of their own; AWS's services write to the other."""
    made = alerts(account, slack=SLACK, microsoftTeams=TEAMS)

    for kind in (SLACK_CHANNEL, TEAMS_CHANNEL):
        assert stack.only(kind)["snsTopicArns"] == stack.value(list(made.platform))
    assert stack.only(SLACK_CHANNEL)["configurationName"] == "dbt-platform-dev-C07EZ1ABC23"
    assert re.fullmatch("[A-Za-z0-9-_]{1,128}", stack.only(TEAMS_CHANNEL)["configurationName"])


def test_nobody_can_do_anything_from_a_chat(stack: Stack, account: Account):
    """Without a guardrail AWS takes AdministratorAccess, and everybody in the channel may run commands."""
    alerts(account, slack=SLACK)

    role = stack.only("aws:iam/role:Role")
    assert json.loads(role["assumeRolePolicy"])["Statement"][0]["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert not stack.all("aws:iam/rolePolicy:RolePolicy")
    channel = stack.only(SLACK_CHANNEL)
    assert channel["guardrailPolicyArns"] == ["arn:aws:iam::aws:policy/AWSDenyAll"]
    assert channel["userAuthorizationRequired"] is True


def test_a_channel_of_two_teams_is_connected_once(stack: Stack, account: Account):
    """AWS refuses a second configuration of a channel (aws-cloudformation/cloudformation-coverage-roadmap#1155)."""
    made = alerts(account, slack=SLACK, receivers={"finance": {"workstreams": ["books"], "slack": SLACK}})

    assert stack.only(SLACK_CHANNEL)["snsTopicArns"] == stack.value([*made.platform, *made.of("books")])


@pytest.mark.parametrize(
    ("region", "where"), [("eu-west-1", "eu-west-1"), ("us-west-2", "us-west-2"), ("eu-central-1", "eu-west-1")]
)
def test_chats_are_connected_in_a_region_that_has_them(stack: Stack, region: str, where: str):
    """Elsewhere there is no such host (aws/aws-cli#8658)."""
    alerts(Account(partition="aws", region=region, id=ACCOUNT_ID), slack=SLACK)

    assert stack.only(SLACK_CHANNEL)["region"] == where

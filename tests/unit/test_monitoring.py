from components.monitoring import Alerts, AlertsArgs
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"


def test_everybody_on_call_gets_the_alerts(stack: Stack):
    """A failed run that nobody hears of is found by the people who miss the data."""
    Alerts("alerts", AlertsArgs(kms_key_arn=KEY, emails=["a@example.com", "b@example.com"]))

    subscriptions = stack.all("aws:sns/topicSubscription:TopicSubscription").values()
    assert {(each["protocol"], each["endpoint"]) for each in subscriptions} == {
        ("email", "a@example.com"),
        ("email", "b@example.com"),
    }


def test_alerts_are_encrypted_at_rest_and_on_the_way(stack: Stack):
    """They carry the names of models and the errors of the warehouse."""
    Alerts("alerts", AlertsArgs(kms_key_arn=KEY, emails=[]))

    assert stack.only("aws:sns/topic:Topic")["kmsMasterKeyId"] == KEY
    [statement] = stack.statements("aws:sns/topicPolicy:TopicPolicy", "alerts")
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})

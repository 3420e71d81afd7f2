"""Alarms and EventBridge rules reach a topic only if they may publish to it, and use its key.

CloudWatch User Guide, "Notifying users on alarm changes"; Amazon EventBridge User Guide, "Using resource-based policies":
Amazon SNS permissions; SNS Developer Guide, "Managing Amazon SNS encryption keys and costs". MiniStack delivers always. As in
AWS nobody is told of a refusal; here it stands in the log.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import logging
from typing import Any

from ministack.core.responses import error_response_json, get_account_id
from ministack.services import cloudwatch, eventbridge, kms, sns

from sandbox.emulator.patches import replaces
from sandbox.emulator.roles import DeniedError, assume, policy_allows_service, require, require_caller_may_pass

Answer = tuple[int, dict[str, str], bytes]

EVENTS = "events.amazonaws.com"

_stock_invoke = eventbridge._invoke_target
_stock_put_targets = eventbridge._put_targets
_stock_alarm = cloudwatch._dispatch_alarm_actions

log = logging.getLogger(__name__)


def _service_may_publish(service: str, topic_arn: str, keys: dict[str, str]) -> bool:
    """Whether the policies of the topic and of its key let a service publish; `keys` are condition keys in lower case."""
    attributes = (sns._topics.get(topic_arn) or {}).get("attributes") or {}
    if not policy_allows_service(attributes.get("Policy") or '{"Statement": []}', service, "sns:Publish", topic_arn, keys):
        return False
    key = kms._resolve_key(attributes.get("KmsMasterKeyId"))
    actions = ("kms:GenerateDataKey", "kms:Decrypt") if key else ()
    return all(policy_allows_service(key["Policy"], service, action, key["Arn"], keys) for action in actions)


def _require_rule_may_publish(target: dict[str, Any], rule: dict[str, Any]) -> None:
    if role := target.get("RoleArn"):
        session = assume(role, EVENTS, rule["Name"], source_arn=rule["Arn"], seconds=900)
        require(session, "sns:Publish", target["Arn"])
    # EventBridge sends no condition keys to a topic's policy.
    elif not _service_may_publish(EVENTS, target["Arn"], {}):
        raise DeniedError(f"{EVENTS} is not authorized to perform: SNS:Publish on resource: {target['Arn']}")


@replaces(eventbridge, "_invoke_target")
def invoke_target(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
    """One delivery."""
    if ":sns:" in target.get("Arn", ""):
        try:
            _require_rule_may_publish(target, rule)
        except DeniedError as denied:
            log.warning("EventBridge: rule %s: FailedInvocation: %s", rule["Name"], denied)
            return
    _stock_invoke(target, event, rule, view)


@replaces(eventbridge, "_put_targets")
def put_targets(data: dict[str, Any]) -> Answer:
    """PutTargets: whoever gives a rule a role needs `iam:PassRole` for it."""
    try:
        for target in data.get("Targets") or []:
            if target.get("RoleArn"):
                require_caller_may_pass(target["RoleArn"], EVENTS)
    except DeniedError as denied:
        return error_response_json("AccessDeniedException", str(denied), 400)
    return _stock_put_targets(data)


@replaces(cloudwatch, "_dispatch_alarm_actions")
def dispatch_alarm_actions(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
    """The actions of an alarm that has changed its state."""
    keys = {"aws:sourceaccount": get_account_id(), "aws:sourcearn": alarm["AlarmArn"]}
    permitted = dict(alarm)
    for field in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        topics = alarm.get(field) or []
        permitted[field] = [topic for topic in topics if _service_may_publish("cloudwatch.amazonaws.com", topic, keys)]
        for topic in set(topics) - set(permitted[field]):
            log.warning("CloudWatch: alarm %s may not publish to %s", alarm["AlarmName"], topic)
    _stock_alarm(permitted, old_state, new_state, reason)

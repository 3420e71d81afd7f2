# ruff: noqa: A002, A006, ARG005, S106 - one signature for all tables; `token` is a type's
"""AWS Budgets: budgets of costs and usage."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars import schemas
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import camel, unordered
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties

NOTIFICATION = {
    "comparisonOperator": "ComparisonOperator",
    "notificationType": "NotificationType",
    "threshold": "Threshold",
    "thresholdType": "ThresholdType",
}
LIMIT = {"limitAmount": "Amount", "limitUnit": "Unit"}
SUBSCRIBERS = {"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"}


def _budget(inputs: Properties) -> dict[str, Any]:
    budget = {"BudgetName": inputs["name"], "BudgetType": inputs["budgetType"], "TimeUnit": inputs["timeUnit"]}
    if inputs.get("limitAmount"):
        budget["BudgetLimit"] = {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]}
    if inputs.get("filterExpression"):
        budget |= {"FilterExpression": _filter(inputs["filterExpression"]), "Metrics": [inputs["metrics"]]}
    return budget


PARTS = {"ands": "And", "ors": "Or", "not": "Not", "dimensions": "Dimensions", "tags": "Tags", "costCategories": "CostCategories"}
"""Of a filter (Cost Explorer API Reference, Expression)."""


def _filter(expression: Any) -> Any:
    match expression:
        case dict():
            return {PARTS.get(name, f"{name[0].upper()}{name[1:]}"): _filter(part) for name, part in expression.items() if part}
        case list():
            return [_filter(part) for part in expression]
    return expression


def _from_filter(expression: Any) -> Any:
    ours = {member: name for name, member in PARTS.items()}
    match expression:
        case dict():
            return {ours.get(name, camel(name)): _from_filter(part) for name, part in expression.items()} or None
        case list():
            return [_from_filter(part) for part in expression]
    return expression


def _notifications(inputs: Properties) -> list[tuple[dict[str, Any], list[dict[str, str]]]]:
    """Each notification with its subscribers."""
    return [
        (
            {member: each[name] for name, member in NOTIFICATION.items()},
            [{"SubscriptionType": kind, "Address": to} for name, kind in SUBSCRIBERS.items() for to in each.get(name) or []],
        )
        for each in inputs.get("notifications") or []
    ]


def _create(api: Api, inputs: Properties) -> str:
    api.client.create_budget(
        AccountId=api.session.account,
        Budget=_budget(inputs),
        NotificationsWithSubscribers=[
            {"Notification": notification, "Subscribers": subscribers} for notification, subscribers in _notifications(inputs)
        ],
        ResourceTags=tags.as_list(inputs),
    )
    return f"{api.session.account}:{inputs['name']}"


def _read(api: Api, id: str, state: Properties) -> Properties | None:
    account, _, name = id.partition(":")
    budget = api.client.describe_budget(AccountId=account, BudgetName=name, ShowFilterExpression=True)["Budget"]
    arn = _arn(api, id)
    return {
        "name": name,
        "budgetType": budget["BudgetType"],
        "timeUnit": budget["TimeUnit"],
        **{name: budget["BudgetLimit"][member] for name, member in LIMIT.items() if state.get(name) and "BudgetLimit" in budget},
        "filterExpression": _from_filter(budget.get("FilterExpression")),
        "metrics": next(iter(budget.get("Metrics") or []), None),
        "notifications": _read_notifications(api, account, name),
        "accountId": account,
        "timePeriodStart": f"{budget['TimePeriod']['Start']:%Y-%m-%d_%H:%M}",
        "arn": arn,
        "tagsAll": tags.from_list(api.client.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]),
    }


def _read_notifications(api: Api, account: str, name: str) -> list[dict[str, Any]]:
    budget = {"AccountId": account, "BudgetName": name}
    found = []
    for live in api.client.describe_notifications_for_budget(**budget).get("Notifications", []):
        notification = {member: live[member] for member in NOTIFICATION.values()}
        subscribers = api.client.describe_subscribers_for_notification(**budget, Notification=notification)["Subscribers"]
        entry: dict[str, Any] = {key: notification[member] for key, member in NOTIFICATION.items()}
        for key, kind in SUBSCRIBERS.items():
            entry[key] = sorted(each["Address"] for each in subscribers if each["SubscriptionType"] == kind)
        found.append(entry)
    return found


def _arn(api: Api, id: str) -> str:
    account, _, name = id.partition(":")
    return f"arn:{api.session.partition}:budgets::{account}:budget/{name}"


def _put_notifications(api: Api, id: str, new: Properties, old: Properties) -> None:
    account, _, name = id.partition(":")
    budget = {"AccountId": account, "BudgetName": name}
    for notification, _subscribers in _notifications(old):
        api.client.delete_notification(**budget, Notification=notification)
    for notification, subscribers in _notifications(new):
        api.client.create_notification(**budget, Notification=notification, Subscribers=subscribers)


def _subscribed(value: Any) -> str | None:
    without = any(not any(each.get(name) for name in SUBSCRIBERS) for each in value)
    return "has a notification without a subscriber" if without else None


def _filter_and_metrics(inputs: Properties) -> Iterator[Problem]:
    if bool(inputs.get("filterExpression")) != bool(inputs.get("metrics")):
        yield "metrics", "and filterExpression need each other"


CURRENCY = re.compile("[A-Z]{3}")
"""Unit of a limit of costs (Budgets API Reference, Spend)."""


def _limit_fits_type(inputs: Properties) -> Iterator[Problem]:
    if not any(inputs.get(name) for name in ("limitAmount", "plannedLimits", "autoAdjustData")):
        yield "limitAmount", "InvalidParameterException: a budget has a limit, planned limits, or adjusts itself"
    if bool(inputs.get("limitAmount")) != bool(inputs.get("limitUnit")):
        yield "limitUnit", "and limitAmount need each other"
    kind, unit = inputs["budgetType"], inputs.get("limitUnit", UNKNOWN)
    if kind == "COST" and unit != UNKNOWN and not CURRENCY.fullmatch(unit):
        yield "limitUnit", f"InvalidParameterException: {unit!r} is no currency, as the limit of a cost budget needs it"
    if kind in ("RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE") and unit != "PERCENTAGE":
        yield "limitUnit", f"InvalidParameterException: a budget of the type {kind} has a limit in PERCENTAGE"


def _filter_is_whole(value: Any) -> str | None:
    """Cost Explorer API Reference, Expression: what is compared, with what."""
    for name, part in value.items():
        if name in ("ands", "ors"):
            if len(part) < PAIR:
                return f"InvalidParameterException: {name} is of two expressions or more"
            if reason := next((found for each in part if (found := _filter_is_whole(each))), None):
                return reason
        elif name == "not":
            if reason := _filter_is_whole(part):
                return reason
        elif not part.get("key") or (not part.get("values") and "ABSENT" not in (part.get("matchOptions") or [])):
            return f"InvalidParameterException: {name} needs a key, and values or ABSENT"
    return None if len(value) == 1 else "InvalidParameterException: an expression is of one kind"


PAIR = 2


def _period(inputs: Properties) -> Iterator[Problem]:
    """Budgets API Reference, TimePeriod; the texts sort as the times do."""
    start, end = inputs.get("timePeriodStart", ""), inputs.get("timePeriodEnd")
    if end and UNKNOWN not in (start, end) and start >= end:
        yield "timePeriodEnd", "InvalidParameterException: the end must be after the start"


def _notifications_fit(inputs: Properties) -> Iterator[Problem]:
    """AWS Cost Management User Guide, "Best practices for AWS Budgets"; Budgets API Reference, CreateNotification."""
    given = inputs.get("notifications") or []
    keys = [tuple(each.get(name) for name in NOTIFICATION) for each in given]
    for index, each in enumerate(given):
        path = f"notifications[{index}]"
        if keys.count(keys[index]) > 1:
            yield path, "DuplicateRecordException: Notification already exists"
        if each.get("notificationType") == "FORECASTED" and (
            inputs["timeUnit"] == "DAILY" or inputs["budgetType"] not in ("COST", "USAGE")
        ):
            yield path, "InvalidParameterException: there are forecasts of monthly and longer budgets of cost or usage only"
        subscribers = each.get("subscriberEmailAddresses") or []
        if len(set(subscribers)) != len(subscribers):
            yield path, "DuplicateRecordException: Subscriber already exists"


BUDGET = ResourceType(
    token="aws:budgets/budget:Budget",
    service="budgets",
    properties={
        "name": Property("CreateBudget.Budget.BudgetName", replace=True),
        "budgetType": Property("CreateBudget.Budget.BudgetType", required=True),
        "timeUnit": Property("CreateBudget.Budget.TimeUnit", required=True),
        "limitAmount": Property("CreateBudget.Budget.BudgetLimit.Amount", kept=True),
        "limitUnit": Property("CreateBudget.Budget.BudgetLimit.Unit", kept=True),
        "filterExpression": Property(dict, check=_filter_is_whole),
        "metrics": Property("CreateBudget.Budget.Metrics[]"),
        "notifications": Property(list, form=unordered, schema=schemas.BUDGET_NOTIFICATIONS, check=_subscribed),
    },
    outputs=("accountId", "arn", "timePeriodStart"),
    create=_create,
    read=_read,
    delete=lambda api, id, state: api.client.delete_budget(AccountId=api.session.account, BudgetName=id.partition(":")[2]),
    puts=(
        Put(
            ("budgetType", "timeUnit", "limitAmount", "limitUnit", "filterExpression", "metrics"),
            lambda api, id, new, old: api.client.update_budget(AccountId=api.session.account, NewBudget=_budget(new)),
        ),
        Put(("notifications",), _put_notifications),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(ResourceARN=arn, ResourceTags=tags.as_list(inputs)),
            lambda api, arn, names: api.client.untag_resource(ResourceARN=arn, ResourceTagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=100),
    tagged=True,
    checks=(_filter_and_metrics, _limit_fits_type, _period, _notifications_fit),
)

KINDS = (BUDGET,)

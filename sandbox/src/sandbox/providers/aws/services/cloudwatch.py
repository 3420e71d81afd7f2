# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon CloudWatch: metric alarms and dashboards."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import json_problem
from sandbox.providers.aws.shapes import unordered
from sandbox.providers.aws.table import Name, Problem, Property, Put, ResourceType
from sandbox.providers.values import Properties, ProviderError

MISSING_DATA = ("breaching", "ignore", "missing", "notBreaching")
"""CloudWatch API Reference, PutMetricAlarm: TreatMissingData."""

ALARM_MEMBERS = {
    "name": "AlarmName",
    "actionsEnabled": "ActionsEnabled",
    "alarmActions": "AlarmActions",
    "alarmDescription": "AlarmDescription",
    "comparisonOperator": "ComparisonOperator",
    "datapointsToAlarm": "DatapointsToAlarm",
    "evaluationPeriods": "EvaluationPeriods",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "okActions": "OKActions",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treatMissingData": "TreatMissingData",
    "unit": "Unit",
}

DEFAULTS = {"actionsEnabled": True, "treatMissingData": "missing"}
"""Defaults of the real provider."""


def _property(name: str, member: str) -> Property:
    return Property(
        f"PutMetricAlarm.{member}",
        required=name in ("comparisonOperator", "evaluationPeriods", "metricName", "namespace", "period", "statistic", "threshold"),
        default=DEFAULTS.get(name),
        replace=name == "name",
        form=unordered,
        check=_missing_data if name == "treatMissingData" else lambda value: None,
    )


def _missing_data(value: Any) -> str | None:
    return None if value in MISSING_DATA else f"is not one of {', '.join(MISSING_DATA)}"


def _put_alarm(api: Api, inputs: Properties, **more: Any) -> str:
    dimensions = [{"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()]
    api.send("PutMetricAlarm", inputs, Dimensions=dimensions, **more)
    return inputs["name"]


def _read_alarm(api: Api, id: str, state: Properties) -> Properties | None:
    found = api.client.describe_alarms(AlarmNames=[id], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    if not found:
        return None
    alarm = found[0]
    return {
        **{name: alarm.get(member) for name, member in ALARM_MEMBERS.items()},
        "dimensions": {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])},
        "arn": alarm["AlarmArn"],
        "tagsAll": tags.from_list(api.client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]),
    }


def _whole_days(inputs: Properties) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricAlarm: EvaluationPeriods."""
    periods, period = inputs.get("evaluationPeriods"), inputs.get("period")
    if isinstance(periods, int) and isinstance(period, int) and periods * period > 86400 * (7 if period >= 3600 else 1):
        yield "evaluationPeriods", f"times period is {periods * period} seconds: AWS allows a day, a week from an hour's period on"


ALARM = ResourceType(
    token="aws:cloudwatch/metricAlarm:MetricAlarm",
    service="cloudwatch",
    properties={
        **{name: _property(name, member) for name, member in ALARM_MEMBERS.items()},
        "dimensions": Property(dict),
    },
    outputs=("arn",),
    create=lambda api, inputs: _put_alarm(api, inputs, Tags=tags.as_list(inputs)),
    read=_read_alarm,
    delete=lambda api, id, state: api.client.delete_alarms(AlarmNames=[id]),
    puts=(
        Put((*ALARM_MEMBERS, "dimensions"), lambda api, id, new, old: _put_alarm(api, new)),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(ResourceARN=arn, Tags=tags.as_list(inputs)),
            lambda api, arn, names: api.client.untag_resource(ResourceARN=arn, TagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=255),
    tagged=True,
    checks=(_whole_days,),
)


SEARCHED = re.compile(r"SEARCH\('\s*\{([^}]*)\}")
"""Namespace and dimensions of a search expression."""

BARE = re.compile(r'[\w/]+|"[^"]*"', re.ASCII)
"""A name in it (CloudWatch User Guide, "Search expression syntax"; there AWS/EC2 stands without quotes)."""


def _put_dashboard(api: Api, inputs: Properties) -> str:
    said = api.send("PutDashboard", inputs).get("DashboardValidationMessages")
    if said:
        raise ProviderError(f"{DASHBOARD.token} PutDashboard: {said[0].get('DataPath', '')}: {said[0]['Message']}")
    return inputs["dashboardName"]


def _read_dashboard(api: Api, id: str, state: Properties) -> Properties | None:
    found = api.client.get_dashboard(DashboardName=id)
    return {"dashboardName": id, "dashboardBody": found["DashboardBody"], "dashboardArn": found["DashboardArn"]}


def _body(value: Any) -> str | None:
    """CloudWatch API Reference, "Dashboard body structure and syntax", as far as our widgets go."""
    problem = json_problem(value)
    if problem:
        return problem
    widgets = json.loads(value).get("widgets")
    if not isinstance(widgets, list):
        return "has no list of widgets"
    wrong = next(
        (each for each in widgets if each.get("type") not in ("alarm", "metric", "text") or "properties" not in each), None
    )
    if wrong is not None:
        return f"has a widget that the sandbox does not model: {wrong}"
    lines = [line[0] for widget in widgets for line in widget["properties"].get("metrics", []) if isinstance(line[0], dict)]
    schemas = [schema for line in lines for schema in SEARCHED.findall(line["expression"])]
    bare = next((name for schema in schemas for name in schema.split(",") if not BARE.fullmatch(name.strip())), None)
    return None if bare is None else f"searches for {bare}, which needs quotes: CloudWatch would find nothing"


DASHBOARD = ResourceType(
    token="aws:cloudwatch/dashboard:Dashboard",
    service="cloudwatch",
    properties={
        "dashboardName": Property("PutDashboard.DashboardName", required=True, replace=True),
        "dashboardBody": Property(
            "PutDashboard.DashboardBody",
            required=True,
            form=lambda value: json.loads(value) if isinstance(value, str) else value,
            check=_body,
        ),
    },
    outputs=("dashboardArn",),
    create=_put_dashboard,
    read=_read_dashboard,
    delete=lambda api, id, state: api.client.delete_dashboards(DashboardNames=[id]),
    puts=(Put(("dashboardBody",), lambda api, id, new, old: _put_dashboard(api, new)),),
)

KINDS = (ALARM, DASHBOARD)

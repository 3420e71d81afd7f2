# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon CloudWatch: metric alarms and dashboards."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars import dashboards, schemas
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import unordered
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties, ProviderError, contains_unknown

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

CARRIED = {
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "extendedStatistic": "ExtendedStatistic",
    "thresholdMetricId": "ThresholdMetricId",
}

DEFAULTS = {"actionsEnabled": True, "treatMissingData": "missing"}
"""Defaults of the real provider."""


def _missing_data(value: Any) -> str | None:
    return None if value in MISSING_DATA else f"is not one of {', '.join(MISSING_DATA)}"


def _period(value: Any) -> str | None:
    """CloudWatch API Reference, PutMetricAlarm: Period."""
    return None if value in (10, 20, 30) or value % 60 == 0 else "must be 10, 20, 30 or a multiple of 60 seconds"


CHECKS = {"treatMissingData": _missing_data, "period": _period}


def _property(name: str, member: str) -> Property:
    return Property(
        f"PutMetricAlarm.{member}",
        required=name in ("comparisonOperator", "evaluationPeriods"),
        default=DEFAULTS.get(name),
        replace=name == "name",
        form=unordered,
        check=CHECKS.get(name, lambda value: None),
    )


def _dimension_texts(value: Any) -> str | None:
    """CloudWatch API Reference, Dimension."""
    for name, text in value.items():
        if not 1 <= len(name) <= 255 or name.startswith(":") or not name.isascii():
            return f"has the name {name!r}: 1 to 255 ASCII characters, no colon at its beginning"
        if not isinstance(text, str) or not text.strip() or len(text) > 1024 or not text.isascii():
            return f"has the value {text!r}: 1 to 1,024 ASCII characters, not spaces alone"
    return None


def _datapoints(inputs: Properties) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricAlarm: DatapointsToAlarm, AlarmActions."""
    points, periods = inputs.get("datapointsToAlarm"), inputs.get("evaluationPeriods")
    if isinstance(points, int) and isinstance(periods, int) and points > periods:
        yield "datapointsToAlarm", f"ValidationError: {points} must be less than or equal to EvaluationPeriods, {periods}"


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """One of an alarm's metrics or expressions, as the API has it."""
    own = {"ReturnData": False, **{f"{name[0].upper()}{name[1:]}": value for name, value in query.items() if name != "metric"}}
    if metric := query.get("metric"):
        dimensions = [{"Name": name, "Value": value} for name, value in (metric.get("dimensions") or {}).items()]
        named = {
            member: metric[name] for name, member in (("metricName", "MetricName"), ("namespace", "Namespace")) if metric.get(name)
        }
        stat = {"Metric": {**named, "Dimensions": dimensions}, "Period": metric["period"], "Stat": metric["stat"]}
        own["MetricStat"] = stat | ({"Unit": metric["unit"]} if metric.get("unit") else {})
    return own


def _put_alarm(api: Api, inputs: Properties, **more: Any) -> str:
    dimensions = [{"Name": name, "Value": value} for name, value in (inputs.get("dimensions") or {}).items()]
    given = {member: inputs[name] for name, member in CARRIED.items() if inputs.get(name)}
    if inputs.get("metricQueries"):
        given["Metrics"] = [_query(query) for query in inputs["metricQueries"]]
    api.send("PutMetricAlarm", inputs, Dimensions=dimensions, **given, **more)
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


def _one_kind(inputs: Properties) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricAlarm: a metric with a statistic, or metrics, or a query; and what it is compared with."""
    if any(inputs.get(name) for name in ("metricQueries", "evaluationCriteria")):
        return
    for names in (("metricName",), ("namespace",), ("period",), ("statistic", "extendedStatistic")):
        if not any(name in inputs for name in names):
            yield names[0], f"is required, where there are no metricQueries{' (or extendedStatistic)' if len(names) > 1 else ''}"
    if inputs.get("threshold") is None:
        yield "threshold", "is required"


def _band(inputs: Properties) -> Iterator[Problem]:
    """The same page: ComparisonOperator, ThresholdMetricId."""
    operator, band = inputs["comparisonOperator"], inputs.get("thresholdMetricId")
    if operator != UNKNOWN and bool(band) != ("Upper" in operator or "Lower" in operator) and not inputs.get("evaluationCriteria"):
        yield "comparisonOperator", f"{operator}: a band's operators need thresholdMetricId, and it needs one of them"
    ids = [query.get("id") for query in inputs.get("metricQueries") or [] if isinstance(query, dict)]
    if band and ids and band not in ids:
        yield "thresholdMetricId", f"ValidationError: Invalid metrics list: {band} is none of the metrics"


WORDS = {"and", "or"}
"""Lower-case words of expressions that name no metric (CloudWatch User Guide, "Using metric math")."""


def _queries(inputs: Properties) -> Iterator[Problem]:
    """CloudWatch API Reference, MetricDataQuery: names are unique, and an alarm watches one result."""
    queries = [query for query in inputs.get("metricQueries") or [] if isinstance(query, dict)]
    if not queries or contains_unknown(queries):
        return
    ids = [query.get("id") for query in queries]
    if twice := next((each for each in ids if ids.count(each) > 1), None):
        yield "metricQueries", f"ValidationError: Invalid metrics list: the id {twice} is there twice"
    for query in queries:
        named = set(
            re.findall(r"(?<![\w.\"'(])[a-z]\w*(?![\w(.\"'])", re.sub(r"\"[^\"]*\"|'[^']*'", "", query.get("expression") or ""))
        )
        if unknown := sorted(named - set(ids) - WORDS):
            yield "metricQueries", f"ValidationError: Invalid metrics list: {unknown[0]} in an expression is none of the metrics"
    returned = [query for query in queries if query.get("returnData")]
    if len(returned) != (2 if inputs.get("thresholdMetricId") else 1):
        yield "metricQueries", f"ValidationError: Exactly one element of the metrics list should return data, not {len(returned)}"


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
        "dimensions": Property(dict, check=_dimension_texts),
    },
    outputs=("arn",),
    filled={"evaluateLowSampleCountPercentiles": ""},
    create=lambda api, inputs: _put_alarm(api, inputs, Tags=tags.as_list(inputs)),
    read=_read_alarm,
    delete=lambda api, id, state: api.client.delete_alarms(AlarmNames=[id]),
    puts=(
        Put((*ALARM_MEMBERS, *CARRIED, "dimensions", "metricQueries"), lambda api, id, new, old: _put_alarm(api, new)),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(ResourceARN=arn, Tags=tags.as_list(inputs)),
            lambda api, arn, names: api.client.untag_resource(ResourceARN=arn, TagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=255),
    tagged=True,
    checks=(_one_kind, _band, _queries, _whole_days, _datapoints),
)


def _put_dashboard(api: Api, inputs: Properties) -> str:
    said = api.send("PutDashboard", inputs).get("DashboardValidationMessages")
    if said:
        raise ProviderError(f"{DASHBOARD.token} PutDashboard: {said[0].get('DataPath', '')}: {said[0]['Message']}")
    return inputs["dashboardName"]


def _read_dashboard(api: Api, id: str, state: Properties) -> Properties | None:
    found = api.client.get_dashboard(DashboardName=id)
    return {"dashboardName": id, "dashboardBody": found["DashboardBody"], "dashboardArn": found["DashboardArn"]}


DASHBOARD = ResourceType(
    token="aws:cloudwatch/dashboard:Dashboard",
    service="cloudwatch",
    properties={
        "dashboardName": Property("PutDashboard.DashboardName", required=True, replace=True),
        "dashboardBody": Property(
            "PutDashboard.DashboardBody",
            required=True,
            form=lambda value: json.loads(value) if isinstance(value, str) else value,
            schema=schemas.DASHBOARD,
            check=dashboards.body,
        ),
    },
    outputs=("dashboardArn",),
    create=_put_dashboard,
    read=_read_dashboard,
    delete=lambda api, id, state: api.client.delete_dashboards(DashboardNames=[id]),
    puts=(Put(("dashboardBody",), lambda api, id, new, old: _put_dashboard(api, new)),),
)

KINDS = (ALARM, DASHBOARD)

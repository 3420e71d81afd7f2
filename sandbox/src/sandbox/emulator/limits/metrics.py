"""CloudWatch: metrics, their queries and alarms."""

import datetime
import math
import re
from collections.abc import Iterator

from sandbox.emulator.limits.problems import Check, Parameters, Problem

OF_BANDS = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")


def _put_metric_data(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricData and MetricDatum."""
    for datum in call.get("MetricData") or []:
        yield from _datum(datum)


def _datum(datum: Parameters) -> Iterator[Problem]:
    for value in (datum.get("Value"), *(datum.get("Values") or [])):
        if value is not None and (not math.isfinite(value) or abs(value) > 2**360):
            yield "InvalidParameterValue", f"The value {value} for parameter MetricData.member.1.Value is invalid."
    values, counts, statistics = datum.get("Values") or [], datum.get("Counts"), datum.get("StatisticValues") or {}
    if counts is not None and len(counts) != len(values):
        yield "InvalidParameterValue", f"The parameters Values and Counts must be of one length: {len(values)}, {len(counts)}."
    if statistics and (statistics["Minimum"] > statistics["Maximum"] or statistics["SampleCount"] <= 0):
        yield (
            "InvalidParameterValue",
            "The parameter StatisticValues must have a Minimum that is no Maximum, of one sample or more.",
        )
    when = datum.get("Timestamp")
    if isinstance(when, datetime.datetime):
        age = datetime.datetime.now(datetime.UTC) - (when if when.tzinfo else when.replace(tzinfo=datetime.UTC))
        if not datetime.timedelta(hours=-2) <= age <= datetime.timedelta(weeks=2):
            yield "InvalidParameterValue", "The parameter Timestamp must be at most two weeks old, and two hours ahead."


def _metric_statistics(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, GetMetricStatistics: up to 1,440 data points."""
    start, end, period = call["StartTime"], call["EndTime"], call["Period"]
    if not isinstance(start, datetime.datetime) or not isinstance(end, datetime.datetime):
        return
    seconds = (end - start).total_seconds()
    if seconds <= 0:
        yield "InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime."
    if seconds / period > 1440:
        yield (
            "InvalidParameterCombination",
            f"You have requested up to {seconds / period:.0f} datapoints, which exceeds the limit of 1,440.",
        )


def _metric_data(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, GetMetricData."""
    start, end = call["StartTime"], call["EndTime"]
    if type(start) is type(end) and start >= end:
        yield "ValidationError", "The parameter StartTime must be less than the parameter EndTime."
    yield from _expressions(call["MetricDataQueries"])


def _expressions(queries: list[Parameters]) -> Iterator[Problem]:
    """CloudWatch User Guide, "Using math expressions with CloudWatch metrics"."""
    ids = {query["Id"] for query in queries}
    for query in queries:
        text = re.sub(r"'[^']*'|\"[^\"]*\"", "", query.get("Expression") or "")
        if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
            yield "ValidationError", f"Error in expression '{query['Id']}': Syntax error"
        absent = {} if text.upper().startswith("SELECT ") else set(re.findall(r"\b[a-z][A-Za-z0-9_]*\b(?!\()", text)) - ids
        if absent:
            yield "ValidationError", f"Undefined variable found when evaluating the expression '{query['Id']}': {min(absent)}"


def _alarm(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, PutMetricAlarm."""
    metrics, periods, period = call.get("Metrics") or [], call["EvaluationPeriods"], call.get("Period") or 0
    if not metrics and not (call.get("MetricName") and call.get("Namespace") and period):
        yield "ValidationError", "MetricName, Namespace and Period must be given, or Metrics"
    if not metrics and bool(call.get("Statistic")) == bool(call.get("ExtendedStatistic")):
        yield "ValidationError", "Exactly one of Statistic and ExtendedStatistic must be given"
    if call.get("Threshold") is None and not call.get("ThresholdMetricId"):
        yield "ValidationError", "Threshold or ThresholdMetricId must be given"
    longest = 7 * 86400 if period >= 3600 else 86400
    if periods * period > longest:
        yield "ValidationError", f"Metrics cannot be checked across more than {longest // 86400} days (EvaluationPeriods * Period)"
    if call.get("DatapointsToAlarm", 0) > periods:
        yield "ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    band = call.get("ThresholdMetricId")
    # a band is shown beside what is compared with it
    if metrics and sum(query.get("ReturnData", True) for query in metrics) not in ((1, 2) if band else (1,)):
        yield "ValidationError", "Exactly one element of the metrics list should return data."
    if (call["ComparisonOperator"] in OF_BANDS) != bool(band) or (band and band not in [query["Id"] for query in metrics]):
        yield "ValidationError", "ThresholdMetricId must name one of Metrics, for a comparison with an anomaly detection band only"
    yield from _expressions(metrics)


LIMITS: dict[tuple[str, str], Check] = {
    ("cloudwatch", "GetMetricData"): _metric_data,
    ("cloudwatch", "GetMetricStatistics"): _metric_statistics,
    ("cloudwatch", "PutMetricAlarm"): _alarm,
    ("cloudwatch", "PutMetricData"): _put_metric_data,
}

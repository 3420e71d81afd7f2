"""What watches the platform: what is told, to whom, and what is left to Airflow."""

import json
from typing import Any

import pulumi
import pytest
from runner import metrics
from runner.outcome import ExitCode

from components.monitoring.budget import Budget, BudgetArgs
from components.monitoring.dashboard import CAUSES, RUNS, SEARCHED, WORST, Dashboard, DashboardArgs
from components.monitoring.task_failures import REPORTED
from settings.project import REPOSITORY
from tests.unit.recorder import FUNCTIONS, Stack, run_program, stack_file

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alerts"


def test_an_airflow_that_is_gone_raises_the_alarm(development: Stack):
    """It would tell of every failed run, but not of its own end: then no data arrives and everything looks green."""
    alarm = development.all(ALARM)["platform-scheduler"]

    assert (alarm["metricName"], alarm["comparisonOperator"], alarm["threshold"]) == ("SchedulerHeartbeat", "LessThanThreshold", 1)
    assert alarm["treatMissingData"] == "breaching"
    assert alarm["dimensions"] == {"Environment": "dbt-platform-dev", "Function": "Scheduler"}


def test_only_tasks_that_wait_are_late(development: Stack):
    """The age of the oldest message is that of a running task, too: every run of more than 15 minutes would ring."""
    alarm = development.all(ALARM)["platform-queue"]

    assert (alarm["metricName"], alarm["statistic"], alarm["comparisonOperator"]) == (
        "QueuedTasks",
        "Minimum",
        "GreaterThanThreshold",
    )
    assert (alarm["threshold"], alarm["period"] * alarm["evaluationPeriods"]) == (0, 15 * 60)


def test_no_alarm_rings_while_airflow_is_still_being_made(development: Stack):
    """MWAA takes half an hour, and no data is what the scheduler's alarm rings at."""
    environment = urns(development, "aws:mwaa/environment:Environment")
    alarms = [request for request, _ in development.exchanges if request.type == ALARM]

    assert len(alarms) == 4
    assert all(environment <= set(alarm.dependencies) for alarm in alarms)


def urns(stack: Stack, type_: str) -> set[str]:
    return {response.urn for request, response in stack.exchanges if request.type == type_}


def test_every_alarm_tells_of_its_beginning_and_its_end_and_where_to_read_on(development: Stack):
    """Somebody is woken up: the message must say what it means, and the page what to do."""
    page = (REPOSITORY / "docs/operations.md").read_text()

    alarms = development.all(ALARM)

    assert alarms.keys() == {"platform-scheduler", "platform-queue", "platform-import-errors", "platform-alerts"}
    for alarm in alarms.values():
        assert alarm["alarmActions"] == alarm["okActions"] == [TOPIC]
        assert "docs/operations.md" in alarm["alarmDescription"]
        assert f"`{alarm['name'].replace('dbt-platform-dev', '<project>-<stack>')}`" in page


def task_event(**detail: Any) -> dict[str, Any]:
    cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/dbt-platform-dev"
    return {
        "source": "aws.ecs",
        "detail-type": "ECS Task State Change",
        "detail": {"clusterArn": cluster, "lastStatus": "STOPPED", **detail},
    }


def ended(code: int | None, stop_code: str = "EssentialContainerExited") -> dict[str, Any]:
    container = {"name": "dbt"} if code is None else {"name": "dbt", "exitCode": code}
    return task_event(stopCode=stop_code, containers=[container])


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """EventBridge's rule for the parts of its pattern language that are used here (User Guide, "Event patterns")."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(part, event) for part in wanted):
                return False
        elif isinstance(wanted, dict):
            inner = event.get(key)
            if not any(matches(wanted, each) for each in (inner if isinstance(inner, list) else [inner or {}])):
                return False
        elif not any(_like(each, event.get(key)) for each in wanted):
            return False
    return True


def _like(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        return value is not None and value not in wanted["anything-but"]
    return value == wanted


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (ended(None, "TaskFailedToStart"), True),
        (ended(137), True),
        (ended(139), True),
        (ended(0), False),
        (ended(1), False),
        (ended(143, "UserInitiated"), False),
        ({**ended(137), "detail-type": "ECS Service Action"}, False),
        (task_event(lastStatus="RUNNING", containers=[{"name": "dbt"}]), False),
        (task_event(containers=[{"name": "dbt", "exitCode": 0}, {"name": "aws-guardduty-agent-1a2b", "exitCode": 137}]), False),
        (task_event(clusterArn="arn:aws:ecs:eu-west-1:123456789012:cluster/other", stopCode="TaskFailedToStart"), False),
    ],
    ids=["no start", "killed", "crashed", "success", "failed models", "cancelled", "no task", "running", "GuardDuty", "elsewhere"],
)
def test_tasks_that_died_without_a_report_are_told_and_no_others(development: Stack, event: dict[str, Any], told: bool):
    """Airflow tells of a run that failed: the same news twice is news that nobody reads."""
    pattern = json.loads(development.only("aws:cloudwatch/eventRule:EventRule")["eventPattern"])

    assert matches(pattern, event) is told


def test_the_exit_codes_that_count_as_a_report_are_those_of_the_runner():
    """A new code of the runner would wake up somebody for every failed model."""
    assert sorted(ExitCode) == sorted(REPORTED)


def test_the_rule_may_publish_to_our_topic_and_do_nothing_else(development: Stack):
    target = development.only("aws:cloudwatch/eventTarget:EventTarget")
    publish, key = development.role_statements("platform-task-failures")

    assert (publish["Action"], publish["Resource"]) == (["sns:Publish"], [target["arn"]])
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "sns.eu-west-1.amazonaws.com"}}
    assert target["roleArn"].endswith("role/dbt-platform-dev/alerts/platform-task-failures")


def test_the_message_of_a_dead_task_is_one_json_text(development: Stack):
    """EventBridge refuses a template that is no JSON once the values are in."""
    transformer = development.only("aws:cloudwatch/eventTarget:EventTarget")["inputTransformer"]

    text = json.loads(transformer["inputTemplate"])

    assert all(f"<{name}>" in text for name in transformer["inputPaths"])


@pytest.fixture(scope="module")
def chatting() -> Stack:
    """Development with a chat, and receivers of finance's own."""
    values = stack_file("dev")
    finance = {"workstreams": ["finance"], "emails": ["finance@example.com"]}
    slack = {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}
    values["dbt-platform:alerts"] = {"slack": slack, "receivers": {"finance": finance}}
    return run_program(values)


def test_a_dead_task_is_told_in_the_chat_in_a_form_that_it_shows(chatting: Stack):
    """EventBridge sends one text to a topic, and Amazon Q Developer drops any that is not in its form."""
    targets = chatting.all("aws:cloudwatch/eventTarget:EventTarget")
    transformer = targets["platform-task-failures-chat"]["inputTransformer"]

    shown = json.loads(transformer["inputTemplate"])

    assert (shown["version"], shown["source"]) == ("1.0", "custom")
    assert all(f"<{name}>" in shown["content"]["description"] for name in transformer["inputPaths"])
    publish, _ = chatting.role_statements("platform-task-failures")
    assert publish["Resource"] == [target["arn"] for target in targets.values()]


def test_each_workstream_knows_the_topics_of_its_receivers_and_airflow_may_publish_to_all(chatting: Stack):
    """A topic that Airflow may not publish to is a team that learns of nothing."""
    objects = chatting.all("aws:s3/bucketObjectv2:BucketObjectv2").values()
    configurations = [json.loads(each["content"]) for each in objects if each["key"].startswith("dags/config/")]
    topics = {each["workstream"]: (each["alertTopic"], each["chatTopic"]) for each in configurations}
    arn = "arn:aws:sns:eu-west-1:123456789012"

    assert topics == {"sales": (f"{arn}:alerts", f"{arn}:chat-alerts"), "finance": (f"{arn}:alerts-finance", None)}
    allowed = next(each for each in chatting.role_statements("platform-airflow") if each["Action"] == ["sns:Publish"])
    assert set(allowed["Resource"]) == {f"{arn}:{name}" for name in ("alerts", "chat-alerts", "alerts-finance")}


def test_the_budget_counts_this_stack_and_warns_before_the_money_is_spent(production: Stack):
    budget = production.only("aws:budgets/budget:Budget")

    assert (budget["limitAmount"], budget["timeUnit"]) == ("1500", "MONTHLY")
    assert budget["filterExpression"] == {
        "ands": [
            {"tags": {"key": "project", "values": ["dbt-platform"]}},
            {"tags": {"key": "environment", "values": ["test"]}},
        ]
    }
    assert {(each["notificationType"], each["threshold"]) for each in budget["notifications"]} == {
        ("FORECASTED", 80),
        ("ACTUAL", 100),
    }
    assert all(each["subscriberSnsTopicArns"] == [TOPIC] for each in budget["notifications"])


def test_no_budget_is_made_unless_one_is_set():
    values = stack_file("dev")
    del values["dbt-platform:alerts"]["monthlyBudgetUsd"]

    stack = run_program(values)

    assert stack.all("aws:budgets/budget:Budget") == {}


def test_a_budget_without_the_tags_that_it_counts_by_is_refused(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    """It would count nothing and never warn."""
    monkeypatch.setitem(FUNCTIONS, "aws:index/getDefaultTags:getDefaultTags", {"tags": {"project": "dbt-platform"}})

    with pytest.raises(pulumi.RunError, match="lacks environment"):
        Budget("platform", BudgetArgs(monthly_usd=1, topic_arn=TOPIC))


def expressions(body: dict[str, Any]) -> list[str]:
    """What the graphs search for."""
    lines = [line for graph in body["widgets"][1:] for line in graph["properties"]["metrics"]]
    return [line[0]["expression"] for line in lines if isinstance(line[0], dict)]


def test_the_dashboard_shows_every_alarm_and_finds_new_workstreams_by_itself(development: Stack):
    """A page that has to be changed with each workstream is soon out of date."""
    body = json.loads(development.only("aws:cloudwatch/dashboard:Dashboard")["dashboardBody"])
    alarms = body["widgets"][0]

    assert len(alarms["properties"]["alarms"]) == len(development.all(ALARM))
    found = [each for each in expressions(body) if "Cause" not in each]
    assert len(found) == 6
    assert not [each for each in found if "sales" in each]
    assert all(each.count("'") == 4 for each in found), "a quote in the wrong place breaks a SEARCH without a word"
    places = [(widget["x"], widget["y"]) for widget in body["widgets"]]
    assert len(set(places)) == len(places)


def test_the_dashboard_draws_the_metrics_that_the_runner_prints(development: Stack):
    """A renamed metric is an empty graph, and empty looks like quiet."""
    body = development.only("aws:cloudwatch/dashboard:Dashboard")["dashboardBody"]
    source = (REPOSITORY / "image/runner/metrics.py").read_text()

    for name in ("RunDuration", "RunSucceeded", "NodesFailed", "TimeToFirstQuery", "RunFailed"):
        assert name in body
        assert f'"{name}"' in source
    assert (metrics.NAMESPACE, *metrics.DIMENSIONS) == RUNS
    assert (metrics.NAMESPACE, *metrics.BY_CAUSE) == CAUSES


def test_the_dashboard_ranks_what_runs_failed_of(development: Stack):
    """Points in time don't add up before the eyes: what fails most is a sum over the time that the page shows."""
    body = json.loads(development.only("aws:cloudwatch/dashboard:Dashboard")["dashboardBody"])

    [causes] = [each["properties"] for each in body["widgets"] if "by cause" in each["properties"]["title"]]
    assert (causes["view"], causes["setPeriodToTimeRange"]) == ("bar", True)
    assert "ORDER BY SUM() DESC" in str(causes["metrics"])


def test_the_dashboard_shows_this_stack_s_runs_only(development: Stack):
    """Two stacks in one account have workstreams of the same name: development's failures would show in production."""
    body = json.loads(development.only("aws:cloudwatch/dashboard:Dashboard")["dashboardBody"])

    runs = [expression for expression in expressions(body) if f'{{"{metrics.NAMESPACE}",' in expression]
    assert len(runs) == 4
    assert all('Platform="dbt-platform-dev"' in expression for expression in runs)


@pytest.mark.parametrize("workstreams", [200, SEARCHED, SEARCHED + 1, 500, 4000])
def test_no_page_asks_for_more_metrics_than_a_dashboard_takes(stack: Stack, workstreams: int):
    """CloudWatch, "CloudWatch service quotas": 500 on a graph, 2,500 on a dashboard. Beyond that graphs stay empty."""
    args = DashboardArgs(region="eu-west-1", environment="airflow", cluster="cluster", alarm_arns={}, workstreams=workstreams)
    Dashboard("platform", args)
    body = json.loads(stack.only("aws:cloudwatch/dashboard:Dashboard")["dashboardBody"])
    found = [each for each in expressions(body) if "Cause" not in each]
    by_cause = [each for each in expressions(body) if "Cause" in each]
    plain = sum(len(graph["properties"]["metrics"]) for graph in body["widgets"][1:]) - len(expressions(body))

    each = workstreams if "SEARCH(" in found[0] else WORST

    assert each <= 500
    assert plain + len(by_cause) * WORST + len(found) * each <= 2500
    assert len(found) == 6
    assert all(("Platform" in one) != ("ClusterName" in one) for one in found)

"""`ops doctor`: does a run have all that it needs?"""

import functools
import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError
from runner.causes import BY_ID, Diagnosis, age, diagnosis, names_of

from ops.airflow import AILING, Airflow, refusal
from ops.context import AT_ONCE, stack_of
from ops.findings import Check, Finding, at_once, report
from ops.rollback import has_image
from ops.stack import Connection, Stack, Workstream
from settings.rules import DEFAULT_CONNECTION


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Check what a run needs, and say how to mend what is missing; exit code 1 if something is.

    It changes nothing and reads no secret's value.
    """
    stack = stack_of(context)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        report(at_once(pool, _checks(stack, pool)), as_json=as_json)


def _checks(stack: Stack, pool: Executor) -> Iterator[tuple[str, Check]]:
    workstreams = stack.workstreams()
    # Of these one answer tells of many workstreams. They are asked for first, so that nobody in the pool waits in vain.
    dags = pool.submit(lambda: Airflow(stack).dags())
    groups = pool.submit(_log_groups, stack, [workstream.log_group for workstream in workstreams])
    there = functools.cache(functools.partial(has_image, stack))
    for team, connection in stack.all_connections():
        check = _credentials(team, connection)
        yield check, lambda check=check, target=connection: _secret(check, stack, target)
    yield "Airflow", lambda: _airflow(stack)
    for workstream in workstreams:
        yield f"{workstream.name}: task definition", lambda target=workstream: _task_definition(stack, target, there)
        yield f"{workstream.name}: log group", lambda target=workstream: _log_group(stack, target, groups.result())
        yield f"{workstream.name}: DAG", lambda target=workstream: _dag(target, dags.result())


def _credentials(team: str, connection: Connection) -> str:
    """Name of the check."""
    whose = [team, "" if connection.name == DEFAULT_CONNECTION else connection.name]
    return "Snowflake credentials" + (f" of {' '.join(filter(None, whose))}" if any(whose) else "")


def _secret(check: str, stack: Stack, connection: Connection) -> Iterator[Finding]:
    names = names_of(stack.output("airflowEnvironment"), "")
    if connection.authentication == "workloadIdentity":
        yield Finding(check=check, ok=True, detail="the tasks log in with their AWS roles")
        return
    secret = stack.client("secretsmanager").describe_secret(SecretId=connection.secret_arn)
    found = age(secret)
    if secret.get("DeletedDate"):
        yield _lacking(check, "secret-deleted", stack)
    elif found is None:
        yield _lacking(check, "secret-empty", stack)
    elif warning := found.warning(names):
        yield _told(check, warning)
    else:
        yield Finding(check=check, ok=True, detail=f"the secret has a value{found}")


def _lacking(check: str, cause: str, stack: Stack, workstream: str = "") -> Finding:
    """What a run would fail of, in the words that it would fail with."""
    return _told(check, diagnosis(BY_ID[cause], "", names_of(stack.output("airflowEnvironment"), workstream)))


def _told(check: str, told: Diagnosis) -> Finding:
    return Finding(check=check, ok=False, detail=told.summary, fix=told.resolution)


def _airflow(stack: Stack) -> Iterator[Finding]:
    airflow = Airflow(stack)
    airflow.require_available()
    yield Finding(check="Airflow", ok=True, detail=f"{airflow.name} is available")
    reason = refusal(airflow.environment())
    yield Finding(
        check="Airflow: last update",
        ok=not reason,
        detail=f"rolled back by AWS: {reason}" if reason else "done",
        fix="Mend what it names, then `pulumi up`. Until then Airflow runs as before." if reason else "",
    )
    ailing = airflow.ailing()
    yield Finding(check="Airflow: its parts", ok=not ailing, detail=ailing or "all alive", fix=AILING if ailing else "")
    errors = airflow.import_errors()
    yield Finding(
        check="Airflow: DAG files",
        ok=not errors,
        detail=errors or "all load",
        fix="Correct what the error names, then `pulumi up`." if errors else "",
    )


def _task_definition(stack: Stack, workstream: Workstream, has_image: Callable[[str], bool]) -> Iterator[Finding]:
    name = f"{workstream.name}: task definition"
    found = stack.client("ecs").describe_task_definition(taskDefinition=workstream.task_definition)["taskDefinition"]
    if found["status"] == "ACTIVE":
        yield Finding(check=name, ok=True, detail=f"{workstream.task_definition.rpartition('/')[2]} is ACTIVE")
    else:
        yield _lacking(name, "task-definition-gone", stack, workstream.name)
    check, image = f"{workstream.name}: image", found["containerDefinitions"][0]["image"]
    if has_image(image):
        yield Finding(check=check, ok=True, detail=image.rpartition("/")[2])
    else:
        yield _lacking(check, "image-gone", stack, workstream.name)
    given = found["containerDefinitions"][0].get("secrets", [])
    logins = {connection.secret_arn for _, connection in stack.all_connections()}
    for secret in sorted({_secret_of(each["valueFrom"]) for each in given} - logins):
        yield _own_secret(stack, workstream, secret, sorted(each["name"] for each in given if each["valueFrom"].startswith(secret)))


def _secret_of(value_from: str) -> str:
    """ARN of a secret, without the field that ECS takes of it."""
    return ":".join(value_from.split(":")[:7])


def _own_secret(stack: Stack, workstream: Workstream, secret: str, variables: Sequence[str]) -> Finding:
    """One that the workstream names itself: no task starts without its value."""
    name, where = secret.rpartition(":")[2], f"`secrets` of {workstream.name} takes {', '.join(variables)} from it"
    try:
        found = stack.client("secretsmanager").describe_secret(SecretId=secret)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        problem, fix = "there is no such secret", f"{where}: make it again and `pulumi up`, or correct that."
    else:
        current = any("AWSCURRENT" in stages for stages in found.get("VersionIdsToStages", {}).values())
        problem, fix = "", ""
        if found.get("DeletedDate"):
            problem, fix = "it waits for its deletion", f"{where}: `aws secretsmanager restore-secret --secret-id {secret}`"
        elif not current:
            problem, fix = "it has no value", f"{where}: `aws secretsmanager put-secret-value --secret-id {secret} ...`"
    detail = problem or "has a value"
    return Finding(check=f"{workstream.name}: secret {name}", ok=not problem, detail=detail, fix=fix)


def _log_groups(stack: Stack, wanted: list[str]) -> set[str]:
    """Those that are there with the beginning that all of these have. A request for each fifty."""
    pages = stack.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=os.path.commonpath(wanted))
    return {group["logGroupName"] for page in pages for group in page["logGroups"]}


def _log_group(stack: Stack, workstream: Workstream, there: Container[str]) -> Iterator[Finding]:
    name = f"{workstream.name}: log group"
    if workstream.log_group in there:
        yield Finding(check=name, ok=True, detail=workstream.log_group)
    else:
        yield _lacking(name, "log-group-gone", stack, workstream.name)


def _dag(workstream: Workstream, dags: Mapping[str, Any]) -> Iterator[Finding]:
    dag = dags.get(workstream.dag_id)
    if dag is None or dag["is_stale"]:
        detail, fix = "Airflow has not loaded it", "A new DAG takes a minute. Then see the DAG files above."
    elif dag["is_paused"]:
        detail, fix = "paused: it starts no run", "Unpause it on Airflow's page."
    else:
        detail, fix = workstream.dag_id, ""
    yield Finding(check=f"{workstream.name}: DAG", ok=not fix, detail=detail, fix=fix)

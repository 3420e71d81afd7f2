"""MWAA environments: checked requests, every field kept, AVAILABLE only when Airflow answers, updates that restart it.

MWAA API Reference, "CreateEnvironment", "UpdateEnvironment", "DeleteEnvironment"; Amazon MWAA User Guide, "Amazon MWAA
execution role", "About networking on Amazon MWAA". MiniStack drops fields, asks no permission and never restarts.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, request_scope
from ministack.services import ec2, mwaa
from requests.exceptions import RequestException

from sandbox.emulator.patches import mwaa_airflow, mwaa_logs, replaces
from sandbox.emulator.patches.mwaa_dags import Bucket
from sandbox.emulator.roles import DeniedError, Session, assume, require_caller_may_pass

Answer = tuple[int, dict[str, str], bytes]

_logger = logging.getLogger("mwaa")

SYNC_SECONDS = 3
"""Between two looks at the bucket; MWAA looks every 30."""

SESSION_SECONDS = 30 * 86400
"""Credentials of the execution role; MWAA renews them, the variables of a container can't be renewed."""

RESTARTING = {
    "AirflowConfigurationOptions",
    "AirflowVersion",
    "DagS3Path",
    "ExecutionRoleArn",
    "LoggingConfiguration",
    "RequirementsS3Path",
    "RequirementsS3ObjectVersion",
    "SourceBucketArn",
}
"""Fields whose change restarts Airflow here; in MWAA nearly every change does."""

_FAILURES = (DeniedError, ClientError, APIError, mwaa_airflow.AirflowStartError)

NOT_MODELLED = ("PluginsS3Path", "StartupScriptS3Path")

_DEFAULTS = {
    "AirflowConfigurationOptions": {},
    "EnvironmentClass": "mw1.small",
    "WebserverAccessMode": "PUBLIC_ONLY",
    "EndpointManagement": "SERVICE",
    "WeeklyMaintenanceWindowStart": "SUN:03:30",
}


_FLEET = {"MaxWebservers": 2, "MaxWorkers": 10, "MinWebservers": 2, "MinWorkers": 1, "Schedulers": 2}
"""Of an environment that does not say more; mw1.micro has one of each, always."""


def _endpoint_service(what: str, name: str) -> str:
    """Behind which MWAA keeps a part of an environment (MWAA API Reference, "Environment")."""
    mark = hashlib.sha256(f"{name}/{what}".encode()).hexdigest()[:17]
    return f"com.amazonaws.vpce.{get_region()}.vpce-svc-{mark}"


@replaces(mwaa, "_create_environment")
def create_environment(_method: str, path: str, _headers: Any, body: bytes, _query: Any) -> Answer:
    """CreateEnvironment."""
    name, data = path.rpartition("/")[2], json.loads(body)
    if name in mwaa._environments:
        return _invalid(f"Environment {name} already exists")
    if refusal := _refusal(data):
        return refusal
    arn = f"arn:aws:airflow:{get_region()}:{get_account_id()}:environment/{name}"
    service_role = f"arn:aws:iam::{get_account_id()}:role/aws-service-role/airflow.amazonaws.com/AWSServiceRoleForAmazonMWAA"
    environment = {
        **_DEFAULTS,
        **(dict.fromkeys(_FLEET, 1) if data.get("EnvironmentClass") == "mw1.micro" else _FLEET),
        **data,
        "Name": name,
        "Arn": arn,
        "Status": "CREATING",
        "CreatedAt": time.time(),
        "ServiceRoleArn": service_role,
        "DatabaseVpcEndpointService": _endpoint_service("database", name),
        "WebserverVpcEndpointService": _endpoint_service("webserver", name),
    }
    environment["LoggingConfiguration"] = mwaa_logs.configuration(name, data.get("LoggingConfiguration", {}))
    mwaa._environments[name] = environment
    _in_background(_bring_up, environment)
    return json_response({"Arn": arn})


@replaces(mwaa, "_update_environment")
def update_environment(_method: str, path: str, _headers: Any, body: bytes, _query: Any) -> Answer:
    """UpdateEnvironment."""
    name, data = path.rpartition("/")[2], json.loads(body)
    environment = mwaa._environments.get(name)
    if environment is None:
        return error_response_json("ResourceNotFoundException", f"Environment {name} not found", 404)
    if environment["Status"] != "AVAILABLE":
        return _invalid(f"Environment {name} is {environment['Status']} and can't be updated")
    if "NetworkConfiguration" in data:  # carries security groups only: subnets can't be changed
        data["NetworkConfiguration"] = {**environment["NetworkConfiguration"], **data["NetworkConfiguration"]}
    if refusal := _refusal({**environment, **data}):
        return refusal
    if "LoggingConfiguration" in data:
        data["LoggingConfiguration"] = mwaa_logs.configuration(
            name, {**environment["LoggingConfiguration"], **data["LoggingConfiguration"]}
        )
    changed = {field for field, value in data.items() if environment.get(field) != value}
    restart = bool(changed & RESTARTING)
    previous = {field: environment.get(field) for field in data}
    environment |= data
    environment["LastUpdate"] = {"Status": "PENDING" if restart else "SUCCESS", "CreatedAt": time.time()}
    if restart:
        environment["Status"] = "UPDATING"
        _in_background(_restart, environment, previous)
    return json_response({"Arn": environment["Arn"]})


@replaces(mwaa, "_delete_environment")
def delete_environment(_method: str, path: str, _headers: Any, _body: bytes, _query: Any) -> Answer:
    """DeleteEnvironment."""
    name = path.rpartition("/")[2]
    environment = mwaa._environments.get(name)
    if environment is None:
        return error_response_json("ResourceNotFoundException", f"Environment {name} not found", 404)
    environment["Status"] = "DELETING"
    _in_background(_tear_down, environment)
    return json_response({})


def _invalid(message: str) -> Answer:
    return error_response_json("ValidationException", message, 400)


def _refusal(data: dict[str, Any]) -> Answer | None:
    if problem := next(_problems(data), None):
        return _invalid(problem)
    try:
        require_caller_may_pass(data["ExecutionRoleArn"], "airflow.amazonaws.com")
    except DeniedError as denied:
        return error_response_json("AccessDeniedException", str(denied), 403)
    return None


def _problems(data: dict[str, Any]) -> Iterator[str]:
    for field in NOT_MODELLED:
        if data.get(field):
            yield f"The sandbox does not model {field}."
    for field in _FLEET:
        number = data.get(field)
        if data.get("EnvironmentClass") == "mw1.micro" and number not in (None, 1):
            yield f"{field} must be 1 for environment class mw1.micro"
        elif data.get("EnvironmentClass") != "mw1.micro" and number == 1 and "Workers" not in field:
            yield f"{field} must be between 2 and 5"
    subnets = data["NetworkConfiguration"].get("SubnetIds", [])
    found = [ec2._subnets.get(subnet) for subnet in subnets]
    if None in found:
        yield f"The subnet ID '{subnets[found.index(None)]}' does not exist"
    elif len({subnet["AvailabilityZone"] for subnet in found if subnet}) != 2 or len(subnets) != 2:
        yield "NetworkConfiguration.SubnetIds: two private subnets in different Availability Zones are required"
    for group in data["NetworkConfiguration"].get("SecurityGroupIds", []):
        if ec2._security_groups.get(group) is None:
            yield f"The security group '{group}' does not exist"


def _in_background(work: Any, environment: dict[str, Any], *arguments: Any) -> None:
    account, region = get_account_id(), get_region()

    def run() -> None:
        with request_scope(account, region):
            try:
                work(environment, *arguments)
            except Exception as error:  # Nobody waits for this thread: without it the environment would stay as it is for ever.
                _logger.exception("environment %s", environment["Name"])
                _record_failure(environment, error)
                environment["Status"] = "UNAVAILABLE"

    threading.Thread(target=run, daemon=True).start()


def _bring_up(environment: dict[str, Any]) -> None:
    """Starts Airflow and keeps its DAG folder in step until the container goes."""
    try:
        bucket, container = _start(environment)
    except _FAILURES as error:
        _record_failure(environment, error)
        environment["Status"] = "CREATE_FAILED"
        return
    environment["LastUpdate"] = {"Status": "SUCCESS", "CreatedAt": time.time()}
    environment["Status"] = "AVAILABLE"
    _keep_in_step(environment, bucket, container)


def _restart(environment: dict[str, Any], previous: dict[str, Any]) -> None:
    """Starts Airflow with the new settings; when that fails, with the `previous` ones, as MWAA rolls back.

    Either way the environment is AVAILABLE in the end; what happened stands in LastUpdate only. Meanwhile it is ROLLING_BACK if
    its version was to change, for which MWAA goes back to a snapshot, and UPDATING otherwise.
    """
    try:
        bucket, container = _start(environment)
        environment["LastUpdate"] = {"Status": "SUCCESS", "CreatedAt": time.time()}
    except _FAILURES as error:
        environment |= {**previous, "Status": "ROLLING_BACK" if "AirflowVersion" in previous else "UPDATING"}
        bucket, container = _start(environment)
        _record_failure(environment, error)
    environment["Status"] = "AVAILABLE"
    _keep_in_step(environment, bucket, container)


def _record_failure(environment: dict[str, Any], error: Exception) -> None:
    _logger.error("environment %s: %s", environment["Name"], error)
    problem = {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": str(error)[:1024]}
    environment["LastUpdate"] = {"Status": "FAILED", "CreatedAt": time.time(), "Error": problem}


def _start(environment: dict[str, Any]) -> tuple[Bucket, Container]:
    """A new container in the place of the old one, with the bucket's DAG files, once Airflow answers."""
    client = mwaa._get_docker()
    session = _assume(environment)
    mwaa_airflow.remove(client, environment["Name"], keep_database=True)
    container = mwaa_airflow.start(client, environment, session)
    environment["_docker_container_id"] = container.id
    mwaa_logs.follow(environment, container, session)
    bucket = Bucket(environment, session)
    bucket.sync(container)
    bucket.check_requirements(environment, container)
    mwaa_airflow.wait_until_healthy(environment["WebserverUrl"], container)
    return bucket, container


def _assume(environment: dict[str, Any]) -> Session:
    """MWAA needs the trust of both its service principals."""
    sessions = [
        assume(
            environment["ExecutionRoleArn"],
            service,
            "AmazonMWAA-airflow",
            source_arn=environment["Arn"],
            seconds=SESSION_SECONDS,
        )
        for service in ("airflow.amazonaws.com", "airflow-env.amazonaws.com")
    ]
    return sessions[0]


def _keep_in_step(environment: dict[str, Any], bucket: Bucket, container: Container) -> None:
    while True:
        time.sleep(SYNC_SECONDS)
        if environment.get("_docker_container_id") != container.id:
            return
        try:
            bucket.sync(container)
        except NotFound:
            return
        except (ClientError, APIError, RequestException) as error:
            _logger.warning("environment %s: DAGs are not in step: %s", environment["Name"], error)


def _tear_down(environment: dict[str, Any]) -> None:
    environment["_docker_container_id"] = None
    mwaa_airflow.remove(mwaa._get_docker(), environment["Name"], keep_database=False)
    mwaa._environments.pop(environment["Name"], None)

# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon MWAA: environments. Creating and updating one takes minutes and can fail late."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import canonical, from_shape
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties, ProviderError

PATIENCE = 1800
"""Seconds; MWAA itself takes 20 to 30 minutes, the emulator as long as Airflow needs to start."""

EVERY = 2
"""Seconds between two questions about the status."""

PATHS = ("pluginsS3", "requirementsS3", "startupScriptS3")
"""Objects in the source bucket, each with a property ...Path and one ...ObjectVersion."""

LOGGING = (
    "dagProcessingLogs", "schedulerLogs", "taskLogs", "webserverLogs", "workerLogs", "enabled", "logLevel",
)  # fmt: skip
"""Parts of the logging configuration."""

CHANGEABLE = (
    "airflowConfigurationOptions", "airflowVersion", "dagS3Path", "environmentClass", "executionRoleArn",
    "loggingConfiguration", "maxWebservers", "maxWorkers", "minWebservers", "minWorkers", "networkConfiguration",
    "pluginsS3ObjectVersion", "pluginsS3Path", "requirementsS3ObjectVersion", "requirementsS3Path", "schedulers",
    "sourceBucketArn", "startupScriptS3ObjectVersion", "startupScriptS3Path", "webserverAccessMode",
    "weeklyMaintenanceWindowStart",
)  # fmt: skip


def _environment(api: Api, id: str) -> dict[str, Any] | None:
    found = if_there(api.client.get_environment, Name=id).get("Environment")
    return found if found and found["Status"] != "DELETED" else None


def wait_for(api: Api, id: str, *, pending: tuple[str, ...], target: tuple[str, ...] = ("AVAILABLE",)) -> None:
    """Wait as the real provider does: any other status is an error at once, and LastUpdate is looked at beside one only.

    So an update that MWAA has rolled back is a success here too (terraform-provider-aws, internal/service/mwaa/environment.go,
    `waitEnvironmentUpdated`).
    """

    def done() -> bool:
        environment = _environment(api, id) or {"Status": "DELETED"}
        status = environment["Status"]
        api.status(f"environment is {status}")
        if status not in (*pending, *target):
            error = environment.get("LastUpdate", {}).get("Error", {})
            reason = ": ".join(filter(None, (error.get("ErrorCode"), error.get("ErrorMessage"))))
            unexpected = f"unexpected state '{status}', wanted target '{', '.join(target)}'"
            raise ProviderError(f"{api.kind.token} {id}: {unexpected}. last error: {reason or '<nil>'}")
        return status in target

    api.wait(done, f"the environment {id} to be available", every=EVERY, default=PATIENCE)


def _create(api: Api, inputs: Properties) -> str:
    api.send("CreateEnvironment", inputs, **({"Tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}))
    return inputs["name"]


def _update(api: Api, id: str, new: Properties, old: Properties) -> None:
    """Sends what differs only: MWAA takes no subnets, and restarts for less than a change of everything."""
    differing = {name: new[name] for name in CHANGEABLE if canonical(new[name]) != canonical(old.get(name))}
    arguments = api.arguments("UpdateEnvironment", {"name": id, **differing})
    arguments.get("NetworkConfiguration", {}).pop("SubnetIds", None)
    api.client.update_environment(**arguments)
    wait_for(api, id, pending=("UPDATING", "CREATING_SNAPSHOT"))


def _delete(api: Api, id: str, state: Properties) -> None:
    api.client.delete_environment(Name=id)
    api.wait(lambda: _environment(api, id) is None, f"the environment {id} to go", every=EVERY, default=PATIENCE)


def _read(api: Api, id: str, state: Properties) -> Properties | None:
    environment = _environment(api, id)
    if environment is None:
        return None
    live = from_shape({name: value for name, value in environment.items() if name not in ("LastUpdate", "Tags")})
    live["lastUpdateds"] = _last_updates(environment.get("LastUpdate"))
    live["airflowConfigurationOptions"] = environment.get("AirflowConfigurationOptions") or {}
    modelled = {name: live.get(name) for name in (*ENVIRONMENT_PROPERTIES, *OUTPUTS)}
    return {**modelled, "tagsAll": environment.get("Tags", {})}


def _last_updates(last: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """AWS's LastUpdate as the schema shows it."""
    if not last:
        return []
    errors = [from_shape(dict(last["Error"]))] if last.get("Error") else []
    return [{"createdAt": str(last.get("CreatedAt")), "status": last.get("Status"), "errors": errors}]


def _is_newer_major(old: Any, new: Any) -> bool:
    """MWAA updates to a newer minor version only (Amazon MWAA, "Apache Airflow versions": upgrade)."""
    return all(isinstance(each, str) and each != UNKNOWN for each in (old, new)) and int(old.split(".")[0]) < int(new.split(".")[0])


def _logs_form(value: Any) -> Any:
    """Form of the logging configuration: AWS adds the log groups, and the logs that are switched off."""
    return {name: {"logLevel": module.get("logLevel")} for name, module in (value or {}).items() if module.get("enabled")}


def _network_form(value: Any) -> Any:
    """Form of the network: the order of subnets and of groups means nothing."""
    return {name: sorted(items) for name, items in (value or {}).items()}


def _versions_have_paths(inputs: Properties) -> Iterator[Problem]:
    for path in PATHS:
        if inputs.get(f"{path}ObjectVersion") and not inputs.get(f"{path}Path"):
            yield f"{path}ObjectVersion", f"needs {path}Path"
        if inputs.get(f"{path}Path") and not inputs.get(f"{path}ObjectVersion"):
            yield f"{path}ObjectVersion", f"is required with {path}Path"


def _two_subnets(inputs: Properties) -> Iterator[Problem]:
    network = inputs["networkConfiguration"]
    for name in ("securityGroupIds", "subnetIds"):
        if network != UNKNOWN and name not in network:
            yield f"networkConfiguration.{name}", "is required"
            return
    subnets = network["subnetIds"] if network != UNKNOWN else UNKNOWN
    if UNKNOWN not in subnets and len(set(subnets)) != len(subnets):
        yield "networkConfiguration.subnetIds", "ValidationException: the subnets must be in two different availability zones"


def _least_not_above_most(inputs: Properties) -> Iterator[Problem]:
    for what in ("Workers", "Webservers"):
        least, most = inputs.get(f"min{what}", 1), inputs.get(f"max{what}")
        if most is not None and UNKNOWN not in (least, most) and least > most:
            yield f"min{what}", f"{least} is more than max{what}, {most}"


def _size_fits_class(inputs: Properties) -> Iterator[Problem]:
    """MWAA User Guide, "Configuring the Amazon MWAA environment class": one of each in mw1.micro, two or more elsewhere."""
    micro = inputs.get("environmentClass") == "mw1.micro"
    for name in ("maxWebservers", "minWebservers", "schedulers", *(("maxWorkers", "minWorkers") if micro else ())):
        number = inputs.get(name)
        if isinstance(number, int) and (number != 1 if micro else number < 2):
            yield name, f"ValidationException: {number}: it must be {'1 in' if micro else '2 or more outside of'} mw1.micro"


ENVIRONMENT_PROPERTIES = {
    "name": Property("CreateEnvironment.Name", replace=True),
    "kmsKey": Property("CreateEnvironment.KmsKey", replace=True),
    "endpointManagement": Property("CreateEnvironment.EndpointManagement", replace=True, kept=True),
    "executionRoleArn": Property("CreateEnvironment.ExecutionRoleArn", required=True),
    "sourceBucketArn": Property("CreateEnvironment.SourceBucketArn", required=True),
    "dagS3Path": Property("CreateEnvironment.DagS3Path", required=True),
    "networkConfiguration": Property(
        "CreateEnvironment.NetworkConfiguration", required=True, form=_network_form, fixed=("subnetIds",)
    ),
    "airflowConfigurationOptions": Property("CreateEnvironment.AirflowConfigurationOptions"),
    "airflowVersion": Property("CreateEnvironment.AirflowVersion", kept=True, replace=_is_newer_major),
    "environmentClass": Property("CreateEnvironment.EnvironmentClass", kept=True),
    "loggingConfiguration": Property("CreateEnvironment.LoggingConfiguration", kept=True, kept_parts=LOGGING, form=_logs_form),
    "maxWebservers": Property("CreateEnvironment.MaxWebservers", kept=True),
    "maxWorkers": Property("CreateEnvironment.MaxWorkers", kept=True),
    "minWebservers": Property("CreateEnvironment.MinWebservers", kept=True),
    "minWorkers": Property("CreateEnvironment.MinWorkers", kept=True),
    "pluginsS3ObjectVersion": Property("CreateEnvironment.PluginsS3ObjectVersion", kept=True),
    "pluginsS3Path": Property("CreateEnvironment.PluginsS3Path"),
    "requirementsS3ObjectVersion": Property("CreateEnvironment.RequirementsS3ObjectVersion", kept=True),
    "requirementsS3Path": Property("CreateEnvironment.RequirementsS3Path"),
    "schedulers": Property("CreateEnvironment.Schedulers", kept=True),
    "startupScriptS3ObjectVersion": Property("CreateEnvironment.StartupScriptS3ObjectVersion", kept=True),
    "startupScriptS3Path": Property("CreateEnvironment.StartupScriptS3Path"),
    "webserverAccessMode": Property("CreateEnvironment.WebserverAccessMode", kept=True),
    "weeklyMaintenanceWindowStart": Property("CreateEnvironment.WeeklyMaintenanceWindowStart", kept=True),
}
OUTPUTS = (
    "arn", "createdAt", "databaseVpcEndpointService", "lastUpdateds", "serviceRoleArn", "status", "webserverUrl",
    "webserverVpcEndpointService",
)  # fmt: skip

ENVIRONMENT = ResourceType(
    token="aws:mwaa/environment:Environment",
    service="mwaa",
    properties=ENVIRONMENT_PROPERTIES,
    outputs=OUTPUTS,
    create=_create,
    read=_read,
    delete=_delete,
    puts=(
        Put(
            ("name",),
            lambda api, id, new, old: wait_for(api, id, pending=("CREATING",), target=("AVAILABLE", "PENDING")),
            on_create=True,
        ),
        Put(CHANGEABLE, _update, renews=("status",)),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(ResourceArn=arn, Tags=inputs["tagsAll"]),
            lambda api, arn, names: api.client.untag_resource(ResourceArn=arn, tagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=80),
    tagged=True,
    checks=(_versions_have_paths, _two_subnets, _least_not_above_most, _size_fits_class),
)

KINDS = (ENVIRONMENT,)

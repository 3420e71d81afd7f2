"""ECS, ECR, Secrets Manager, SNS, EventBridge and CloudWatch: what a call names must be there, and as it says."""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import hashlib
import json
from collections.abc import Iterator

from ministack.core.responses import get_region
from ministack.services import cloudwatch, cloudwatch_logs, ecr, ecs, eventbridge, secretsmanager, sns

from sandbox.emulator.held import keys
from sandbox.emulator.limits.problems import Check, Parameters, Problem

MOST_TARGETS = 5
"""Of a rule (EventBridge User Guide, "Amazon EventBridge quotas")."""


def _cluster(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, ListTasks and DescribeTasks."""
    if ecs._resolve_cluster_name(call.get("cluster", "default")) not in ecs._clusters:
        yield "ClusterNotFoundException", "Cluster not found."


def _list_tasks(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, ListTasks. The sandbox has no services."""
    yield from _cluster(call)
    if call.get("serviceName"):
        yield "ServiceNotFoundException", "Service not found."


def _delete_cluster(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, DeleteCluster."""
    yield from _cluster(call)
    name = ecs._resolve_cluster_name(call["cluster"])
    ours = [task for task in ecs._tasks.values() if ecs._cluster_name_from_arn(task["clusterArn"]) == name]
    if any(task["lastStatus"] != "STOPPED" for task in ours):
        yield "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."


def _image(call: Parameters) -> Iterator[Problem]:
    """ECR API Reference, PutImage."""
    name, manifest = call["repositoryName"], call["imageManifest"]
    try:
        document = json.loads(manifest)
    except ValueError:
        yield (
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        )
        return
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    if call.get("imageDigest", digest) != digest:
        yield "ImageDigestDoesNotMatchException", f"The specified digest {call['imageDigest']} does not match {digest}."
    parts = [document.get("config") or {}, *(document.get("layers") or [])]
    absent = [part["digest"] for part in parts if part.get("digest") and part["digest"] not in ecr._layer_blobs.get(name, {})]
    if absent:
        yield "LayersNotFoundException", f"Layers with digests '{absent}' required for pushing image into repository do not exist"
    held = next((image for image in ecr._images.get(name, []) if image["imageDigest"] == digest), None)
    mutable = (ecr._repositories.get(name) or {}).get("imageTagMutability", "MUTABLE") == "MUTABLE"
    if held and mutable and call.get("imageTag", "") in [*(held.get("imageTags") or []), ""]:
        yield "ImageAlreadyExistsException", f"Image with digest '{digest}' and tag '{call.get('imageTag')}' already exists"


def _layer(call: Parameters) -> Iterator[Problem]:
    """ECR API Reference, GetDownloadUrlForLayer."""
    name, digest = call["repositoryName"], call["layerDigest"]
    if name in ecr._repositories and digest not in ecr._layer_blobs.get(name, {}):
        yield "LayersNotFoundException", f"Layer with digest '{digest}' does not exist in the repository with name '{name}'"


OF_DELETED = ("DeleteSecret", "DescribeSecret", "ListSecretVersionIds", "RestoreSecret")
"""Operations on a secret that is in its recovery window."""


def deleted_secret(operation: str) -> Check:
    """Secrets Manager API Reference: errors of all operations but these on a secret in its recovery window."""

    def check(call: Parameters) -> Iterator[Problem]:
        held = secretsmanager._resolve(call["SecretId"])[1] if call.get("SecretId") else None
        if held and held.get("DeletedDate") and operation not in OF_DELETED:
            reason = "You can't perform this operation on the secret because it was marked for deletion."
            yield "InvalidRequestException", reason

    return check


def _read_secret(call: Parameters) -> Iterator[Problem]:
    """Secrets Manager API Reference, GetSecretValue: VersionId and VersionStage must be of one version."""
    yield from keys.secret_key("DecryptionFailure", "decrypt")(call)
    held = secretsmanager._resolve(call["SecretId"])[1] or {}
    version = (held.get("Versions") or {}).get(call.get("VersionId", ""))
    if version and call.get("VersionStage", (version["Stages"] or [""])[0]) not in [*version["Stages"], ""]:
        yield "InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId."


def _stage(call: Parameters) -> Iterator[Problem]:
    """Secrets Manager API Reference, UpdateSecretVersionStage: AWSCURRENT moves, and never goes."""
    held = secretsmanager._resolve(call["SecretId"])[1] or {}
    at = next((id for id, each in (held.get("Versions") or {}).items() if call["VersionStage"] in each["Stages"]), None)  # noqa: A001
    leaves, goes = call.get("RemoveFromVersionId"), call.get("MoveToVersionId")
    known = not held.get("DeletedDate") and all(each in held.get("Versions", {}) for each in (leaves, goes) if each)
    if known and at and leaves and leaves != at:
        yield "InvalidParameterException", f"The staging label {call['VersionStage']} is not attached to version {leaves}."
    if known and call["VersionStage"] == "AWSCURRENT" and leaves and not goes:
        reason = "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed."
        yield "InvalidParameterException", reason


def _rotate(call: Parameters) -> Iterator[Problem]:
    """Secrets Manager API Reference, RotateSecret."""
    held = secretsmanager._resolve(call["SecretId"])[1]
    if held and not call.get("RotationLambdaARN") and not held.get("RotationLambdaARN"):
        yield "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."


def _topic(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, CreateTopic: one that is there comes back, if it is the same."""
    topic = next((each for arn, each in sns._topics.items() if arn.rpartition(":")[2] == call["Name"]), None)
    if topic is None:
        return
    held = topic.get("attributes") or {}
    if any(held.get(name, "") != value for name, value in (call.get("Attributes") or {}).items()):
        yield "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    tags = topic.get("tags") or {}
    if call.get("Tags") and tags != {tag["Key"]: tag["Value"] for tag in call["Tags"]}:
        yield "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags"


def region(call: Parameters) -> Iterator[Problem]:
    """SNS answers for the topics of its own region."""
    arn = call.get("TopicArn") or ""
    if arn and arn.split(":")[3] != get_region():
        yield "InvalidParameter", "Invalid parameter: TopicArn"


def _subscription(call: Parameters) -> Iterator[Problem]:
    """SNS Developer Guide, "Amazon SNS raw message delivery": for SQS, HTTP and Firehose."""
    topic = sns._topics.get(sns._sub_arn_to_topic.get(call["SubscriptionArn"], "")) or {"subscriptions": []}
    found = next((each for each in topic["subscriptions"] if each["arn"] == call["SubscriptionArn"]), None)
    if found and call["AttributeName"] == "RawMessageDelivery" and found["protocol"] not in ("sqs", "http", "https", "firehose"):
        reason = f"Delivery protocol [{found['protocol']}] does not support raw message delivery."
        yield "InvalidParameter", f"Invalid parameter: Attributes Reason: RawMessageDelivery: {reason}"


def _targets(call: Parameters) -> Iterator[Problem]:
    """EventBridge API Reference, PutTargets: LimitExceededException."""
    held = eventbridge._targets.get(_rule(call)) or []
    if len({each["Id"] for each in (*held, *call["Targets"])}) > MOST_TARGETS:
        yield "LimitExceededException", f"The requested resource exceeds the maximum number allowed: {MOST_TARGETS} targets."


def _rule_there(call: Parameters) -> Iterator[Problem]:
    if _rule(call) not in eventbridge._rules:
        name, bus = call.get("Rule") or call.get("Name"), call.get("EventBusName", "default")
        yield "ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}."


def _rule(call: Parameters) -> str:
    return eventbridge._rule_key(call.get("Rule") or call.get("Name"), call.get("EventBusName", "default"))


def _ecs_targets(call: Parameters) -> Iterator[Problem]:
    """EventBridge User Guide, "Amazon ECS task targets"."""
    for target in call["Targets"]:
        if target.get("EcsParameters") and not target.get("RoleArn"):
            yield "ValidationException", f"RoleArn is required for target {target['Arn']}."
    yield from _targets(call)


def _bus(call: Parameters) -> Iterator[Problem]:
    name = (call.get("EventBusName") or "default").rpartition("/")[2]
    if name != "default" and name not in eventbridge._event_buses:
        yield "ResourceNotFoundException", f"Event bus {name} does not exist."


def _query(call: Parameters) -> Iterator[Problem]:
    """CloudWatch Logs API Reference, StopQuery."""
    if call["queryId"] not in cloudwatch_logs._queries:
        yield "ResourceNotFoundException", "Query does not exist"


def _dashboards(call: Parameters) -> Iterator[Problem]:
    """CloudWatch API Reference, DeleteDashboards."""
    for name in call.get("DashboardNames") or []:
        if name not in cloudwatch._dashboards:
            yield "ResourceNotFound", f"Dashboard {name} does not exist"


HELD: dict[tuple[str, str], Check] = {
    ("cloudwatch", "DeleteDashboards"): _dashboards,
    ("ecr", "GetDownloadUrlForLayer"): _layer,
    ("ecr", "PutImage"): _image,
    ("ecs", "DeleteCluster"): _delete_cluster,
    ("ecs", "DescribeTasks"): _cluster,
    ("ecs", "ExecuteCommand"): _cluster,
    ("ecs", "ListTasks"): _list_tasks,
    ("events", "DisableRule"): _rule_there,
    ("events", "EnableRule"): _rule_there,
    ("events", "ListTargetsByRule"): _rule_there,
    ("events", "ListRules"): _bus,
    ("events", "PutTargets"): _ecs_targets,
    ("events", "RemoveTargets"): _rule_there,
    ("logs", "StopQuery"): _query,
    ("secretsmanager", "GetSecretValue"): _read_secret,
    ("secretsmanager", "RotateSecret"): _rotate,
    ("secretsmanager", "UpdateSecretVersionStage"): _stage,
    ("sns", "CreateTopic"): _topic,
    ("sns", "SetSubscriptionAttributes"): _subscription,
}

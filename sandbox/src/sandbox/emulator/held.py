"""What a call must be by what the account holds already, where MiniStack does not look.

The words are those of AWS's API references, or of public reports.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2, ecs, iam, kms, route53, s3, secretsmanager, sns

from sandbox import networks
from sandbox.emulator.limits import Parameters, Problem, coded
from sandbox.networks import place_problem

KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"

LEAST_PART = 5 * 1024 * 1024
"""Bytes of every part of an upload but the last (S3 User Guide, "Amazon S3 multipart upload limits")."""


def _vpc(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, CreateVpc."""
    if reason := networks.vpc_cidr(call.get("CidrBlock") or "10.0.0.0/16"):
        code = "InvalidVpc.Range" if "between" in reason or "Range" in reason else "InvalidParameterValue"
        yield code, f"The CIDR '{call['CidrBlock']}' is invalid: {reason}."


def _subnet(call: Parameters) -> Iterator[Problem]:
    """EC2 API Reference, CreateSubnet; Amazon VPC User Guide, "Subnet sizing"."""
    vpc, cidr = ec2._vpcs.get(call["VpcId"]), call.get("CidrBlock")
    if vpc is None:
        yield "InvalidVpcID.NotFound", f"The vpc ID '{call['VpcId']}' does not exist"
    elif cidr and (reason := networks.subnet_cidr(cidr)):
        yield "InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid: {reason}."
    elif cidr:
        own = [each["CidrBlock"] for each in vpc.get("CidrBlockAssociationSet") or [vpc]]
        others = {id: each["CidrBlock"] for id, each in ec2._subnets.items() if each["VpcId"] == call["VpcId"]}  # noqa: A001
        if reason := place_problem(cidr, own, others):
            yield coded(reason, "InvalidParameterValue")


def _records(call: Parameters) -> Iterator[Problem]:
    """Route 53 API Reference, ChangeResourceRecordSets."""
    zone = route53._zones.get(call["HostedZoneId"].rpartition("/")[2])
    for change in call["ChangeBatch"]["Changes"] if zone else ():
        name, domain = (text.lower().rstrip(".") for text in (change["ResourceRecordSet"]["Name"], zone["name"]))
        if name != domain and not name.endswith(f".{domain}"):
            yield "InvalidChangeBatch", f"[RRSet with DNS name {name}. is not permitted in zone {domain}.]"


def _cluster(call: Parameters) -> Iterator[Problem]:
    """ECS API Reference, ListTasks and DescribeTasks."""
    if ecs._resolve_cluster_name(call.get("cluster", "default")) not in ecs._clusters:
        yield "ClusterNotFoundException", "Cluster not found."


def _role_name(call: Parameters) -> Iterator[Problem]:
    """IAM API Reference, CreateRole: names are not distinguished by case."""
    for name in iam._roles:
        if name != call["RoleName"] and name.lower() == call["RoleName"].lower():
            yield "EntityAlreadyExists", f"Role with name {call['RoleName']} already exists."


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


def _parts(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, CompleteMultipartUpload and "Error responses"."""
    held = (s3._multipart_uploads.get(call["UploadId"]) or {}).get("parts", {})
    named = [part.get("PartNumber") for part in (call.get("MultipartUpload") or {}).get("Parts") or []]
    if any(number in held and len(held[number]["body"]) < LEAST_PART for number in named[:-1]):
        yield "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"


def _key_problem(key: Any) -> str:
    """Why nothing can be encrypted with a key: its state. AWS's own keys and those of others are not among those held here."""
    ours = key and "alias/aws/" not in key and (not key.startswith("arn:") or f":{get_account_id()}:" in key)
    found = kms._resolve_key(key) if ours else {"KeyState": "Enabled"}
    return "NotFound" if not found else {"Enabled": "", "Disabled": "Disabled"}.get(found["KeyState"], "InvalidState")


def _object_key(call: Parameters) -> Iterator[Problem]:
    """S3 API Reference, "Error responses": KMS."""
    plain = call.get("ServerSideEncryption", "aws:kms") == "AES256"
    key = None if plain else call.get("SSEKMSKeyId") or s3._bucket_default_sse_headers(call["Bucket"]).get(KEY_HEADER)
    codes = {
        "Disabled": "KMS.DisabledException",
        "InvalidState": "KMS.KMSInvalidStateException",
        "NotFound": "KMS.NotFoundException",
    }
    if problem := _key_problem(key):
        yield codes[problem], f"{key} is not usable: {problem}."


def _secret_key(code: str, what: str) -> Callable[[Parameters], Iterator[Problem]]:
    """Secrets Manager API Reference, PutSecretValue and GetSecretValue: errors."""

    def check(call: Parameters) -> Iterator[Problem]:
        new = "Name" in call
        key = call.get("KmsKeyId") if new else (secretsmanager._resolve(call["SecretId"])[1] or {}).get("KmsKeyId")
        empty = new and not call.get("SecretString") and not call.get("SecretBinary")
        if not empty and _key_problem(key):
            reason = "Check that the KMS key is available, enabled, and not in an invalid state."
            yield code, f"Secrets Manager can't {what} the protected secret text using the provided KMS key. {reason}"

    return check


def _topic_key(call: Parameters) -> Iterator[Problem]:
    """SNS API Reference, Publish: errors."""
    key = ((sns._topics.get(call.get("TopicArn", "")) or {}).get("attributes") or {}).get("KmsMasterKeyId")
    if problem := _key_problem(key):
        yield f"KMS{problem}", f"{key} is not usable: {problem}."


def _repository_key(call: Parameters) -> Iterator[Problem]:
    """ECR API Reference, CreateRepository: KmsException."""
    key = (call.get("encryptionConfiguration") or {}).get("kmsKey")
    if problem := _key_problem(key):
        yield "KmsException", f"{key} is not usable: {problem}."


def _session(call: Parameters) -> Iterator[Problem]:
    """STS API Reference, AssumeRole."""
    name = call["RoleArn"].rpartition("/")[2]
    role = iam._roles.get(name) or {}
    if call.get("DurationSeconds", 0) > role.get("MaxSessionDuration", 3600):
        yield "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


HELD: dict[tuple[str, str], Callable[[Parameters], Iterator[Problem]]] = {
    ("ec2", "CreateSubnet"): _subnet,
    ("ec2", "CreateVpc"): _vpc,
    ("ecr", "CreateRepository"): _repository_key,
    ("ecs", "DescribeTasks"): _cluster,
    ("ecs", "ListTasks"): _cluster,
    ("iam", "CreateRole"): _role_name,
    ("route53", "ChangeResourceRecordSets"): _records,
    ("s3", "CompleteMultipartUpload"): _parts,
    ("s3", "PutObject"): _object_key,
    ("secretsmanager", "CreateSecret"): _secret_key("EncryptionFailure", "encrypt"),
    ("secretsmanager", "GetSecretValue"): _secret_key("DecryptionFailure", "decrypt"),
    ("secretsmanager", "PutSecretValue"): _secret_key("EncryptionFailure", "encrypt"),
    ("sns", "CreateTopic"): _topic,
    ("sns", "Publish"): _topic_key,
    ("sts", "AssumeRole"): _session,
}


def problem(service: str, operation: str, call: Parameters) -> Problem | None:
    """Why AWS would refuse the call, if it would."""
    return next(HELD[service, operation](call), None) if (service, operation) in HELD else None

"""Names that are taken and calls at run time that AWS refuses by what the account holds, against the stand-in and the emulator."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import Operation
from sandbox.providers.values import ProviderError
from sandbox.testing.account import REGION, Account, policy, trust

ABSENT = "absent-bucket-of-nobody"
TOKEN = "0" * 32
COST = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "1", "limitUnit": "USD"}
KMS = {"encryptionType": "KMS", "kmsKey": "<disabled>"}
TRUSTED = trust("ecs-tasks.amazonaws.com")
RECORD = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}

Case = tuple[str, str, dict[str, Any], str]
"""Service, operation, parameters, AWS's code or a part of its words; these are empty where AWS takes the call."""


@pytest.fixture(scope="module")
def session(cloud: Account) -> Iterator[Session]:
    """The stand-in's, before an account of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", cloud.id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", cloud.secret_key)
        yield Session(endpoint=cloud.endpoint, region=REGION, default_tags={})


def make(session: Session, token: str, **inputs: Any) -> dict[str, Any]:
    """The new resource's state."""
    handler = TableResource(CATALOGUE[f"aws:{token}"], lambda: session)
    operation = Operation(urn="urn", name=f"x{secrets.token_hex(3)}", seed=secrets.token_bytes(8))
    return handler.create(operation, handler.check(operation, {}, inputs))[1]


@pytest.fixture(scope="module")
def facts(session: Session) -> dict[str, str]:
    """What the calls name."""
    vpc = make(session, "ec2/vpc:Vpc", cidrBlock="10.1.0.0/16")["id"]
    make(session, "ec2/subnet:Subnet", vpcId=vpc, cidrBlock="10.1.0.0/24")
    zone = make(session, "route53/zone:Zone", name="example.com", vpcs=[{"vpcId": vpc}])["zoneId"]
    disabled = make(session, "kms/key:Key", isEnabled=False)["arn"]
    bucket = make(session, "s3/bucket:Bucket")["id"]
    make(session, "ecr/repository:Repository", name="taken")
    make(session, "secretsmanager/secret:Secret", name="taken", recoveryWindowInDays=7)
    make(session, "secretsmanager/secret:Secret", name="unreadable", kmsKeyId=disabled)
    gone = make(session, "secretsmanager/secret:Secret", name="gone", recoveryWindowInDays=7)["arn"]
    session.client("secretsmanager").delete_secret(SecretId=gone)
    role = make(session, "iam/role:Role", name="taken", assumeRolePolicy=TRUSTED)["arn"]
    topic = make(session, "sns/topic:Topic", name="taken", displayName="alerts")["arn"]
    make(session, "cloudwatch/logGroup:LogGroup", name="taken")
    make(session, "kms/alias:Alias", name="alias/taken", targetKeyId=disabled)
    make(session, "iam/policy:Policy", name="taken", policy=policy())
    make(session, "iam/openIdConnectProvider:OpenIdConnectProvider", url="https://gitlab.example.com", clientIdLists=["a"])
    make(session, "ec2/securityGroup:SecurityGroup", name="taken", vpcId=vpc)
    make(session, "budgets/budget:Budget", name="taken", **COST)
    session.client("ecs").create_cluster(clusterName="dbt")
    s3 = session.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    tags = [s3.upload_part(Bucket=bucket, Key="m", PartNumber=each, UploadId=upload, Body=b"a")["ETag"] for each in (1, 2)]
    named = {"vpc": vpc, "zone": zone, "disabled": disabled, "bucket": bucket, "role": role, "topic": topic, "upload": upload}
    return named | {"first part": tags[0], "second part": tags[1]}


TAKEN: list[tuple[str, dict[str, Any], str]] = [
    ("ec2/subnet:Subnet", {"vpcId": "<vpc>", "cidrBlock": "10.1.0.0/25"}, "InvalidSubnet.Conflict"),
    ("ec2/subnet:Subnet", {"vpcId": "<vpc>", "cidrBlock": "10.9.0.0/24"}, "InvalidSubnet.Range"),
    ("ec2/securityGroup:SecurityGroup", {"vpcId": "<vpc>", "name": "taken"}, "InvalidGroup.Duplicate"),
    ("iam/role:Role", {"name": "taken", "assumeRolePolicy": TRUSTED}, "EntityAlreadyExists"),
    ("iam/policy:Policy", {"name": "taken", "policy": policy()}, "EntityAlreadyExists"),
    (
        "iam/openIdConnectProvider:OpenIdConnectProvider",
        {"url": "https://gitlab.example.com", "clientIdLists": ["b"]},
        "EntityAlreadyExists",
    ),
    ("cloudwatch/logGroup:LogGroup", {"name": "taken"}, "ResourceAlreadyExistsException"),
    ("ecr/repository:Repository", {"name": "taken"}, "RepositoryAlreadyExists"),
    ("secretsmanager/secret:Secret", {"name": "taken"}, "ResourceExistsException"),
    ("secretsmanager/secret:Secret", {"name": "gone"}, "already scheduled for deletion"),
    ("kms/alias:Alias", {"name": "alias/taken", "targetKeyId": "<disabled>"}, "AlreadyExistsException"),
    ("s3/bucket:Bucket", {"bucket": "<bucket>"}, "BucketAlreadyOwnedByYou"),
    ("budgets/budget:Budget", {"name": "taken", **COST}, "DuplicateRecord"),
    ("route53/zone:Zone", {"name": "example.com", "vpcs": [{"vpcId": "<vpc>"}]}, "ConflictingDomainExists"),
    ("sns/topic:Topic", {"name": "taken", "displayName": "other"}, "different attributes"),
    ("sns/topic:Topic", {"name": "taken", "displayName": "alerts", "tags": {"a": "b"}}, "different tags"),
]
"""Type, inputs, a part of the reason."""


def change(reason: str, action: str, **parts: Any) -> Case:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": {**RECORD, **parts}}]}
    return "route53", "change_resource_record_sets", {"HostedZoneId": "<zone>", "ChangeBatch": batch}, reason


def parts(reason: str, *tags: str) -> Case:
    given = {"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]}
    place = {"Bucket": "<bucket>", "Key": "m", "UploadId": "<upload>"}
    return "s3", "complete_multipart_upload", {**place, "MultipartUpload": given}, reason


def s3(reason: str, operation: str, **change: Any) -> Case:
    return "s3", operation, {"Bucket": "<bucket>", "Key": "k", **change}, reason


def secret(reason: str, operation: str, name: str, **more: Any) -> Case:
    return "secretsmanager", operation, {"SecretId": name, **more}, reason


CALLS: list[Case] = [
    ("ec2", "create_subnet", {"VpcId": "<vpc>", "CidrBlock": "10.1.0.128/25"}, "InvalidSubnet.Conflict"),
    ("ec2", "create_subnet", {"VpcId": "<vpc>", "CidrBlock": "10.2.0.0/24"}, "InvalidSubnet.Range"),
    ("ec2", "create_subnet", {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.2.0.0/24"}, "InvalidVpcID.NotFound"),
    ("ec2", "create_subnet", {"VpcId": "<vpc>", "CidrBlock": "10.1.1.0/24"}, ""),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0"}, "InvalidParameterValue"),
    change("not permitted in zone", "CREATE", Name="a.example.org"),
    change("", "CREATE"),
    change("already exists", "CREATE"),
    change("not found", "DELETE", Name="b.example.com"),
    change("should be enclosed in quotation marks", "CREATE", Type="TXT", ResourceRecords=[{"Value": "a b"}]),
    ("secretsmanager", "create_secret", {"Name": "new", "KmsKeyId": "<disabled>", "SecretString": "x"}, "EncryptionFailure"),
    secret("EncryptionFailure", "put_secret_value", "unreadable", SecretString="x"),
    secret("DecryptionFailure", "get_secret_value", "unreadable"),
    secret("", "put_secret_value", "taken", SecretString="a", ClientRequestToken=TOKEN),
    secret("", "put_secret_value", "taken", SecretString="a", ClientRequestToken=TOKEN),
    secret("ResourceExistsException", "put_secret_value", "taken", SecretString="b", ClientRequestToken=TOKEN),
    secret("ResourceNotFound", "get_secret_value", "taken", VersionStage="NONE"),
    secret("InvalidRequest", "get_secret_value", "gone"),
    secret("InvalidRequest", "put_secret_value", "gone", SecretString="x"),
    s3("KMS.DisabledException", "put_object", ServerSideEncryption="aws:kms", SSEKMSKeyId="<disabled>"),
    s3("KMS.NotFoundException", "put_object", ServerSideEncryption="aws:kms", SSEKMSKeyId=f"{'0' * 8}-0000-0000-0000-{'0' * 12}"),
    s3("PreconditionFailed", "put_object", IfNoneMatch="*"),
    s3("PreconditionFailed", "put_object", IfMatch='"abc"'),
    s3("NoSuchKey", "put_object", Key="absent", IfMatch='"abc"'),
    s3("PreconditionFailed", "get_object", IfMatch='"abc"'),
    s3("InvalidRange", "get_object", Range="bytes=100-200"),
    s3("NoSuchVersion", "get_object", VersionId="v" * 32),
    s3("BadDigest", "put_object", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg=="),
    s3("NoSuchUpload", "upload_part", PartNumber=1, UploadId="u", Body=b"x"),
    s3("NoSuchBucket", "copy_object", CopySource=f"{ABSENT}/k"),
    parts("EntityTooSmall", "<first part>", "<second part>"),
    parts("InvalidPart", "<second part>x"),
    ("ecr", "create_repository", {"repositoryName": "new", "encryptionConfiguration": KMS}, "KmsException"),
    ("sns", "create_topic", {"Name": "taken", "Attributes": {"DisplayName": "other"}}, "different attributes"),
    ("sns", "create_topic", {"Name": "taken", "Attributes": {"DisplayName": "alerts"}}, ""),
    ("sns", "publish", {"TopicArn": "<topic>x", "Message": "m"}, "NotFound"),
    ("iam", "create_role", {"RoleName": "TAKEN", "AssumeRolePolicyDocument": TRUSTED}, "EntityAlreadyExists"),
    ("sts", "assume_role", {"RoleArn": "<role>x", "RoleSessionName": "run"}, "AccessDenied"),
    ("sts", "assume_role", {"RoleArn": "<role>", "RoleSessionName": "run", "DurationSeconds": 7200}, "MaxSessionDuration"),
    ("ecs", "list_tasks", {"cluster": "absent"}, "ClusterNotFound"),
    ("ecs", "describe_tasks", {"cluster": "absent", "tasks": ["0" * 32]}, "ClusterNotFound"),
    ("ecs", "run_task", {"cluster": "absent", "taskDefinition": "x"}, "ClusterNotFound"),
    ("ecs", "stop_task", {"cluster": "dbt", "task": "0" * 32}, "not found"),
    ("mwaa", "invoke_rest_api", {"Name": "absent", "Path": "/dags", "Method": "GET"}, "ResourceNotFound"),
]


def filled(value: Any, facts: dict[str, str]) -> Any:
    """With `<name>` replaced by what that is in this account."""
    match value:
        case dict():
            return {name: filled(part, facts) for name, part in value.items()}
        case list():
            return [filled(part, facts) for part in value]
        case str():
            for name, fact in facts.items():
                value = value.replace(f"<{name}>", fact)
    return value


def test_a_name_that_is_taken_is_refused(session: Session, facts: dict[str, str]):
    """So is a second deployment of what a first one made, and nobody wrote down."""
    wrong = []
    for token, inputs, reason in TAKEN:
        with pytest.raises(ProviderError) as refused:
            make(session, token, **filled(inputs, facts))
        if reason not in str(refused.value):
            wrong.append((token, inputs, reason, str(refused.value)))

    assert wrong == []


def test_a_call_that_does_not_fit_what_is_there_is_refused(session: Session, facts: dict[str, str]):
    """Behind `up` nobody looks at a plan: what the emulator takes, a run would only learn from AWS."""
    wrong = []
    for service, operation, parameters, reason in CALLS:
        try:
            getattr(session.client(service), operation)(**filled(parameters, facts))
            said = ""
        except ClientError as error:
            said = str(error)
        if bool(said) != bool(reason) or reason not in said:
            wrong.append((service, operation, parameters, reason, said))

    assert wrong == []


def test_aws_fills_in_what_nobody_gave(session: Session, facts: dict[str, str]):
    """A refresh would show another thing in AWS than it shows here."""
    [default] = session.client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [facts["vpc"]]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    interface = {"vpcId": facts["vpc"], "serviceName": f"com.amazonaws.{REGION}.kms", "vpcEndpointType": "Interface"}

    assert make(session, "ec2/vpcEndpoint:VpcEndpoint", **interface)["securityGroupIds"] == [default["GroupId"]]
    assert "SNS:DeleteTopic" in make(session, "sns/topic:Topic")["policy"]
    assert (
        make(session, "s3/bucketObjectv2:BucketObjectv2", bucket=facts["bucket"], key="o", content="x")["bucketKeyEnabled"] is False
    )

"""The stand-in for the plugin `aws`, without an emulator: what it refuses, names, tags and replaces."""

import dataclasses
import importlib
import inspect
import json
import re
from types import SimpleNamespace
from typing import Any

import pulumi_aws
import pytest
from botocore.exceptions import ClientError

from sandbox.providers.aws.api import Api, readable_errors
from sandbox.providers.aws.comparison import GENERATED
from sandbox.providers.aws.configuration import session_for
from sandbox.providers.aws.functions import functions
from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.provider import CATALOGUE, AwsProvider
from sandbox.providers.aws.services.mwaa import wait_for
from sandbox.providers.aws.session import Session, loopback_endpoint
from sandbox.providers.aws.shapes import members, resolve
from sandbox.providers.aws.table import ResourceType
from sandbox.providers.protocol import Difference, InvalidInputs, Operation, PartialFailure
from sandbox.providers.values import UNKNOWN, ProviderError

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/dbt"
EVERYWHERE = "0.0.0.0/0"
ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"

CONTRACT = """
budgets/budget:Budget chatbot/slackChannelConfiguration:SlackChannelConfiguration
chatbot/teamsChannelConfiguration:TeamsChannelConfiguration cloudwatch/dashboard:Dashboard
cloudwatch/eventRule:EventRule cloudwatch/eventTarget:EventTarget
cloudwatch/metricAlarm:MetricAlarm
ec2/vpc:Vpc ec2/subnet:Subnet ec2/internetGateway:InternetGateway ec2/eip:Eip ec2/natGateway:NatGateway
ec2/routeTable:RouteTable ec2/route:Route ec2/routeTableAssociation:RouteTableAssociation
ec2/defaultSecurityGroup:DefaultSecurityGroup ec2/securityGroup:SecurityGroup
vpc/securityGroupIngressRule:SecurityGroupIngressRule vpc/securityGroupEgressRule:SecurityGroupEgressRule
ec2/vpcEndpoint:VpcEndpoint ec2/flowLog:FlowLog route53/zone:Zone route53/record:Record kms/key:Key kms/alias:Alias s3/bucket:Bucket
s3/bucketVersioning:BucketVersioning
s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration
s3/bucketPublicAccessBlock:BucketPublicAccessBlock s3/bucketOwnershipControls:BucketOwnershipControls
s3/bucketPolicy:BucketPolicy s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration
s3/bucketLogging:BucketLogging s3/bucketObjectv2:BucketObjectv2 iam/role:Role iam/rolePolicy:RolePolicy iam/policy:Policy
iam/rolePolicyAttachment:RolePolicyAttachment
iam/openIdConnectProvider:OpenIdConnectProvider secretsmanager/secret:Secret
secretsmanager/secretPolicy:SecretPolicy ecr/repository:Repository ecr/lifecyclePolicy:LifecyclePolicy
ecr/repositoryPolicy:RepositoryPolicy
ecs/cluster:Cluster ecs/clusterCapacityProviders:ClusterCapacityProviders ecs/taskDefinition:TaskDefinition
cloudwatch/logGroup:LogGroup mwaa/environment:Environment sns/topic:Topic sns/topicPolicy:TopicPolicy
sns/topicSubscription:TopicSubscription
""".split()  # noqa: SIM905 - a list of 40 lines says no more

KINDS = [pytest.param(kind, id=kind.token) for kind in CATALOGUE.values()]


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST = policy(Principal={"Service": "ecs-tasks.amazonaws.com"}, Action="sts:AssumeRole")

CONTAINER = {
    "name": "dbt",
    "image": "repository/dbt@sha256:0",
    "essential": True,
    "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
    "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],
    "stopTimeout": 120,
}
TASK = {
    "family": "dbt-sales",
    "cpu": "512",
    "memory": "1024",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "executionRoleArn": ROLE,
    "volumes": [{"name": "tmp"}],
}
ENVIRONMENT = {
    "executionRoleArn": ROLE,
    "sourceBucketArn": "arn:aws:s3:::dags",
    "dagS3Path": "dags",
    "networkConfiguration": {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]},
}

RECORD = {
    "zoneId": "Z1",
    "name": "example.com",
    "type": "A",
    "aliases": [{"name": "vpce.example.com", "zoneId": "Z2", "evaluateTargetHealth": False}],
}

EC2_VPC = "aws:ec2/vpc:Vpc"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
BUCKET = "aws:s3/bucket:Bucket"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
ROLE_TYPE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SECRET = "aws:secretsmanager/secret:Secret"
REPOSITORY = "aws:ecr/repository:Repository"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
MWAA = "aws:mwaa/environment:Environment"


def task(**change: Any) -> dict[str, Any]:
    container = {**CONTAINER, **change.pop("container", {})}
    return {**TASK, "containerDefinitions": json.dumps([container]), **change}


def operation(name: str = "sales", seed: bytes = b"seed") -> Operation:
    return Operation(urn=f"urn:pulumi:sandbox::dbt::type::{name}", name=name, seed=seed)


def session() -> Session:
    """Reaches no AWS: what is tested here must not need one."""
    return Session(endpoint="http://127.0.0.1:9", region="eu-west-1", default_tags={"project": "dbt", "environment": "test"})


@pytest.fixture(scope="module")
def resource():
    """Handlers by type; they share a session, because reading botocore's models takes its time."""
    shared = session()
    return lambda token: TableResource(CATALOGUE[token], lambda: shared)


def test_an_automatic_name_is_what_the_engine_proposes(resource):
    """The roles of the pipeline know a stack's resources by the name that Pulumi.yaml gives them."""
    proposed = dataclasses.replace(operation("dags"), proposed_name="dbt-dev-dags-1a2b3c4")
    too_long = dataclasses.replace(operation("dags"), proposed_name="d" * 64)

    assert resource(BUCKET).check(proposed, {}, {})["bucket"] == "dbt-dev-dags-1a2b3c4"
    assert resource(BUCKET).check(operation("dags"), {}, {})["bucket"].startswith("dags-")
    with pytest.raises(InvalidInputs, match="AWS allows 63"):
        resource(BUCKET).check(too_long, {}, {})


def refusals(handler: TableResource, inputs: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInputs) as refused:
        handler.check(operation(), {}, inputs)
    return refused.value.failures


def difference(handler: TableResource, old: dict[str, Any], new: dict[str, Any]) -> Difference:
    first = handler.check(operation(), {}, old)
    return handler.diff(operation(), "id", first, {}, handler.check(operation(), first, new))


def sdk_classes(kind: ResourceType) -> tuple[type, type]:
    """The SDK's classes of a type's arguments and of its state."""
    _, module, _, name = re.split(r"[:/]", kind.token)
    # Through the package's attributes: it loads its modules lazily, and a direct import of one leaves the package half loaded.
    source = importlib.import_module(getattr(getattr(pulumi_aws, module), name).__module__)
    own = [item for item in vars(source).values() if inspect.isclass(item) and item.__module__ == source.__name__]
    return next(item for item in own if item.__name__.endswith("Args")), next(
        item for item in own if item.__name__.endswith("State")
    )


def camel_names(arguments: type) -> dict[str, bool]:
    """Property in camelCase -> required, from an argument class of the SDK."""
    found = {}
    for snake, parameter in inspect.signature(arguments.__init__).parameters.items():
        if snake in vars(arguments):
            getter = getattr(vars(arguments)[snake].fget, "_pulumi_name", snake)
            found[getter] = parameter.default is inspect.Parameter.empty
    return found


# --- the tables


def test_exactly_the_agreed_types_are_modelled():
    """A program that uses another type must hear so from `pulumi preview`, not from a half-made stack."""
    assert set(CATALOGUE) == {f"aws:{name}" for name in CONTRACT}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_properties_are_spelt_as_in_the_sdk(kind):
    """A misspelt property in a table would refuse a right program, and accept a wrong one."""
    arguments, state = sdk_classes(kind)
    names = camel_names(arguments)

    assert set(kind.properties) <= set(names)
    assert {name for name, required in names.items() if required} <= {
        name for name, known in kind.properties.items() if known.required
    }
    assert set(kind.outputs) <= set(camel_names(state))
    assert kind.tagged == ("tags" in names)


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_can_change(kind):
    """A property that is neither put nor a reason to replace would change in the state only."""
    put = {name for one in kind.puts for name in one.properties}

    stuck = [name for name, known in kind.properties.items() if not (known.replace or known.local) and name not in put]

    assert stuck == []
    assert ("tagsAll" in put) == kind.tagged


# --- what is refused before anything is changed


@pytest.mark.parametrize(
    ("token", "inputs", "path", "reason"),
    [
        (EC2_VPC, {"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "'10.0.0.0/8' is not between /16 and /28"),
        (EC2_VPC, {"cidrBlock": "10.0.0.1/16"}, "cidrBlock", "host bits"),
        (EC2_VPC, {}, "cidrBlock", "MissingParameter"),
        (EC2_VPC, {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "shared"}, "instanceTenancy", "default, dedicated"),
        (EC2_VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsSupprt": True}, "enableDnsSupprt", "has no such property"),
        (EGRESS, {"securityGroupId": "sg-1", "ipProtocol": "-1"}, "cidrIpv4", "exactly one of"),
        ("aws:route53/zone:Zone", {"name": "example.com", "vpcs": [{"vpc": "vpc-1"}]}, "vpcs[0]", "'vpc' was unexpected"),
        ("aws:route53/record:Record", {**RECORD, "setIdentifier": "one"}, "setIdentifier", "needs a routing policy"),
        ("aws:route53/record:Record", {**RECORD, "aliases": []}, "aliases", "should be non-empty"),
        (
            EGRESS,
            {"securityGroupId": "sg-1", "ipProtocol": "tcp", "cidrIpv4": EVERYWHERE},
            "fromPort",
            "fromPort and toPort",
        ),
        (
            EGRESS,
            {"securityGroupId": "sg-1", "ipProtocol": "tcp", "cidrIpv4": EVERYWHERE, "fromPort": 444, "toPort": 443},
            "toPort",
            "less than fromPort",
        ),
        ("aws:kms/key:Key", {"deletionWindowInDays": 3}, "deletionWindowInDays", "between 7 and 30 days"),
        ("aws:kms/alias:Alias", {"name": "dbt", "targetKeyId": "k"}, "name", "alias/"),
        (BUCKET, {"bucket": "Data_Lake"}, "bucket", "lower-case"),
        (BUCKET, {"bucket": "10.0.0.1"}, "bucket", "IP address"),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"bucket": "b", "versioningConfiguration": {"status": "On"}},
            "versioningConfiguration.status",
            "Enabled, Suspended",
        ),
        (
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            {"bucket": "b", "rules": [{"id": "old", "status": "Enabled"}]},
            "rules[0]",
            "no action",
        ),
        (LOGGING, {"bucket": "b", "targetBucket": "arn:aws:s3:::logs", "targetPrefix": "b/"}, "targetBucket", "no bucket name"),
        (
            LOGGING,
            {"bucket": "b", "targetBucket": "logs", "targetPrefix": "b/", "targetGrants": [{}]},
            "targetGrants[0]",
            "required property",
        ),
        (OBJECT, {"bucket": "b", "key": "k", "tags": {str(n): "" for n in range(9)}}, "tags", "S3 allows 10"),
        (ROLE_TYPE, {"assumeRolePolicy": "{"}, "assumeRolePolicy", "is not JSON"),
        (ROLE_TYPE, {"assumeRolePolicy": policy(Action="sts:AssumeRole")}, "assumeRolePolicy", "Principal"),
        (ROLE_TYPE, {"assumeRolePolicy": TRUST, "name": "a b"}, "name", r"does not match [\w+=,.@-]+"),
        (ROLE_TYPE, {"assumeRolePolicy": TRUST, "maxSessionDuration": 60}, "maxSessionDuration", "between 3600 and 43200"),
        (ROLE_POLICY, {"role": "r", "policy": policy(Acton="s3:*", Resource="*")}, "policy", "'Acton'"),
        (ROLE_POLICY, {"role": "r", "policy": policy(Action="s3:*")}, "policy", "either Resource or NotResource"),
        (SECRET, {"name": "snow flake"}, "name", "characters other than"),
        (SECRET, {"recoveryWindowInDays": 3}, "recoveryWindowInDays", "neither 0 nor"),
        (REPOSITORY, {"name": "DBT"}, "name", "does not match"),
        (REPOSITORY, {"imageTagMutability": "FIXED"}, "imageTagMutability", "MUTABLE, IMMUTABLE"),
        (
            REPOSITORY,
            {"encryptionConfigurations": [{"encryptionType": "RSA"}]},
            "encryptionConfigurations[0].encryptionType",
            "AES256, KMS",
        ),
        (TASK_DEFINITION, task(memory="8192"), "memory", "512 CPU units on Fargate: 1024, 2048, 3072, 4096"),
        (TASK_DEFINITION, task(cpu="500"), "cpu", "256, 512"),
        (TASK_DEFINITION, task(networkMode="host"), "networkMode", "awsvpc only"),
        (TASK_DEFINITION, task(container={"stopTimout": 1}), "containerDefinitions[0].stopTimout", "no such property"),
        (TASK_DEFINITION, task(container={"stopTimeout": 300}), "containerDefinitions[0].stopTimeout", "120"),
        (TASK_DEFINITION, task(volumes=[]), "containerDefinitions[0].mountPoints", "none of the volumes"),
        (TASK_DEFINITION, task(ephemeralStorage={"sizeInGib": 20}), "ephemeralStorage", "between 21 and 200 GiB"),
        (TASK_DEFINITION, task(containerDefinitions="["), "containerDefinitions", "is not JSON"),
        (LOG_GROUP, {"retentionInDays": 10}, "retentionInDays", "1, 3, 5, 7, 14"),
        (MWAA, {**ENVIRONMENT, "name": "0"}, "name", "does not match"),
        (MWAA, {**ENVIRONMENT, "minWorkers": 5, "maxWorkers": 2}, "minWorkers", "more than maxWorkers"),
        (MWAA, {**ENVIRONMENT, "webserverAccessMode": "PRIVATE"}, "webserverAccessMode", "PRIVATE_ONLY"),
        (
            MWAA,
            {**ENVIRONMENT, "networkConfiguration": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}},
            "networkConfiguration.subnetIds",
            "1 items, AWS wants 2 to 2",
        ),
        (MWAA, {**ENVIRONMENT, "requirementsS3ObjectVersion": "1"}, "requirementsS3ObjectVersion", "requirementsS3Path"),
        ("aws:sns/topicSubscription:TopicSubscription", {"topic": "t", "protocol": "fax", "endpoint": "e"}, "protocol", "email"),
        (BUCKET, {"tags": {"aws:team": "x"}}, "tags.aws:team", "reserved"),
    ],
)
def test_what_aws_would_refuse_fails_in_the_preview(resource, token, inputs, path, reason):
    """Found by AWS, it would fail in the middle of an update; and the emulator would not find it at all."""
    assert reason in refusals(resource(token), inputs)[path]


def test_all_problems_are_reported_at_once(resource):
    """One problem per preview would make a long evening."""
    found = refusals(resource(EC2_VPC), {"cidrBlock": "10.0.0.0", "instanceTenancy": "x", "enableDnsSupport": "maybe"})

    assert set(found) == {"cidrBlock", "instanceTenancy", "enableDnsSupport"}


def test_a_type_that_is_not_modelled_is_refused():
    """Pretending would let a stack pass here that has never been tried."""
    with pytest.raises(ProviderError, match="aws:sqs/queue:Queue"):
        AwsProvider()._resource("urn:pulumi:s::p::aws:sqs/queue:Queue::q")


@pytest.mark.parametrize("argument", ["allAvailabilityZones", "excludeNames"])
def test_a_function_s_argument_that_is_not_modelled_is_refused(argument):
    """An ignored filter would give other zones than in AWS."""
    with pytest.raises(ProviderError, match=argument):
        AwsProvider().functions[ZONES]({argument: ["x"]})


def test_zones_are_filtered_as_aws_does_it():
    """The emulator answers with all zones, whatever it is asked for."""
    states = [("eu-west-1-lhr-1a", "available", "opted-in"), ("eu-west-1a", "available", "opt-in-not-required")]
    states.append(("eu-west-1b", "impaired", "opt-in-not-required"))
    answer = {
        "AvailabilityZones": [dict(zip(("ZoneName", "State", "OptInStatus"), zone, strict=True), ZoneId="") for zone in states]
    }
    ec2 = SimpleNamespace(describe_availability_zones=lambda: answer)
    call = functions(lambda: SimpleNamespace(region="eu-west-1", client=lambda name: ec2))[ZONES]  # pyright: ignore[reportArgumentType]

    def names(*filters: tuple[str, list[str]], **arguments: str) -> list[str]:
        return call({**arguments, "filters": [{"name": name, "values": values} for name, values in filters]})["names"]

    assert names(("opt-in-status", ["opt-in-not-required"]), state="available") == ["eu-west-1a"]
    assert names(("opt-in-status", ["opted-in"])) == ["eu-west-1-lhr-1a"]
    with pytest.raises(ProviderError, match="zone-type"):
        names(("zone-type", ["local-zone"]))


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (TASK_DEFINITION, {**task(), "containerDefinitions": UNKNOWN, "executionRoleArn": UNKNOWN}),
        (MWAA, {**ENVIRONMENT, "networkConfiguration": {"subnetIds": [UNKNOWN, UNKNOWN], "securityGroupIds": UNKNOWN}}),
        (ROLE_POLICY, {"role": UNKNOWN, "policy": UNKNOWN}),
        (EGRESS, {"securityGroupId": UNKNOWN, "ipProtocol": "-1", "referencedSecurityGroupId": UNKNOWN}),
    ],
)
def test_values_of_resources_that_do_not_exist_yet_pass(resource, token, inputs):
    """The first preview of a stack knows no ARN."""
    resource(token).check(operation(), {}, inputs)


def test_numbers_may_be_texts_and_texts_numbers(resource):
    """The real provider takes both; Python programs often pass a number for a task's memory."""
    checked = resource(TASK_DEFINITION).check(operation(), {}, task(cpu=512, memory=1024))

    assert (checked["cpu"], checked["memory"]) == ("512", "1024")


# --- names and tags


def test_a_name_is_kept_for_the_life_of_a_resource(resource):
    """A new name at each update would replace the bucket with its data."""
    handler = resource(BUCKET)

    first = handler.check(operation("Dags", b"one"), {}, {})
    second = handler.check(operation("Dags", b"two"), first, {"tags": {"a": "b"}})

    assert re.fullmatch(r"dags-[0-9a-f]{7}", first["bucket"])
    assert second["bucket"] == first["bucket"]
    assert first["bucket"] != handler.check(operation("Dags", b"two"), {}, {})["bucket"]


def test_a_name_that_gets_too_long_says_so(resource):
    """Cut off, two long names could become the same one."""
    with pytest.raises(InvalidInputs, match="AWS allows 64"):
        resource(ROLE_TYPE).check(operation("r" * 60), {}, {"assumeRolePolicy": TRUST})


def test_default_tags_are_on_everything_and_yield_to_own_tags(resource):
    """Cost reports and the tag policies build on them."""
    checked = resource(SECRET).check(operation(), {}, {"tags": {"environment": "mine", "workstream": "sales"}})

    assert checked["tagsAll"] == {"project": "dbt", "environment": "mine", "workstream": "sales"}
    assert checked["tags"] == {"environment": "mine", "workstream": "sales"}


def test_a_new_default_tag_is_an_update_in_place():
    """To replace a bucket because of a cost centre would be dear."""
    changing = session()
    handler = TableResource(CATALOGUE[SECRET], lambda: changing)
    old = handler.check(operation(), {}, {})
    changing.default_tags["owner"] = "sales"

    found = handler.diff(operation(), "id", old, {}, handler.check(operation(), old, {}))

    assert (found.changed, found.replace) == (["tagsAll"], [])


# --- what changes, and how


@pytest.mark.parametrize(
    ("token", "old", "new", "replaced"),
    [
        (EC2_VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, ["cidrBlock"]),
        (EC2_VPC, {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}, []),
        (LOG_GROUP, {"retentionInDays": 7}, {"retentionInDays": 14}, []),
        (TASK_DEFINITION, task(), task(container={"image": "other"}), ["containerDefinitions"]),
        (TASK_DEFINITION, task(), task(skipDestroy=True), []),
        (MWAA, ENVIRONMENT, {**ENVIRONMENT, "maxWorkers": 5}, []),
        (MWAA, {**ENVIRONMENT, "airflowVersion": "2.11.0"}, {**ENVIRONMENT, "airflowVersion": "3.3.1"}, ["airflowVersion"]),
        (MWAA, {**ENVIRONMENT, "airflowVersion": "3.2.1"}, {**ENVIRONMENT, "airflowVersion": "3.3.1"}, []),
        (
            MWAA,
            ENVIRONMENT,
            {**ENVIRONMENT, "networkConfiguration": {**ENVIRONMENT["networkConfiguration"], "securityGroupIds": ["sg-2"]}},
            [],
        ),
        (
            MWAA,
            ENVIRONMENT,
            {**ENVIRONMENT, "networkConfiguration": {"subnetIds": ["subnet-1", "subnet-3"], "securityGroupIds": ["sg-1"]}},
            ["networkConfiguration"],
        ),
        (MWAA, ENVIRONMENT, {**ENVIRONMENT, "networkConfiguration": UNKNOWN}, ["networkConfiguration"]),
        (OBJECT, {"bucket": "b", "key": "k", "content": "1"}, {"bucket": "b", "key": "k", "content": "2"}, []),
        (OBJECT, {"bucket": "b", "key": "k"}, {"bucket": "b", "key": "l"}, ["key"]),
        (ROLE_TYPE, {"assumeRolePolicy": TRUST}, {"assumeRolePolicy": UNKNOWN}, []),
    ],
)
def test_a_change_replaces_what_the_real_provider_replaces(resource, token, old, new, replaced):
    """Replaced here and not in production, or the other way round, is a surprise on the wrong day."""
    found = difference(resource(token), old, new)

    assert found.changed
    assert found.replace == replaced


@pytest.mark.parametrize(
    ("token", "old", "new"),
    [
        (ROLE_TYPE, {"assumeRolePolicy": TRUST}, {"assumeRolePolicy": json.dumps(json.loads(TRUST), indent=2)}),
        (
            ROLE_POLICY,
            {"role": "r", "name": "p", "policy": policy(Action=["s3:Get*", "s3:List*"], Resource=["*"])},
            {"role": "r", "name": "p", "policy": policy(Action=["s3:List*", "s3:Get*"], Resource="*")},
        ),
        (TASK_DEFINITION, task(), task(container={"environment": CONTAINER["environment"][::-1], "portMappings": []})),
        (
            MWAA,
            {**ENVIRONMENT, "name": "a"},
            {
                **ENVIRONMENT,
                "name": "a",
                "networkConfiguration": {"subnetIds": ["subnet-2", "subnet-1"], "securityGroupIds": ["sg-1"]},
            },
        ),
        (EGRESS, {"securityGroupId": "s", "ipProtocol": "-1", "cidrIpv4": EVERYWHERE},
         {"securityGroupId": "s", "ipProtocol": "all", "cidrIpv4": EVERYWHERE}),
        (LOG_GROUP, {"name": "g"}, {"name": "g", "retentionInDays": 0}),
    ],
)  # fmt: skip
def test_another_spelling_of_the_same_is_no_change(resource, token, old, new):
    """A preview that always shows changes is a preview that nobody reads."""
    assert difference(resource(token), old, new).changed == []


def test_what_has_a_fixed_name_is_deleted_before_it_is_made_again(resource):
    """Both can't have the name; with an automatic name the new one comes first and nothing is missing meanwhile."""
    fixed = difference(resource(ROLE_TYPE), *({"name": "dbt", "path": path, "assumeRolePolicy": TRUST} for path in ("/", "/a/")))
    automatic = difference(resource(ROLE_TYPE), *({"path": path, "assumeRolePolicy": TRUST} for path in ("/", "/a/")))

    assert (fixed.delete_first, automatic.delete_first) == (True, False)


def test_a_repository_is_never_left_without_its_lifecycle_policy(resource):
    """It has room for one: deleting the old one after the new one is made would delete the new one (pulumi-aws issue 2075)."""
    untagged = {"tagStatus": "untagged", "countType": "imageCountMoreThan"}

    def expiry(number: int) -> dict[str, Any]:
        rule = {"rulePriority": 1, "selection": {**untagged, "countNumber": number}, "action": {"type": "expire"}}
        return {"repository": "dbt", "policy": json.dumps({"rules": [rule]})}

    found = difference(resource("aws:ecr/lifecyclePolicy:LifecyclePolicy"), expiry(5), expiry(6))

    assert (found.replace, found.delete_first) == (["policy"], True)


@pytest.mark.parametrize("part", ["taskLogs", "workerLogs"])
def test_what_a_program_no_longer_says_about_a_part_is_left_as_it_is(resource, part):
    """AWS keeps the log levels of Airflow that nobody names any more: a preview of a change would promise one that never comes."""
    logs = {"taskLogs": {"enabled": True, "logLevel": "INFO"}, "workerLogs": {"enabled": True, "logLevel": "ERROR"}}
    old, less = ({**ENVIRONMENT, "loggingConfiguration": given} for given in (logs, {part: logs[part]}))
    louder = {**less, "loggingConfiguration": {part: {"enabled": True, "logLevel": "DEBUG"}}}

    assert difference(resource(MWAA), {**old, "name": "a"}, {**less, "name": "a"}).changed == []
    assert difference(resource(MWAA), {**old, "name": "a"}, {**louder, "name": "a"}).changed == ["loggingConfiguration"]


@pytest.mark.parametrize(
    ("status", "last", "outcome"),
    [
        ("AVAILABLE", {"Status": "SUCCESS"}, None),
        ("AVAILABLE", {"Status": "FAILED", "Error": {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": "no"}}, None),
        ("ROLLING_BACK", {"Status": "PENDING"}, r"unexpected state 'ROLLING_BACK', wanted target 'AVAILABLE'. last error: <nil>"),
        ("MAINTENANCE", {"Status": "PENDING"}, "unexpected state 'MAINTENANCE'"),
        ("UPDATE_FAILED", {"Status": "FAILED", "Error": {"ErrorCode": "A", "ErrorMessage": "b"}}, "last error: A: b"),
    ],
)
def test_an_update_of_airflow_ends_as_with_the_real_provider(status: str, last: dict[str, Any], outcome: str | None):
    """It takes an update that MWAA rolled back for a success, and errs at once when it sees it roll back."""
    environment = {"Name": "airflow", "Status": status, "LastUpdate": last}
    client = SimpleNamespace(get_environment=lambda Name: {"Environment": environment})  # noqa: N803 (botocore's name)
    api = Api(CATALOGUE[MWAA], SimpleNamespace(client=lambda name: client), operation())  # pyright: ignore[reportArgumentType]

    if outcome is None:
        wait_for(api, "airflow", pending=("UPDATING", "CREATING_SNAPSHOT"))
    else:
        with pytest.raises(ProviderError, match=outcome):
            wait_for(api, "airflow", pending=("UPDATING", "CREATING_SNAPSHOT"))


def test_a_preview_of_new_contents_says_that_the_version_will_change(resource):
    """MWAA pins its requirements by the object's version: with the old one in the preview, its update would be missed."""
    handler = resource(OBJECT)
    old, new = ({"bucket": "b", "key": "requirements.txt", "content": text} for text in ("a", "b"))

    preview = handler.update(Operation(urn="", name="n", preview=True), "b/k", old, {**old, "versionId": "1"}, new)

    assert preview["versionId"] == UNKNOWN


def test_a_preview_of_a_creation_knows_its_name_but_not_its_arn(resource):
    handler = resource(SECRET)

    _, outputs = handler.create(Operation(urn="", name="n", preview=True), handler.check(operation(), {}, {}))

    assert outputs["arn"] == UNKNOWN
    assert outputs["name"].startswith("sales-")
    assert outputs[GENERATED] == ["name"]


# --- what AWS has, without an emulator


class Logs:
    """CloudWatch Logs with one group at most; `broken` makes it refuse retention policies."""

    def __init__(self) -> None:
        self.group: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.broken = False

    def create_log_group(self, **arguments: Any) -> None:
        self.group = {"logGroupName": arguments["logGroupName"], "arn": "arn:aws:logs:eu-west-1:1:log-group:g:*"}
        self.tags = dict(arguments.get("tags", {}))

    def put_retention_policy(self, **arguments: Any) -> None:
        if self.broken:
            raise ClientError({"Error": {"Code": "LimitExceededException", "Message": "Later."}}, "PutRetentionPolicy")
        self.group["retentionInDays"] = arguments["retentionInDays"]

    def delete_log_group(self, **_: Any) -> None:
        if not self.group:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "No."}}, "DeleteLogGroup")
        self.group = {}

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"logGroups": [self.group] if self.group else []}]

    def list_tags_for_resource(self, **_: Any) -> dict[str, Any]:
        return {"tags": self.tags}

    def tag_resource(self, **arguments: Any) -> None:
        self.tags = {**self.tags, **arguments["tags"]}

    def untag_resource(self, **arguments: Any) -> None:
        self.tags = {name: value for name, value in self.tags.items() if name not in arguments["tagKeys"]}


@pytest.fixture
def logs() -> Logs:
    return Logs()


@pytest.fixture
def log_group(logs, monkeypatch) -> TableResource:
    here = session()
    monkeypatch.setattr(here, "client", lambda service: logs)
    return TableResource(CATALOGUE[LOG_GROUP], lambda: here)


GROUP = {"name": "g", "retentionInDays": 7, "tags": {"owner": "sales"}}


def test_a_half_made_resource_is_remembered_and_finished(log_group, logs):
    """Forgotten, it would stand in the way of the next update with ResourceAlreadyExists."""
    inputs = log_group.check(operation(), {}, GROUP)
    logs.broken = True

    with pytest.raises(PartialFailure, match="PutRetentionPolicy: LimitExceededException") as failed:
        log_group.create(operation(), inputs)
    logs.broken = False
    log_group.update(operation(), failed.value.id, inputs, failed.value.state, inputs)

    assert logs.group["retentionInDays"] == 7


def test_a_refresh_sees_what_someone_else_changed(log_group, logs):
    inputs = log_group.check(operation(), {}, GROUP)
    identity, state = log_group.create(operation(), inputs)
    logs.group["retentionInDays"], logs.group["kmsKeyId"] = 30, "unasked"
    logs.tags["owner"] = "nobody"

    seen, _ = log_group.read(operation(), identity, inputs, state)

    assert log_group.diff(operation(), identity, seen, state, inputs).changed == ["retentionInDays", "tags", "tagsAll"]
    assert seen["tags"] == {"owner": "nobody"}


def test_a_refresh_of_what_is_as_it_was_sees_no_change(log_group):
    inputs = log_group.check(operation(), {}, GROUP)
    identity, state = log_group.create(operation(), inputs)

    assert log_group.read(operation(), identity, inputs, state) == (inputs, state)


def test_an_update_removes_the_tags_that_are_gone(log_group, logs):
    inputs = log_group.check(operation(), {}, GROUP)
    identity, state = log_group.create(operation(), inputs)
    logs.tags["stray"] = "x"

    log_group.update(
        operation(), identity, inputs, state, log_group.check(operation(), inputs, {"name": "g", "retentionInDays": 7})
    )

    assert logs.tags == {"project": "dbt", "environment": "test"}


def test_what_is_gone_is_no_error_to_delete_or_read(log_group, logs):
    """Deleted by hand: `pulumi refresh` and `pulumi destroy` must go on."""
    inputs = log_group.check(operation(), {}, GROUP)
    identity, state = log_group.create(operation(), inputs)
    logs.group = {}

    log_group.delete(operation(), identity, inputs, state)

    assert log_group.read(operation(), identity, inputs, state) is None


def test_resources_that_pulumi_did_not_make_are_not_imported(log_group):
    with pytest.raises(ProviderError, match="does not import"):
        log_group.read(operation(), "g", {}, {})


# --- configuration and errors


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://sts.amazonaws.com",
        "http://10.0.0.1:4566",
        "http://127.0.0.1.example",
        "http://127.0.0.1@example.com",
        "http://localhost.example",
        "127.0.0.1",
    ],
)
def test_it_talks_to_this_machine_only(url):
    """A test that reached a real account would create, and delete, real things there."""
    with pytest.raises(ProviderError, match="AWS_ENDPOINT_URL"):
        loopback_endpoint({"AWS_ENDPOINT_URL": url})


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:4566", "http://127.1.2.3:1"])
def test_it_talks_to_an_emulator_here(url):
    assert loopback_endpoint({"AWS_ENDPOINT_URL": url}) == url


@pytest.fixture
def emulated(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(Session, "account", ACCOUNT)


@pytest.mark.usefixtures("emulated")
def test_the_wrong_account_is_refused():
    """This is what keeps a production stack out of the development account."""
    with pytest.raises(ProviderError, match=f"999999999999.*{ACCOUNT}"):
        session_for({"region": "eu-west-1", "allowedAccountIds": ["999999999999"]})


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize("key", ["assumeRoles", "endpoints", "ignoreTags", "profile"])
def test_configuration_that_is_not_modelled_is_refused(key):
    """Ignored, it would make the sandbox another thing than production."""
    with pytest.raises(ProviderError, match=f"aws:{key}"):
        session_for({"region": "eu-west-1", key: "x"})


@pytest.mark.usefixtures("emulated")
def test_region_and_default_tags_are_taken_from_the_configuration():
    session = session_for({"region": "eu-west-1", "defaultTags": {"tags": {"cost-center": 7}}, "allowedAccountIds": [ACCOUNT]})

    assert (session.region, session.default_tags) == ("eu-west-1", {"cost-center": "7"})


def test_errors_of_aws_name_type_operation_and_code():
    with pytest.raises(ProviderError) as raised, readable_errors(BUCKET):
        raise ClientError({"Error": {"Code": "BucketNotEmpty", "Message": "It is not empty."}}, "DeleteBucket")

    assert str(raised.value) == f"{BUCKET} DeleteBucket: BucketNotEmpty: It is not empty."


@pytest.mark.parametrize("kind", KINDS)
def test_rules_name_members_that_botocore_knows(kind, resource):
    """A rule that points nowhere would fail in the middle of a preview."""
    session = resource(kind.token).session()
    for known in kind.properties.values():
        if isinstance(known.rule, str):
            shape = resolve(session.model(kind.service), known.rule)
            assert shape.type_name
            if shape.type_name == "structure":
                assert len(members(shape)) == len(shape.members)

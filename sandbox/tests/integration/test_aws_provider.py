"""The stand-in for the plugin `aws`, driven by the real engine, against the emulator."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aws_programs as programs
import pulumi
import pulumi_aws as aws
import pytest
from pulumi import automation

from sandbox.emulator.faults import give_order
from sandbox.testing.account import Account, trust
from sandbox.testing.faults import first_answer_lost
from sandbox.testing.programs import preview, unchanged, up, what_is_left


@pytest.fixture(scope="module")
def emulator(cloud: Account) -> Account:
    """An AWS account of these tests' own."""
    return cloud


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, kw_only=True)
class Life:
    """A program in three versions (see `aws_programs`) and what must come of it."""

    program: Callable[[int], None]
    look: Callable[[Account, dict[str, Any]], dict[str, Any]]
    first: dict[str, Any]
    """What is seen after version 1."""
    second: dict[str, Any]
    in_place: frozenset[str]
    """What version 2 updates."""
    replaced: frozenset[str]
    """What version 3 replaces."""


# --- what boto3 sees, independently of the provider


def look_at_network(emulator: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    ec2, vpc = emulator.client("ec2"), outputs["vpc"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [outputs["group"]]}])
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    return {
        "tags": sorted(tag["Key"] for tag in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]),
        "host names": ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"],
        "open by default": [g["GroupId"] for g in groups if g["GroupName"] == "default" and g["IpPermissions"]],
        "egress ports": sorted(rule["FromPort"] for rule in rules["SecurityGroupRules"] if rule["IsEgress"]),
    }


def look_at_names(emulator: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    route53, zone = emulator.client("route53"), outputs["zone"]
    found = route53.get_hosted_zone(Id=zone)
    tagged = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"]
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    (alias,) = [record["AliasTarget"]["DNSName"] for record in records if record["Type"] == "A"]
    return {
        "tags": sorted(tag["Key"] for tag in tagged),
        "comment": found["HostedZone"]["Config"]["Comment"],
        "networks": len(found["VPCs"]),
        "leads to the endpoint": alias == f"{outputs['target']}.",
    }


def look_at_storage(emulator: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    s3, kms, bucket = emulator.client("s3"), emulator.client("kms"), outputs["bucket"]
    requirements = s3.get_object(Bucket=bucket, Key="requirements.txt")
    return {
        "tags": sorted(tag["Key"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]),
        "contents": [requirements["Body"].read(), s3.get_object(Bucket=bucket, Key="dags/dag.py")["Body"].read()],
        "pinned version is the newest": requirements["VersionId"] == outputs["requirementsVersion"],
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "access logs": s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetPrefix"],
        "key": kms.describe_key(KeyId=outputs["key"])["KeyMetadata"]["Description"],
        "rotation": kms.get_key_rotation_status(KeyId=outputs["key"])["KeyRotationEnabled"],
    }


def look_at_identity(emulator: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    iam, secrets = emulator.client("iam"), emulator.client("secretsmanager")
    role = iam.get_role(RoleName=outputs["role"])["Role"]
    secret = secrets.describe_secret(SecretId=outputs["secret"])
    return {
        "tags": sorted(tag["Key"] for tag in secret["Tags"]),
        "services": role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"],
        "session": role["MaxSessionDuration"],
        "bounded": "PermissionsBoundary" in role,
        "audiences": sorted(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=outputs["issuer"])["ClientIDList"]),
        "secret": (secret["Name"], secret["Description"]),
        "values": secrets.list_secret_version_ids(SecretId=outputs["secret"])["Versions"],
        "topic": emulator.client("sns").get_topic_attributes(TopicArn=outputs["topic"])["Attributes"]["DisplayName"],
    }


def look_at_compute(emulator: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    ecs = emulator.client("ecs")
    repository = emulator.client("ecr").describe_repositories(repositoryNames=[outputs["repository"]])["repositories"][0]
    task = ecs.describe_task_definition(taskDefinition=outputs["task"], include=["TAGS"])
    logs = emulator.client("logs").describe_log_groups(logGroupNamePrefix=outputs["logGroup"])["logGroups"]
    return {
        "tags": sorted(tag["key"] for tag in task["tags"]),
        "mutability": repository["imageTagMutability"],
        "scan": repository["imageScanningConfiguration"]["scanOnPush"],
        "size": (task["taskDefinition"]["cpu"], task["taskDefinition"]["memory"]),
        "stop": task["taskDefinition"]["containerDefinitions"][0]["stopTimeout"],
        "logs": [(group["retentionInDays"], "kmsKeyId" in group) for group in logs],
        "insights": ecs.describe_clusters(clusters=[outputs["cluster"]], include=["SETTINGS"])["clusters"][0]["settings"],
    }


def look_at_monitoring(emulator: Account, outputs: dict[str, Any]) -> dict[str, Any]:
    events, cloudwatch, budgets = (emulator.client(name) for name in ("events", "cloudwatch", "budgets"))
    rule = events.describe_rule(Name=outputs["rule"])
    target = events.list_targets_by_rule(Rule=outputs["rule"])["Targets"][0]
    alarm = cloudwatch.describe_alarms(AlarmNames=[outputs["alarm"]])["MetricAlarms"][0]
    dashboard = cloudwatch.get_dashboard(DashboardName=outputs["dashboard"])
    budget = {"AccountId": emulator.id, "BudgetName": outputs["budget"]}
    [notification] = budgets.describe_notifications_for_budget(**budget)["Notifications"]
    chats = emulator.client("chatbot").describe_slack_channel_configurations(ChatConfigurationArn=outputs["chat"])
    [chat] = chats["SlackChannelConfigurations"]
    return {
        "tags": sorted(tag["Key"] for tag in events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]),
        "exit codes": json.loads(rule["EventPattern"])["detail"]["containers"]["exitCode"],
        "message": target["InputTransformer"]["InputTemplate"],
        "alarm": (alarm["Dimensions"], alarm["Threshold"]),
        "page": json.loads(dashboard["DashboardBody"])["widgets"][0]["properties"]["markdown"],
        "budget": float(budgets.describe_budget(**budget)["Budget"]["BudgetLimit"]["Amount"]),
        "warning": notification["Threshold"],
        "chat": (chat["SlackChannelId"], chat["UserAuthorizationRequired"], sorted(tag["TagKey"] for tag in chat["Tags"])),
    }


# --- the tests


LIVES = {
    "monitoring": Life(
        program=programs.monitoring,
        look=look_at_monitoring,
        first={
            "tags": ["project"],
            "exit codes": [137],
            "message": '"1: <task>"',
            "alarm": ([{"Name": "Environment", "Value": "old"}], 600),
            "page": "# 1",
            "budget": 100,
            "warning": 80,
            "chat": ("C0", False, ["project"]),
        },
        second={
            "tags": ["changed", "project"],
            "exit codes": [{"anything-but": [0, 1]}],
            "message": '"2: <task>"',
            "alarm": ([{"Name": "Environment", "Value": "new"}], 900),
            "page": "# 2",
            "budget": 200,
            "warning": 90,
            "chat": ("C1", True, ["changed", "project"]),
        },
        in_place=words(
            """
            EventRule/died EventTarget/died MetricAlarm/queue Dashboard/page Budget/costs SlackChannelConfiguration/slack
            TeamsChannelConfiguration/teams
            """
        ),
        replaced=words("EventRule/died EventTarget/died MetricAlarm/queue Dashboard/page Budget/costs"),
    ),
    "network": Life(
        program=programs.network,
        look=look_at_network,
        first={"tags": ["project"], "host names": False, "open by default": [], "egress ports": [443, 443]},
        second={"tags": ["changed", "project"], "host names": True, "open by default": [], "egress ports": [443, 8443]},
        in_place=words(
            """
            Vpc/net DefaultSecurityGroup/closed Subnet/public Subnet/private InternetGateway/internet
            Eip/address NatGateway/nat RouteTable/one RouteTable/two Route/out RouteTableAssociation/public
            SecurityGroup/tasks SecurityGroupIngressRule/self SecurityGroupEgressRule/https SecurityGroupEgressRule/s3
            VpcEndpoint/s3 VpcEndpoint/ecr FlowLog/flow
            """
        ),
        replaced=words(
            """
            Subnet/private Route/out SecurityGroup/tasks FlowLog/flow SecurityGroupIngressRule/self
            SecurityGroupEgressRule/https SecurityGroupEgressRule/s3
            """
        ),
    ),
    "names": Life(
        program=programs.names,
        look=look_at_names,
        first={"tags": ["project"], "comment": "old", "networks": 1, "leads to the endpoint": True},
        second={"tags": ["changed", "project"], "comment": "new", "networks": 1, "leads to the endpoint": True},
        in_place=words("Zone/names Record/names"),
        replaced=words("Zone/names Record/names"),
    ),
    "storage": Life(
        program=programs.storage,
        look=look_at_storage,
        first={
            "tags": ["project"],
            "contents": [b"# old\n", b"old"],
            "pinned version is the newest": True,
            "versioning": "Enabled",
            "access logs": "dags/old/",
            "key": "old",
            "rotation": True,
        },
        second={
            "tags": ["changed", "project"],
            "contents": [b"# new\n", b"new"],
            "pinned version is the newest": True,
            "versioning": "Enabled",
            "access logs": "dags/new/",
            "key": "new",
            "rotation": True,
        },
        in_place=words(
            """
            Key/data Alias/data Bucket/dags BucketPublicAccessBlock/dags BucketPolicy/dags
            BucketServerSideEncryptionConfiguration/dags BucketLifecycleConfiguration/dags BucketLogging/dags
            BucketObjectv2/requirements BucketObjectv2/dag
            """
        ),
        replaced=words("Key/other BucketObjectv2/requirements"),
    ),
    "identity": Life(
        program=programs.identity,
        look=look_at_identity,
        first={
            "tags": ["project"],
            "services": ["ecs-tasks.amazonaws.com"],
            "session": 3600,
            "bounded": False,
            "audiences": ["sts.amazonaws.com"],
            "secret": ("dbt/login", "old"),
            "values": [],
            "topic": "old",
        },
        second={
            "tags": ["changed", "project"],
            "services": ["ecs-tasks.amazonaws.com", "airflow.amazonaws.com"],
            "session": 7200,
            "bounded": True,
            "audiences": ["other", "sts.amazonaws.com"],
            "secret": ("dbt/login", "new"),
            "values": [],
            "topic": "new",
        },
        in_place=words(
            """
            Policy/ceiling OpenIdConnectProvider/gitlab
            Role/task RolePolicy/task Secret/login SecretPolicy/login Topic/alerts TopicPolicy/alerts
            """
        ),
        replaced=words(
            """
            Policy/ceiling OpenIdConnectProvider/gitlab
            Role/task RolePolicy/task RolePolicyAttachment/task Secret/login SecretPolicy/login Topic/alerts TopicPolicy/alerts
            TopicSubscription/mail
            """
        ),
    ),
    "compute": Life(
        program=programs.compute,
        look=look_at_compute,
        first={
            "tags": ["project"],
            "mutability": "IMMUTABLE",
            "scan": True,
            "size": ("512", "1024"),
            "stop": 120,
            "logs": [(7, False)],
            "insights": [{"name": "containerInsights", "value": "enabled"}],
        },
        second={
            "tags": ["changed", "project"],
            "mutability": "MUTABLE",
            "scan": False,
            "size": ("512", "1024"),
            "stop": 120,
            "logs": [(30, True)],
            "insights": [{"name": "containerInsights", "value": "disabled"}],
        },
        in_place=words(
            "Repository/dbt RepositoryPolicy/dbt Cluster/dbt ClusterCapacityProviders/dbt LogGroup/sales TaskDefinition/sales"
        ),
        replaced=words(
            """
            Repository/dbt RepositoryPolicy/dbt LifecyclePolicy/dbt Cluster/dbt ClusterCapacityProviders/dbt LogGroup/sales
            TaskDefinition/sales
            """
        ),
    ),
}


@pytest.mark.parametrize("name", LIVES)
def test_resources_are_made_changed_replaced_and_deleted(new_stack, emulator, name):
    """The whole promise of the sandbox: what `pulumi up` says, AWS has."""
    stack, life = new_stack(name), LIVES[name]

    made = up(stack, lambda: life.program(1))
    assert life.look(emulator, made.outputs) == life.first
    unchanged(stack, lambda: life.program(1))

    changed = up(stack, lambda: life.program(2))
    assert (changed["update"], changed["replace"]) == (life.in_place, set())
    assert life.look(emulator, changed.outputs) == life.second
    unchanged(stack, lambda: life.program(2))

    replaced = up(stack, lambda: life.program(3))
    assert replaced["replace"] == life.replaced

    stack.destroy()
    assert what_is_left(emulator) == {}


@contextlib.contextmanager
def bad_day(emulator: Account, fault: str, share: float, *services: str) -> Iterator[None]:
    """AWS fails, always in the same way."""
    give_order(emulator.endpoint, {"fault": fault, "share": share, "services": list(services), "seed": 5})
    try:
        yield
    finally:
        give_order(emulator.endpoint, {})


def test_a_deployment_gets_through_bad_days(new_stack, emulator):
    """Throttled, with errors, dropped connections, late or slow: nothing is lost and nothing doubled."""
    stack, life = new_stack("bad-days"), LIVES["identity"]

    with bad_day(emulator, "late", 1.0):
        made = up(stack, lambda: life.program(1))
    assert life.look(emulator, made.outputs) == life.first
    with bad_day(emulator, "throttle", 0.1):
        changed = up(stack, lambda: life.program(2))
    assert life.look(emulator, changed.outputs) == life.second
    with bad_day(emulator, "error", 0.1):
        unchanged(stack, lambda: life.program(2))
    with bad_day(emulator, "slow", 0.03):
        replaced = up(stack, lambda: life.program(3))
    assert replaced["replace"] == life.replaced
    with bad_day(emulator, "drop", 0.1):
        stack.destroy()

    assert what_is_left(emulator) == {}


def test_a_deployment_that_can_not_go_on_says_why_and_goes_on_later(new_stack, emulator):
    """A service of the region is down, or the log-in ran out: the next `pulumi up` makes what is not there, and that only."""
    stack, life = new_stack("worst-days", maxRetries=2), LIVES["identity"]

    with bad_day(emulator, "down", 1.0, "sns"), pytest.raises(automation.CommandError, match="ServiceUnavailable"):
        up(stack, lambda: life.program(1))
    roles = what_is_left(emulator)["role"]
    with bad_day(emulator, "expired", 1.0), pytest.raises(automation.CommandError, match="expired"):
        up(stack, lambda: life.program(1))

    made = up(stack, lambda: life.program(1))
    assert life.look(emulator, made.outputs) == life.first
    assert what_is_left(emulator)["role"] == roles
    unchanged(stack, lambda: life.program(1))


def role_alone() -> None:
    aws.iam.Role("lost", assume_role_policy=trust("ecs-tasks.amazonaws.com"))


def test_a_deployment_after_one_whose_first_answer_was_lost_makes_what_it_knows_nothing_of(new_stack, emulator):
    """IAM has no tokens: the client's second call finds the role there. As in AWS the deployment says so, the next makes a role
    under another automatic name, and what nobody wrote down stays.
    """
    stack, iam = new_stack("lost"), emulator.client("iam")
    give_order(emulator.endpoint, first_answer_lost("iam"))
    try:
        with pytest.raises(automation.CommandError, match="EntityAlreadyExists"):
            up(stack, role_alone)
    finally:
        give_order(emulator.endpoint, {})

    made = up(stack, role_alone)

    assert made["create"] == {"Role/lost"}
    names = [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("lost-")]
    assert len(names) == 2
    stack.destroy()
    [left] = [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("lost-")]
    iam.delete_role(RoleName=left)


def bucket_and_logs() -> None:
    bucket = aws.s3.Bucket("drift", tags={"owner": "sales"})
    logs = aws.cloudwatch.LogGroup("drift", retention_in_days=7)
    pulumi.export("bucket", bucket.id)
    pulumi.export("logs", logs.name)


def test_what_was_changed_behind_its_back_is_found_and_mended(new_stack, emulator):
    """Someone clicks in the console; the next deployment must show it and put it right."""
    stack = new_stack("drift")
    outputs = up(stack, bucket_and_logs).outputs
    s3, logs = emulator.client("s3"), emulator.client("logs")

    s3.put_bucket_tagging(Bucket=outputs["bucket"], Tagging={"TagSet": [{"Key": "owner", "Value": "nobody"}]})
    logs.put_retention_policy(logGroupName=outputs["logs"], retentionInDays=30)
    mended = up(stack, bucket_and_logs, refresh=True)

    assert mended["update"] == {"Bucket/drift", "LogGroup/drift"}
    assert {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=outputs["bucket"])["TagSet"]} == {
        "owner": "sales",
        "project": "dbt",
    }
    assert logs.describe_log_groups(logGroupNamePrefix=outputs["logs"])["logGroups"][0]["retentionInDays"] == 7


def test_what_was_deleted_behind_its_back_is_made_again(new_stack, emulator):
    stack = new_stack("deleted")
    emulator.client("s3").delete_bucket(Bucket=up(stack, bucket_and_logs).outputs["bucket"])

    made = up(stack, bucket_and_logs, refresh=True)

    assert made["create"] == {"Bucket/drift"}


def test_a_new_default_tag_reaches_everything_in_place(new_stack):
    """A cost centre that is missing on half of the resources is missing on the bill."""
    stack = new_stack("default-tags")
    up(stack, bucket_and_logs)
    new_stack("default-tags", defaultTags={"tags": {"project": "dbt", "cost-center": "42"}})

    changed = up(stack, bucket_and_logs)

    assert (changed["update"], changed["replace"]) == ({"Bucket/drift", "LogGroup/drift"}, set())
    unchanged(stack, bucket_and_logs)


def test_a_bucket_with_contents_is_not_deleted_unless_it_says_so(new_stack, emulator):
    """`pulumi destroy` must not take the artifacts of a year with it."""
    stack = new_stack("full")
    bucket = up(stack, bucket_and_logs).outputs["bucket"]
    s3 = emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="artifact", Body=b"")

    with pytest.raises(automation.CommandError, match="aws:s3/bucket:Bucket DeleteBucket: BucketNotEmpty"):
        stack.destroy()

    s3.delete_object(Bucket=bucket, Key="artifact")


def test_the_wrong_account_is_refused_before_anything_is_made(new_stack, emulator):
    """A production stack against the development account."""
    stack = new_stack("account", allowedAccountIds=["999999999999"])

    with pytest.raises(automation.CommandError, match=f"999999999999, but the credentials are of account {emulator.id}"):
        preview(stack, bucket_and_logs)


def test_a_type_that_is_not_modelled_fails_the_preview(new_stack):
    """The alternative is a stack that works here and has never been tried."""

    def queue() -> None:
        aws.sqs.Queue("queue")

    with pytest.raises(automation.CommandError, match="does not model the resource type aws:sqs/queue:Queue"):
        preview(new_stack("unknown-type"), queue)


def test_a_wrong_value_fails_the_preview_with_its_place(new_stack):
    def program() -> None:
        aws.cloudwatch.LogGroup("logs", retention_in_days=10)

    with pytest.raises(automation.CommandError, match=r"retentionInDays.*10 is not one of 0, 1, 3"):
        preview(new_stack("wrong-value"), program)


def test_airflow_is_waited_for_when_it_is_made_and_changed(new_stack, emulator):
    """Before it is available, its address answers nobody and its DAGs are not there."""
    stack, mwaa = new_stack("orchestration"), emulator.client("mwaa")

    made = up(stack, lambda: programs.orchestration(1)).outputs
    environment = mwaa.get_environment(Name=made["environment"])["Environment"]
    assert (environment["Status"], environment["WebserverUrl"]) == ("AVAILABLE", made["url"])
    assert environment["RequirementsS3ObjectVersion"] == made["requirementsVersion"]
    unchanged(stack, lambda: programs.orchestration(1))

    changed = up(stack, lambda: programs.orchestration(2))
    environment = mwaa.get_environment(Name=made["environment"])["Environment"]
    assert changed["update"] == {"BucketObjectv2/requirements", "Environment/airflow"}
    assert environment["Status"] == "AVAILABLE"
    assert (environment["MaxWorkers"], environment["Tags"]) == (5, {"project": "dbt", "changed": "yes"})
    assert environment["RequirementsS3ObjectVersion"] == changed.outputs["requirementsVersion"]

    rolled_back = up(stack, lambda: programs.orchestration(3))
    environment = mwaa.get_environment(Name=made["environment"])["Environment"]
    assert (environment["Status"], environment["LastUpdate"]["Status"]) == ("AVAILABLE", "FAILED"), "a success, to the provider"
    assert rolled_back.outputs["requirementsOfAirflow"] == changed.outputs["requirementsVersion"]
    assert "NoSuchVersion" in rolled_back.outputs["lastUpdate"]["errors"][0]["errorMessage"]

    stack.destroy()
    assert what_is_left(emulator) == {}


def test_an_airflow_that_fails_says_why_and_is_not_forgotten(new_stack, emulator):
    """An environment takes minutes; what goes wrong in it must be read where `pulumi up` was run."""
    stack = new_stack("failing-orchestration")

    with pytest.raises(
        automation.CommandError, match=r"unexpected state 'CREATE_FAILED'.*: INCORRECT_CONFIGURATION: .*NoSuchVersion"
    ):
        up(stack, lambda: programs.orchestration(3))
    assert len(what_is_left(emulator)["environment"]) == 1

    stack.destroy()
    assert what_is_left(emulator) == {}

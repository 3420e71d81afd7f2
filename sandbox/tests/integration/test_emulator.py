"""The AWS emulator: what tasks, roles and environments do in AWS, they do here."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import docker
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.docker_engine import bridge_gateway
from sandbox.docker_leftovers import references
from sandbox.emulator.faults import give_order
from sandbox.network import answers, wait_until
from sandbox.processes import stop
from sandbox.testing.account import ARCHITECTURE, GROUP, REGION, Account, account, policy

CREDENTIALS = """
import json, os, urllib.request
urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_ministack/health")
names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
print(json.dumps({name.lower(): os.environ[name] for name in names}))
"""
"""Shows that the task reaches the emulator, and who it is there."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account in which tasks can run."""
    with account(tmp_path_factory.mktemp("emulator")) as made:
        made.furnish()
        yield made


@pytest.fixture
def bucket(cloud: Account) -> str:
    name = f"bucket-{time.monotonic_ns()}"
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def test_a_task_may_do_what_its_role_allows_and_no_more(cloud: Account, bucket: str):
    """A role that is too narrow would show only in production; one that is too wide nowhere."""
    role = cloud.role(policy(("s3:PutObject", f"arn:aws:s3:::{bucket}/sales/*")))

    _, output = cloud.run(f"python3 -c '{CREDENTIALS}'", task=role)

    credentials = json.loads(output[-1])
    assert cloud.client("sts", credentials).get_caller_identity()["Arn"].split("/")[1] == role.rpartition("/")[2]
    s3 = cloud.client("s3", credentials)
    s3.put_object(Bucket=bucket, Key="sales/manifest.json", Body=b"{}")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="finance/manifest.json", Body=b"{}")


def test_a_role_that_does_not_trust_ecs_stops_the_task(cloud: Account):
    """A wrong trust policy is found by `make demo`, not by the first run in AWS."""
    task, _ = cloud.run("true", task=cloud.role(policy(), "lambda.amazonaws.com"))

    assert "unable to assume the role" in task["stoppedReason"]


def test_a_secret_reaches_the_container(cloud: Account):
    """Without it dbt can't log in."""
    task, output = cloud.run(
        "echo $SNOWFLAKE_USER", secrets=[{"name": "SNOWFLAKE_USER", "valueFrom": f"{cloud.facts['secret']}:user::"}]
    )

    assert (task["containers"][0]["exitCode"], output) == (0, ["DBT"])


def _unfit_secrets(cloud: Account) -> dict[str, tuple[dict[str, Any], str]]:
    empty = cloud.client("secretsmanager").create_secret(Name=f"empty-{time.monotonic_ns()}")["ARN"]
    reader = cloud.role(policy(("secretsmanager:GetSecretValue", "*"), (["ecr:*", "logs:*"], "*")))
    blind = cloud.execution_role(without="secretsmanager:GetSecretValue")
    return {
        "key": ({"valueFrom": f"{cloud.facts['secret']}:nope::"}, cloud.facts["execution"]),
        "value": ({"valueFrom": f"{empty}:user::"}, reader),
        "permission": ({"valueFrom": f"{cloud.facts['secret']}:user::"}, blind),
    }


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("key", "did not contain json key nope"),
        ("value", "can't find the specified secret value for staging label: AWSCURRENT"),
        ("permission", "not authorized to perform: secretsmanager:GetSecretValue"),
    ],
)
def test_a_task_does_not_start_without_its_secret(cloud: Account, missing: str, reason: str):
    """dbt would start without a password and hang or fail with a riddle."""
    secret, execution = _unfit_secrets(cloud)[missing]

    task, output = cloud.run("echo ran", execution=execution, secrets=[{"name": "SECRET", **secret}])

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert reason in task["stoppedReason"]
    assert output == []


def test_a_task_does_not_start_without_its_log_group(cloud: Account):
    """It would run, and nobody could ever read why it failed."""
    options = {"awslogs-group": "/missing", "awslogs-region": REGION, "awslogs-stream-prefix": "test"}
    execution = cloud.role(policy((["ecr:*", "logs:*"], "*")))

    task, _ = cloud.run("true", execution=execution, logConfiguration={"logDriver": "awslogs", "options": options})

    assert "failed to create Cloudwatch log stream: ResourceNotFoundException" in task["stoppedReason"]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("ecr:GetAuthorizationToken", "ResourceInitializationError"),
        ("ecr:BatchGetImage", "CannotPullContainerError"),
        ("logs:CreateLogStream", "ResourceInitializationError"),
    ],
)
def test_the_execution_role_needs_each_permission(cloud: Account, action: str, error: str):
    """A policy that lacks one passes every preview and fails the first run."""
    task, _ = cloud.run("true", execution=cloud.execution_role(without=action))

    assert task["stoppedReason"].startswith(error)
    assert f"not authorized to perform: {action}" in task["stoppedReason"]


def test_no_line_of_output_is_lost(cloud: Account):
    """The last lines say what failed."""
    _, output = cloud.run("for i in $(seq 300); do echo line $i; done; printf end; exit 1")

    assert output == [*(f"line {number}" for number in range(1, 301)), "end"]


def test_the_root_file_system_is_read_only_and_the_declared_volume_is_writable(cloud: Account):
    """An image that forgets VOLUME or the owner works nowhere in AWS."""
    mounts = [{"sourceVolume": name, "containerPath": f"/{name}"} for name in ("declared", "undeclared")]

    _, output = cloud.run(
        "for f in /root.txt /declared/a /undeclared/a; do touch $f 2>/dev/null && echo yes $f || echo no $f; done",
        readonlyRootFilesystem=True,
        mountPoints=mounts,
    )

    assert output == ["no /root.txt", "yes /declared/a", "no /undeclared/a"]


@pytest.mark.parametrize(("trap", "code"), [("exit 143", 143), (":", 137)], ids=["heeds", "ignores"])
def test_stopping_a_task_gives_it_its_stop_timeout(cloud: Account, trap: str, code: int):
    """A run that is cancelled uploads its artifacts in that time; a run that hangs ends all the same."""
    command = f"trap '{trap}' TERM; echo ready; while :; do sleep 0.1; done"
    task = cloud.start(cloud.define(command, stopTimeout=3))
    assert wait_until(lambda: cloud.output(task) == ["ready"], 60)
    with pytest.raises(ClientError, match="ClusterContainsTasksException"):
        cloud.client("ecs").delete_cluster(cluster=cloud.facts["cluster"])
    begin = time.monotonic()

    answer = cloud.client("ecs").stop_task(cluster=cloud.facts["cluster"], task=task, reason="test")["task"]

    assert (answer["lastStatus"], answer["desiredStatus"]) == ("RUNNING", "STOPPED")
    ended = cloud.stopped(task)
    assert (ended["containers"][0]["exitCode"], ended["stopCode"], ended["stoppedReason"]) == (code, "UserInitiated", "test")
    assert (2.5 if code == 137 else 0) < time.monotonic() - begin < 25


def test_a_task_runs_the_digest_that_its_definition_pins(cloud: Account):
    """What was tested is what runs, whatever the tag says by now."""
    task, _ = cloud.run("true")

    assert task["containers"][0]["imageDigest"] == cloud.facts["image"].partition("@")[2]


def test_a_task_that_needs_too_much_memory_says_so(cloud: Account):
    """The fix is `memory` in the configuration, which exit code 137 alone does not tell."""
    task, _ = cloud.run("python3 -c 'bytearray(1 << 30)'")

    assert task["containers"][0]["reason"].startswith("OutOfMemoryError")


def test_tasks_leave_nothing_behind(cloud: Account):
    """Volumes and containers would fill the disk run by run."""
    cloud.run("true", mountPoints=[{"sourceVolume": "declared", "containerPath": "/declared"}])

    assert cloud.leftovers() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cpu": "256", "memory": "4096"}, "No Fargate configuration exists"),
        ({"networkMode": "bridge"}, "awsvpc"),
    ],
)
def test_a_task_definition_that_fargate_refuses_is_refused(cloud: Account, options: dict[str, Any], message: str):
    """It would deploy here and fail in AWS."""
    definition = {
        "family": "refused",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": cloud.facts["execution"],
        "containerDefinitions": [{"name": "dbt", "image": "x"}],
    }

    with pytest.raises(ClientError, match=message):
        cloud.client("ecs").register_task_definition(**{**definition, **options})


def test_what_the_sandbox_does_not_play_may_be_defined_and_not_run(cloud: Account):
    """A program that AWS takes is deployed here too; run without its health check, the task would be another one."""
    definition = cloud.define("true", healthCheck={"command": ["CMD-SHELL", "true"]})

    with pytest.raises(ClientError, match="does not model healthCheck"):
        cloud.start(definition)


def test_tasks_are_listed_by_who_started_them_and_by_nothing_else(cloud: Account):
    """A look for a former container that works here would fail every run on AWS."""
    listed = {"cluster": cloud.facts["cluster"], "startedBy": "run-1"}

    assert cloud.client("ecs").list_tasks(**listed)["taskArns"] == []
    with pytest.raises(ClientError, match=r"InvalidParameterException.*cannot specify startedBy with other arguments"):
        cloud.client("ecs").list_tasks(**listed, desiredStatus="STOPPED")


def test_a_task_whose_start_is_not_answered_runs_once(cloud: Account):
    """The client asks again with its token. Two containers of a workstream would write its tables at once."""
    ecs = boto3.client(
        "ecs",
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id=cloud.id,
        aws_secret_access_key=cloud.secret_key,
        config=Config(retries={"mode": "standard", "max_attempts": 20}),
    )
    started = {"cluster": cloud.facts["cluster"], "startedBy": "unanswered"}
    network = {"awsvpcConfiguration": cloud.facts["network"]}
    definition = cloud.define("true")
    # With this seed the answers to the first two calls are lost.
    give_order(cloud.endpoint, {"fault": "lost", "share": 0.7, "services": ["ecs"], "seed": 11})
    try:
        [made] = ecs.run_task(taskDefinition=definition, launchType="FARGATE", networkConfiguration=network, **started)["tasks"]
    finally:
        give_order(cloud.endpoint, {})

    cloud.stopped(made["taskArn"])
    assert tasks_of(cloud, "unanswered") == [made["taskArn"]]


def tasks_of(cloud: Account, started_by: str) -> list[str]:
    """All that there were; of a hundred at most, which is what one call describes."""
    ecs, cluster = cloud.client("ecs"), cloud.facts["cluster"]
    every = [
        task for status in ("RUNNING", "STOPPED") for task in ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    ]
    found = ecs.describe_tasks(cluster=cluster, tasks=every[-100:])["tasks"]
    return [task["taskArn"] for task in found if task.get("startedBy") == started_by]


def test_a_task_runs_on_a_capacity_provider_of_its_cluster_only(cloud: Account):
    """Spot that works here and is refused by AWS would be found out at night."""
    definition, spot = cloud.define("true"), [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    providers = {"cluster": cloud.facts["cluster"], "defaultCapacityProviderStrategy": []}

    with pytest.raises(ClientError, match="capacity provider was not found"):
        cloud.start(definition, capacityProviderStrategy=spot)

    cloud.client("ecs").put_cluster_capacity_providers(**providers, capacityProviders=["FARGATE", "FARGATE_SPOT"])
    task = cloud.stopped(cloud.start(definition, capacityProviderStrategy=spot))
    cloud.client("ecs").put_cluster_capacity_providers(**providers, capacityProviders=[])

    assert (task["capacityProviderName"], task["launchType"]) == ("FARGATE_SPOT", "FARGATE")


def test_an_image_for_another_architecture_does_not_start(cloud: Account):
    """The fix is the workstream's `architecture`; Fargate says so, and no emulation hides it here."""
    other = "ARM64" if ARCHITECTURE == "X86_64" else "X86_64"
    task, _ = cloud.run("true", architecture=other)

    assert task["stoppedReason"].startswith("CannotPullContainerError")
    assert "does not contain descriptor matching platform" in task["stoppedReason"]


def test_running_a_task_needs_permission_for_its_definition_and_to_pass_its_roles(cloud: Account):
    """Airflow's role may start our tasks with our roles, and nobody else's."""
    definition = cloud.define("true")
    run = ("ecs:RunTask", f"arn:aws:ecs:{REGION}:{cloud.id}:task-definition/test:*")
    passing = ("iam:PassRole", [cloud.facts["execution"], cloud.facts["task"]])

    with pytest.raises(ClientError, match="ecs:RunTask"):
        cloud.start(definition, cloud.session(policy(passing)))
    with pytest.raises(ClientError, match="iam:PassRole"):
        cloud.start(definition, cloud.session(policy(run)))
    assert cloud.stopped(cloud.start(definition, cloud.session(policy(run, passing))))


def test_reading_a_log_stream_needs_permission_for_its_group(cloud: Account):
    """Airflow shows the output of our tasks, and of no other group."""
    cloud.client("logs").create_log_group(logGroupName="/other")
    logs = cloud.client(
        "logs", cloud.session(policy(("logs:DescribeLogStreams", f"arn:aws:logs:{REGION}:{cloud.id}:log-group:{GROUP}:*")))
    )

    assert "logStreams" in logs.describe_log_streams(logGroupName=GROUP)
    with pytest.raises(ClientError, match="AccessDenied"):
        logs.describe_log_streams(logGroupName="/other")


def test_requests_count_as_sent_over_tls(cloud: Account, bucket: str):
    """Our buckets refuse plain HTTP: without this nothing could be read from them here."""
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}", "Condition": condition}
    cloud.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    s3 = cloud.client("s3", cloud.session(policy(("s3:ListBucket", "*"))))

    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_policy_that_names_roles_by_path_sees_the_role_behind_a_session(cloud: Account):
    """The secret's own policy refuses everybody but the execution roles, by their path."""
    condition = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{cloud.id}:role/readers/*"}}
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": condition,
    }
    secrets = cloud.client("secretsmanager")
    arn = secrets.create_secret(Name=f"guarded-{time.monotonic_ns()}", SecretString="{}")["ARN"]
    secrets.put_resource_policy(SecretId=arn, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    reading = policy(("secretsmanager:GetSecretValue", arn))

    reader, other = (cloud.client("secretsmanager", cloud.session(reading, path=path)) for path in ("/readers/", "/"))

    assert reader.get_secret_value(SecretId=arn)["SecretString"] == "{}"
    with pytest.raises(ClientError, match="explicit deny"):
        other.get_secret_value(SecretId=arn)


def _listened_to(cloud: Account, topic: str) -> str:
    """URL of a queue that gets what is published to a topic."""
    sqs, name = cloud.client("sqs"), f"queue-{time.monotonic_ns()}"
    arn = f"arn:aws:sqs:{REGION}:{cloud.id}:{name}"
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": document})["QueueUrl"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _received(cloud: Account, queue: str) -> bool:
    return bool(cloud.client("sqs").receive_message(QueueUrl=queue).get("Messages"))


@pytest.mark.parametrize("named", ["", "999999999999"], ids=["ours", "a stranger's"])
def test_an_alarm_reaches_a_topic_that_lets_it(cloud: Account, named: str):
    """With a topic policy that is wrong an alarm is silent: here it shows before AWS does not say so."""
    topic = cloud.client("sns").create_topic(Name=f"topic-{time.monotonic_ns()}")["TopicArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"StringEquals": {"aws:SourceAccount": named or cloud.id}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    queue, cloudwatch, name = _listened_to(cloud, topic), cloud.client("cloudwatch"), f"alarm-{time.monotonic_ns()}"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmActions=[topic],
        Namespace="test",
        MetricName="test",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )

    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    assert _received(cloud, queue) is (named == "")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_rule_reaches_a_topic_if_its_role_may_publish(cloud: Account, allowed: bool):
    """A rule whose role lacks the permission tells nobody, and nobody that it could not."""
    topic = cloud.client("sns").create_topic(Name=f"topic-{time.monotonic_ns()}")["TopicArn"]
    role = cloud.role(policy(("sns:Publish", topic)) if allowed else policy(), "events.amazonaws.com")
    queue, events, name = _listened_to(cloud, topic), cloud.client("events"), f"rule-{time.monotonic_ns()}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "topic", "Arn": topic, "RoleArn": role}])

    events.put_events(Entries=[{"Source": name, "DetailType": "test", "Detail": "{}"}])

    assert _received(cloud, queue) is allowed


def test_a_budget_is_made_and_seen_with_permissions_of_other_names(cloud: Account):
    """There is no `budgets:CreateBudget`: a policy with it would work here and fail in AWS."""
    arn = f"arn:aws:budgets::{cloud.id}:budget/ours"
    request = {
        "AccountId": cloud.id,
        "Budget": {
            "BudgetName": "ours",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
        },
    }
    maker, seer, lost = (
        cloud.client("budgets", cloud.session(policy((action, arn))))
        for action in ("budgets:ModifyBudget", "budgets:ViewBudget", "budgets:CreateBudget")
    )

    maker.create_budget(**request)

    assert seer.describe_budget(AccountId=cloud.id, BudgetName="ours")["Budget"]["BudgetType"] == "COST"
    with pytest.raises(ClientError, match="budgets:ModifyBudget"):
        lost.create_budget(**request)


def test_encrypted_data_needs_its_key_too(cloud: Account, bucket: str):
    """A role without kms:Decrypt passes every preview, and every test that does not ask for the key."""
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    root = cloud.client("s3")
    root.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    root.put_object(Bucket=bucket, Key="data", Body=b"1")
    data = (["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*")

    bare, full = (
        cloud.client("s3", cloud.session(policy(data, *more))) for more in ([], [(["kms:Decrypt", "kms:GenerateDataKey"], key)])
    )

    with pytest.raises(ClientError, match=r"AccessDenied.*kms:Decrypt"):
        bare.get_object(Bucket=bucket, Key="data")
    with pytest.raises(ClientError, match=r"AccessDenied.*kms:GenerateDataKey"):
        bare.put_object(Bucket=bucket, Key="data", Body=b"2")
    full.put_object(Bucket=bucket, Key="data", Body=b"2")
    assert full.get_object(Bucket=bucket, Key="data")["Body"].read() == b"2"


@pytest.mark.parametrize(
    ("service", "make", "needed"),
    [
        ("secretsmanager", lambda client, key: client.create_secret(Name="ours", KmsKeyId=key), "kms:GenerateDataKey kms:Decrypt"),
        (
            "ecr",
            lambda client, key: client.create_repository(
                repositoryName="ours", encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key}
            ),
            "kms:DescribeKey kms:CreateGrant",
        ),
    ],
)
def test_who_makes_what_a_key_encrypts_needs_that_key(
    cloud: Account, service: str, make: Callable[[Any, str], object], needed: str
):
    """The services use the key in the maker's name: a pipeline's role without it would deploy here and not in AWS."""
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    own = ([f"{service}:*"], "*")

    for lacking in needed.split():
        rest = [action for action in needed.split() if action != lacking]
        with pytest.raises(ClientError, match=f"AccessDenied.*{lacking}"):
            make(cloud.client(service, cloud.session(policy(own, (rest, key)))), key)
    make(cloud.client(service, cloud.session(policy(own, (needed.split(), key)))), key)


def test_the_emulator_listens_only_where_it_was_told(cloud: Account):
    """Anybody in the network could use it otherwise: its root key is no secret to them."""
    listening = psutil.Process(cloud.process.pid).net_connections(kind="tcp")

    addresses = {connection.laddr.ip for connection in listening if connection.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1", bridge_gateway()}


def test_an_emulator_that_ends_takes_its_tasks_along_and_no_other_emulators(cloud: Account, tmp_path):
    """`make demo-down` leaves nothing, and does not touch the sandbox of another checkout."""
    sleep = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
    theirs = cloud.start(cloud.define(sleep))
    with account(tmp_path) as other:
        other.furnish()
        task = other.start(other.define(sleep, mountPoints=[{"sourceVolume": "declared", "containerPath": "/declared"}]))
        for place, running in ((cloud, theirs), (other, task)):
            assert wait_until(lambda place=place, running=running: place.describe(running)["lastStatus"] == "RUNNING", 60)

        stop(other.process, seconds=30)

        assert other.leftovers() == []
        assert not [name for name in references() if f":{other.port}/" in name]
    assert cloud.describe(theirs)["lastStatus"] == "RUNNING"
    cloud.client("ecs").stop_task(cluster=cloud.facts["cluster"], task=theirs)
    cloud.stopped(theirs)


def _environment(cloud: Account, bucket: str, role: str) -> str:
    name = f"airflow-{time.monotonic_ns()}"
    cloud.client("logs").create_log_group(logGroupName=f"airflow-{name}-Scheduler")
    network = cloud.facts["network"]
    cloud.client("mwaa").create_environment(
        Name=name,
        AirflowVersion="3.3.1",
        DagS3Path="dags",
        ExecutionRoleArn=role,
        SourceBucketArn=f"arn:aws:s3:::{bucket}",
        NetworkConfiguration={"SubnetIds": network["subnets"], "SecurityGroupIds": network["securityGroups"]},
        LoggingConfiguration={"SchedulerLogs": {"Enabled": True, "LogLevel": "INFO"}},
    )
    return name


def _settled(cloud: Account, name: str) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        return cloud.client("mwaa").get_environment(Name=name)["Environment"]

    # Longer than the emulator itself waits for Airflow, so that a failure comes with its reason.
    assert wait_until(lambda: read()["Status"] not in ("CREATING", "UPDATING", "ROLLING_BACK"), 660), read()
    return read()


def test_an_airflow_environment_runs_the_dags_of_its_bucket(cloud: Account, bucket: str):
    """The real Airflow, with the bucket's files of now: new, changed and deleted ones."""
    s3, mwaa = cloud.client("s3"), cloud.client("mwaa")
    for key in ("dags/kept.py", "dags/config/sales.json", "dags/config/gone.json", "other.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    allowed = policy((["s3:GetObject*", "s3:ListBucket", "logs:CreateLogStream", "logs:PutLogEvents"], "*"))

    name = _environment(cloud, bucket, cloud.role(allowed, "airflow.amazonaws.com", "airflow-env.amazonaws.com"))

    environment = _settled(cloud, name)
    assert environment["Status"] == "AVAILABLE", environment
    assert answers(f"http://{environment['WebserverUrl']}/api/v2/version")
    assert mwaa.invoke_rest_api(Name=name, Path="/version", Method="GET")["RestApiResponse"]["version"] == "3.3.1"
    with pytest.raises(mwaa.exceptions.RestApiClientException) as refused:
        mwaa.invoke_rest_api(Name=name, Path="/dags/none", Method="GET")
    assert refused.value.response["RestApiStatusCode"] == 404
    with pytest.raises(mwaa.exceptions.ValidationException, match="wants 1 to 64"):
        mwaa.invoke_rest_api(Name=name, Path=f"/dags/{'a' * 64}", Method="GET")
    container = docker.from_env().containers.get(f"mwaa-{cloud.sandbox_id}-{name}")

    def files() -> dict[str, str]:
        _, found = container.exec_run(["find", "/opt/airflow/dags", "-type", "f", "-printf", "%P %T@\n"])
        lines = cast("bytes", found).decode().splitlines()
        return {path: changed for path, changed in (line.split() for line in lines) if "__pycache__" not in path}

    before = files()
    assert set(before) == {"kept.py", "config/sales.json", "config/gone.json"}
    s3.put_object(Bucket=bucket, Key="dags/config/sales.json", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="dags/config/gone.json")
    assert wait_until(lambda: set(files()) == {"kept.py", "config/sales.json"}, 120)
    after = files()
    assert after["kept.py"] == before["kept.py"]
    assert after["config/sales.json"] != before["config/sales.json"]

    def written() -> list[int]:
        streams = cloud.client("logs").describe_log_streams(logGroupName=f"airflow-{name}-Scheduler")["logStreams"]
        return [stream["lastEventTimestamp"] for stream in streams if "lastEventTimestamp" in stream]

    def restarted() -> int:
        container.reload()
        return container.attrs["RestartCount"]

    assert written(), "the scheduler's output is not in its log group"
    container.exec_run(["sh", "-c", "kill 1"])

    # What ends in an environment of AWS is started again, where it was.
    assert wait_until(restarted, 60)
    restarted_at = time.time() * 1000
    assert wait_until(lambda: answers(f"http://{environment['WebserverUrl']}/api/v2/version"), 600)
    assert wait_until(lambda: max(written()) > restarted_at, 60)

    mwaa.delete_environment(Name=name)

    assert wait_until(lambda: name not in mwaa.list_environments()["Environments"], 120)
    assert cloud.leftovers() == []


def test_an_airflow_environment_whose_role_may_not_read_the_bucket_fails(cloud: Account, bucket: str):
    """In AWS it fails after half an hour."""
    role = cloud.role(policy(), "airflow.amazonaws.com", "airflow-env.amazonaws.com")

    name = _environment(cloud, bucket, role)

    environment = _settled(cloud, name)
    assert environment["Status"] == "CREATE_FAILED"
    assert "s3:ListBucket" in environment["LastUpdate"]["Error"]["ErrorMessage"]
    cloud.client("mwaa").delete_environment(Name=name)

"""An emulator process of a test's own, and an AWS account in it in which tasks can run."""

import base64
import contextlib
import io
import json
import platform
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import docker
from botocore.config import Config

from sandbox import airflow, base, emulator
from sandbox.docker_engine import bridge_gateway
from sandbox.docker_leftovers import labelled, remove_leftovers
from sandbox.emulator.process import start as start_emulator
from sandbox.network import free_port, wait_until
from sandbox.paths import CACHE
from sandbox.processes import stop
from sandbox.state import LABEL, Process
from sandbox.virtualenvs import ensure_virtualenv

REGION = "eu-west-1"
GROUP = "/dbt/test"
USER = "50000"
ARCHITECTURE = {"x86_64": "X86_64", "aarch64": "ARM64"}[platform.machine()]
"""Of this machine, as ECS calls it: of the images that are built here."""

DOCKERFILE = """
FROM {base}
RUN useradd --uid 50000 dbt && install -d -o dbt /declared /undeclared
VOLUME /declared
"""


def policy(*statements: tuple[str | list[str], str | list[str]]) -> str:
    """A policy that allows each pair of actions and resources; with none, one that changes nothing."""
    statements = statements or (("sts:GetCallerIdentity", "*"),)
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def trust(*services: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Account:
    """One emulator and the account that it answers for."""

    id: str
    port: int
    process: Process
    sandbox_id: str
    secret_key: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, credentials: dict[str, str] | None = None) -> Any:
        """A client of the root user, or of a role's session."""
        root = {"aws_access_key_id": self.id, "aws_secret_access_key": self.secret_key}
        config = Config(retries={"max_attempts": 0}, inject_host_prefix=False)
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, config=config, **(credentials or root))

    def role(self, document: str, *services: str) -> str:
        """The ARN of a new role that AWS services may assume."""
        iam, name = self.client("iam"), f"role-{secrets.token_hex(4)}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(*services or ("ecs-tasks.amazonaws.com",)))["Role"][
            "Arn"
        ]
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
        return arn

    def session(self, document: str, path: str = "/") -> dict[str, str]:
        """Credentials of a caller who may do what `document` says."""
        iam, name = self.client("iam"), f"caller-{secrets.token_hex(4)}"
        principal = {"AWS": f"arn:aws:iam::{self.id}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        trusted = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
        made = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }

    def registry_credentials(self, credentials: dict[str, str] | None = None) -> dict[str, str]:
        """The root user's log-in at ECR, or that of a role's session, as Docker's client takes it."""
        token = self.client("ecr", credentials).get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        return {"username": user, "password": password}

    def furnish(self) -> None:
        """What tasks need: a network, a cluster, a log group, a secret, an image in ECR and roles."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        group = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        self.client("logs").create_log_group(logGroupName=GROUP)
        document = json.dumps({"user": "DBT", "private_key": "secret-value"})
        secret = self.client("secretsmanager").create_secret(Name="snowflake", SecretString=document)["ARN"]
        self.facts = {
            "network": {"subnets": subnets, "securityGroups": [group]},
            "cluster": self.client("ecs").create_cluster(clusterName="test")["cluster"]["clusterArn"],
            "secret": secret,
            "image": self._push("tasks"),
        }
        self.facts["execution"] = self.execution_role()
        self.facts["task"] = self.role(policy())

    def _push(self, repository: str) -> str:
        """The URI, by digest, of an image that only the emulator's ECR has."""
        daemon = docker.from_env()
        uri = self.client("ecr").create_repository(repositoryName=repository)["repository"]["repositoryUri"]
        dockerfile = DOCKERFILE.format(base=base.ensure_base(CACHE, print)).encode()
        local = f"127.0.0.1:{self.port}/{repository}"
        daemon.images.build(fileobj=io.BytesIO(dockerfile), tag=f"{local}:v1", rm=True)
        daemon.images.push(local, tag="v1", auth_config=self.registry_credentials())
        daemon.images.remove(f"{local}:v1", force=True)
        details = self.client("ecr").describe_images(repositoryName=repository)["imageDetails"]
        return f"{uri}@{details[0]['imageDigest']}"

    def execution_role(self, *, without: str = "") -> str:
        """A role that may start the tasks of these tests; all that it may, but the action `without`."""
        repository = f"arn:aws:ecr:{REGION}:{self.id}:repository/tasks"
        allowed = {
            "ecr:GetAuthorizationToken": "*",
            "ecr:BatchGetImage": repository,
            "ecr:GetDownloadUrlForLayer": repository,
            "logs:CreateLogStream": f"arn:aws:logs:{REGION}:{self.id}:log-group:{GROUP}:*",
            "logs:PutLogEvents": f"arn:aws:logs:{REGION}:{self.id}:log-group:{GROUP}:*",
            "secretsmanager:GetSecretValue": f"{self.facts['secret']}",
        }
        return self.role(policy(*((action, resource) for action, resource in allowed.items() if action != without)))

    def define(
        self, command: str, *, execution: str = "", task: str = "", architecture: str = ARCHITECTURE, **container: Any
    ) -> str:
        """The ARN of a new task definition with one container, which runs a shell command."""
        options = {"awslogs-group": GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "test"}
        definition = {
            "name": "dbt",
            "image": self.facts["image"],
            "essential": True,
            "command": ["sh", "-c", command],
            "user": USER,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
            **container,
        }
        made = self.client("ecs").register_task_definition(
            family="test",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            runtimePlatform={"cpuArchitecture": architecture, "operatingSystemFamily": "LINUX"},
            executionRoleArn=execution or self.facts["execution"],
            taskRoleArn=task or self.facts["task"],
            volumes=[{"name": "declared"}, {"name": "undeclared"}],
            containerDefinitions=[definition],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def start(self, definition: str, credentials: dict[str, str] | None = None, **options: Any) -> str:
        """The ARN of a new task."""
        made = self.client("ecs", credentials).run_task(
            cluster=self.facts["cluster"],
            taskDefinition=definition,
            networkConfiguration={"awsvpcConfiguration": self.facts["network"]},
            **({"launchType": "FARGATE"} | options if "capacityProviderStrategy" not in options else options),
        )
        return made["tasks"][0]["taskArn"]

    def describe(self, task: str) -> dict[str, Any]:
        return self.client("ecs").describe_tasks(cluster=self.facts["cluster"], tasks=[task])["tasks"][0]

    def stopped(self, task: str) -> dict[str, Any]:
        """The task once it has stopped."""
        assert wait_until(lambda: self.describe(task)["lastStatus"] == "STOPPED", 60), self.describe(task)
        return self.describe(task)

    def run(self, command: str, **options: Any) -> tuple[dict[str, Any], list[str]]:
        """A task that ran to its end, and its output."""
        task = self.stopped(self.start(self.define(command, **options)))
        return task, self.output(task["taskArn"])

    def output(self, task: str) -> list[str]:
        """The task's lines in CloudWatch Logs; none when there is no stream."""
        stream = f"test/dbt/{task.rpartition('/')[2]}"
        logs = self.client("logs")
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            return [
                event["message"]
                for event in logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
            ]
        return []

    def leftovers(self) -> list[str]:
        """Names of what this emulator has in Docker."""
        return list(labelled(f"{LABEL}={self.sandbox_id}"))


@contextlib.contextmanager
def account(folder: Path) -> Iterator[Account]:
    """An emulator with an empty account; ended, with all that it made, at the end."""
    bind = ("127.0.0.1", bridge_gateway())
    port, sandbox_id, secret_key = free_port(*bind), f"test-{secrets.token_hex(4)}", secrets.token_hex(8)
    account_id = f"8{secrets.randbelow(10**11):011d}"
    process = start_emulator(
        ensure_virtualenv("emulator", emulator.REQUIREMENTS, print),
        folder / "emulator.log",
        sandbox_id=sandbox_id,
        account=account_id,
        region=REGION,
        port=port,
        bind=bind,
        airflow_image=airflow.ensure_image(base.ensure_base(CACHE, print), print),
        secret_key=secret_key,
    )
    try:
        yield Account(account_id, port, process, sandbox_id, secret_key)
    finally:
        stop(process, seconds=30)
        remove_leftovers(f"{LABEL}={sandbox_id}")

"""An account set up by `bootstrap/`: which GitLab jobs get which role, and what each role may do there.

The platform itself is deployed with the credentials of a job, its state in the bucket that the bootstrap made.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox import demo, engine, lifecycle
from sandbox.demo import client
from sandbox.errors import SandboxError
from sandbox.lifecycle import Tools
from sandbox.paths import REPOSITORY, Home
from sandbox.stack import Stack
from sandbox.state import State
from sandbox.steps import Steps
from tests.inventory import inventory

PROJECT = {"project": "data/platform", "projectId": "42"}
REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
"""What the services call it."""


def token(ref: str = "main", kind: str = "branch", issuer: str = "https://gitlab.com", **claims: str) -> str:
    """What GitLab gives a job, but for the signature."""
    path = claims.pop("path", PROJECT["project"])
    body = {
        "iss": issuer,
        "aud": "sts.amazonaws.com",
        "sub": f"project_path:{path}:ref_type:{kind}:ref:{ref}",
        "project_id": PROJECT["projectId"],
        "ref_protected": "true",
        **claims,
    }
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, body, "unsigned"))


@dataclass(frozen=True, kw_only=True)
class Bootstrapped:
    """The account, and the bootstrap's stack in it."""

    stack: Stack
    outputs: dict[str, Any]
    tools: Tools

    @property
    def state_bucket(self) -> str:
        return self.variable("dev", "PULUMI_BACKEND_URL").removeprefix("s3://").partition("?")[0]

    def variable(self, scope: str, key: str) -> str:
        """The value of a CI variable that GitLab was given."""
        found = [each["value"] for each in self.outputs["variables"] if (each["environmentScope"], each["key"]) == (scope, key)]
        assert len(found) == 1, (scope, key, found)
        return found[0]

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.stack.state.account}:role/ci/dbt-platform/{name}"

    def assume(self, role: str, job: str) -> dict[str, str]:
        """Credentials of a role for a job with this token, as boto3 takes them."""
        sts = boto3.client(
            "sts",
            endpoint_url=self.stack.state.emulator_url,
            region_name=self.stack.state.region,
            config=Config(signature_version=UNSIGNED),
        )
        made = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="job", WebIdentityToken=job)["Credentials"]
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }

    def roles_of(self, job: str) -> set[str]:
        """Names of the roles that a job with this token gets."""
        found = set()
        for name in ("preview", "deploy-dev", "deploy-prod"):
            with suppress(ClientError):
                self.assume(self.role(name), job)
                found.add(name)
        return found

    def client(self, role: str, service: str) -> Any:
        job = token("v1.0.0", "tag") if role == "deploy-prod" else token()
        return boto3.client(
            service,  # pyright: ignore[reportArgumentType, reportCallIssue]
            endpoint_url=self.stack.state.emulator_url,
            region_name=self.stack.state.region,
            config=Config(retries={"max_attempts": 0}),
            **self.assume(self.role(role), job),
        )


class Pipeline(Stack):
    """The platform's stack as a job of the pipeline deploys it."""

    def __init__(self, account: Bootstrapped, scope: str | None) -> None:
        super().__init__(Home(account.stack.home.path.with_name("pipeline")), account.stack.state, account.tools.cli)
        self.account = account
        self.scope = scope

    @property
    def environment(self) -> dict[str, str]:
        """With what the CI variables of the scope say, and no key of the account; without a scope, the administrator's.

        A job hands its token to the AWS SDKs in a file; Pulumi's backend and key client would take that to AWS itself,
        whatever AWS_ENDPOINT_URL says, so it is exchanged here.
        """
        credentials = self.account.assume(self.account.variable(self.scope, "AWS_ROLE_ARN"), token()) if self.scope else {}
        local = f"&endpoint=127.0.0.1:{self.state.emulator_port}&disableSSL=true&s3ForcePathStyle=true"
        return {
            **super().environment,
            **{name.upper(): value for name, value in credentials.items()},
            "PULUMI_BACKEND_URL": self.account.variable(self.scope or "dev", "PULUMI_BACKEND_URL") + local,
        }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrapped]:
    """An empty account, set up for development from `main` and production from release tags."""
    home, state, steps = Home(REPOSITORY / ".sandbox-bootstrap"), State.new(), Steps()
    lifecycle.clear(home, print)
    home.path.mkdir(parents=True, exist_ok=True)
    state.save(home)
    try:
        tools = lifecycle.set_up(steps, home, state)
        lifecycle.start_stand_ins(steps, home, state, tools)
        own = Home(tmp_path_factory.mktemp("account"))
        engine.prepare_home(own.pulumi_home, Path(sys.executable))
        stack = Stack(own, state, tools.cli, name="account", repository=REPOSITORY / "bootstrap")
        stack.init({"aws:allowedAccountIds": [state.account], "dbt-platform-bootstrap:gitlab": PROJECT})
        stack.run("up", "--yes", "--skip-preview")
        yield Bootstrapped(stack=stack, outputs=stack.outputs(), tools=tools)
    finally:
        lifecycle.clear(home, print)


def test_a_second_deployment_changes_nothing(account: Bootstrapped):
    """An administrator who runs it again must be able to see that nothing was tampered with."""
    account.stack.run("preview", "--refresh", "--expect-no-changes")


JOBS = {
    "main": (token(), {"preview", "deploy-dev"}),
    "a branch": (token("feature", ref_protected="false"), {"preview"}),
    "a release tag": (token("v1.2.3", "tag"), {"preview", "deploy-prod"}),
    "a branch named like a release": (token("v1.2.3"), {"preview"}),
    "a tag named main": (token("main", "tag"), {"preview"}),
    "main, unprotected by mistake": (token(ref_protected="false"), {"preview"}),
    "a release tag that anybody may make": (token("v1.2.3", "tag", ref_protected="false"), {"preview"}),
    "a fork": (token(path="mallory/platform", project_id="7"), set()),
    "a project whose name goes on": (token(path="data/platform-2", project_id="44"), set()),
    "a new project with the deleted one's path": (token(project_id="43"), set()),
    "another audience": (token(aud="https://gitlab.com"), set()),
    "another GitLab": (token(issuer="https://gitlab.example.com"), set()),
}


@pytest.mark.parametrize("job", JOBS)
def test_who_gets_which_role(account: Bootstrapped, job: str):
    """One role too many is somebody else's job with this account's rights; one too few, and nobody can deploy."""
    claims, expected = JOBS[job]

    assert account.roles_of(claims) == expected


def test_a_gitlab_of_ones_own_is_trusted_instead(account: Bootstrapped):
    """Of its tokens AWS sees audience and subject only: the same conditions as for gitlab.com would lock everybody out."""
    issuer = "https://gitlab.example.com:8443"
    account.stack.configure(_configuration(account, url=issuer))
    account.stack.run("up", "--yes", "--skip-preview")
    try:
        assert account.roles_of(token(issuer=issuer)) == {"preview", "deploy-dev"}
        assert account.roles_of(token("v1.2.3", "tag", issuer=issuer)) == {"preview", "deploy-prod"}
        assert account.roles_of(token("feature", issuer=issuer)) == {"preview"}
        assert account.roles_of(token(issuer=issuer, path="mallory/platform")) == set()
        assert account.roles_of(token(issuer=issuer, aud=issuer)) == set()
        assert account.roles_of(token()) == set()
    finally:
        account.stack.configure(_configuration(account, url="https://gitlab.com"))
        account.stack.run("up", "--yes", "--skip-preview")


def _configuration(account: Bootstrapped, **gitlab: str) -> dict[str, Any]:
    accounts = [account.stack.state.account]
    return {"aws:allowedAccountIds": accounts, "dbt-platform-bootstrap:gitlab": {**PROJECT, **gitlab}}


def _trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TASKS = _trust("ecs-tasks.amazonaws.com")
ANYBODY = _trust("lambda.amazonaws.com")

Attempt = Callable[[Bootstrapped, str], Any]


def _bucket(account: Bootstrapped, name: str) -> Any:
    """A bucket, for the administrator."""
    state = account.stack.state
    s3: Any = boto3.resource(
        "s3",
        endpoint_url=state.emulator_url,
        region_name=state.region,
        aws_access_key_id=state.account,
        aws_secret_access_key=state.secret_key,
    )
    return s3.Bucket(name)


def _create_role(boundary: str | None, name: str = "platform-mine") -> Attempt:
    def attempt(account: Bootstrapped, role: str) -> None:
        arn = f"arn:aws:iam::{account.stack.state.account}:policy/ci/dbt-platform/{boundary}"
        bounded = {"PermissionsBoundary": arn} if boundary else {}
        account.client(role, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=TASKS, **bounded)

    return attempt


def _iam(operation: str, **arguments: Any) -> Attempt:
    return lambda account, role: getattr(account.client(role, "iam"), operation)(**arguments)


def _state(operation: str, **arguments: Any) -> Attempt:
    return lambda account, role: getattr(account.client(role, "s3"), operation)(Bucket=account.state_bucket, **arguments)


def _key(operation: str, **arguments: Any) -> Attempt:
    def attempt(account: Bootstrapped, role: str) -> None:
        key = account.outputs["secretsProvider"].removeprefix("awskms:///").partition("?")[0]
        getattr(account.client(role, "kms"), operation)(KeyId=key, **arguments)

    return attempt


READERS: dict[str, Attempt] = {
    "write state": _state("put_object", Key=".pulumi/stacks/dev.json", Body=b"{}"),
    "encrypt": _key("encrypt", Plaintext=b"secret"),
    "make a bucket": lambda account, role: account.client(role, "s3").create_bucket(Bucket="platform-mine"),
    "open a port": lambda account, role: account.client(role, "ec2").create_security_group(GroupName="mine", Description="mine"),
    "make a bounded role": _create_role("workload-boundary"),
    "make a topic": lambda account, role: account.client(role, "sns").create_topic(Name="platform-mine"),
}
"""Attempts of a role that may only look."""

ESCALATIONS: dict[str, Attempt] = {
    "make a role without a boundary": _create_role(None),
    "make a role with a boundary of its own": _create_role("pipeline-boundary"),
    "make a role that is not the platform's": _create_role("workload-boundary", "administrator"),
    "give itself more": _iam("put_role_policy", RoleName="deploy-dev", PolicyName="more", PolicyDocument=EVERYTHING),
    "give the other role more": _iam("put_role_policy", RoleName="preview", PolicyName="more", PolicyDocument=EVERYTHING),
    "lose its boundary": _iam("delete_role_permissions_boundary", RoleName="deploy-dev"),
    "let others be it": _iam("update_assume_role_policy", RoleName="deploy-prod", PolicyDocument=ANYBODY),
    "raise the workloads' ceiling": lambda account, role: account.client(role, "iam").create_policy_version(
        PolicyArn=account.outputs["workloadBoundary"], PolicyDocument=EVERYTHING, SetAsDefault=True
    ),
    "make a user": _iam("create_user", UserName="mallory"),
    "trust another issuer": _iam("create_open_id_connect_provider", Url="https://example.com", ClientIDList=["x"]),
    "open the state": _state("put_bucket_policy", Policy=EVERYTHING),
    "forget the state's history": _state("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}),
    "delete the state's bucket": _state("delete_bucket"),
    "write beside the state": _state("put_object", Key="mine", Body=b""),
    "give the state's key away": _key("put_key_policy", PolicyName="default", Policy=EVERYTHING),
    "delete the state's key": _key("schedule_key_deletion", PendingWindowInDays=7),
}
"""Attempts of a role that deploys to get more than it has, or to cover its tracks."""


@pytest.mark.parametrize("attempt", READERS)
def test_a_preview_changes_nothing(account: Bootstrapped, attempt: str):
    """Jobs of every branch get this role: whoever may push a branch could change the account."""
    _refused(account, "preview", READERS[attempt])


@pytest.mark.parametrize("attempt", ESCALATIONS)
@pytest.mark.parametrize("role", ["deploy-dev", "deploy-prod"])
def test_a_deployment_can_not_get_more_rights(account: Bootstrapped, role: str, attempt: str):
    """One merged line must not make the pipeline the account's administrator."""
    _refused(account, role, ESCALATIONS[attempt])


def _refused(account: Bootstrapped, role: str, attempt: Attempt) -> None:
    with pytest.raises(ClientError) as refusal:
        attempt(account, role)
    assert refusal.value.response["Error"]["Code"] in REFUSALS


def test_a_deployment_may_make_a_bounded_role(account: Bootstrapped):
    """The twin of the refusals: a role that may do nothing would pass them all."""
    iam = account.client("deploy-dev", "iam")
    _create_role("workload-boundary", "platform-bounded")(account, "deploy-dev")
    iam.put_role_policy(RoleName="platform-bounded", PolicyName="all", PolicyDocument=EVERYTHING)
    iam.delete_role_policy(RoleName="platform-bounded", PolicyName="all")
    iam.delete_role(RoleName="platform-bounded")


@pytest.mark.slow
def test_the_pipeline_deploys_the_platform(account: Bootstrapped):
    """One missing permission ends the first deployment half-way, and a boundary that is too low the first run.

    Deploys, previews read-only, runs a workstream and destroys: each with the role of the job that does it, and with the
    workloads' boundary on every role that the program makes.
    """
    before = inventory(account.stack)
    deploying, previewing = Pipeline(account, "dev"), Pipeline(account, "preview/dev")
    engine.prepare_home(deploying.home.pulumi_home, Path(sys.executable))
    configuration = lifecycle.configuration(account.stack.state, account.tools)
    configuration["dbt-platform:permissionsBoundary"] = account.outputs["workloadBoundary"]
    deploying.init(configuration, "--secrets-provider", account.outputs["secretsProvider"])

    deploying.run("up", "--yes", "--skip-preview")
    previewing.run("preview", "--refresh", "--expect-no-changes")
    with pytest.raises(SandboxError, match="s3:PutObject"):
        previewing.run("refresh", "--yes")

    roles = client(account.stack, "iam").list_roles()["Roles"]
    made = [role["RoleName"] for role in roles if not role["Path"].startswith("/ci/")]
    bounded = [client(account.stack, "iam").get_role(RoleName=name)["Role"].get("PermissionsBoundary") for name in made]
    assert {each and each["PermissionsBoundaryArn"] for each in bounded} == {account.outputs["workloadBoundary"]}

    # Only a person puts credentials: no job may read or write them.
    demo.put_credentials(Steps(), Pipeline(account, None))
    assert demo.run_workstreams(Steps(), deploying) == {"sales": "success", "finance": "success"}

    deploying.run("destroy", "--yes", "--skip-preview")
    assert inventory(account.stack) == before


def test_a_bucket_is_emptied_page_by_page(account: Bootstrapped):
    """The state's bucket holds a version for every step of every deployment: what is left out of it can't be deleted."""
    bucket = _bucket(account, "pages")
    bucket.create(CreateBucketConfiguration={"LocationConstraint": account.stack.state.region})
    bucket.Versioning().enable()
    for _ in range(5):
        bucket.put_object(Key="state", Body=b"{}")
    bucket.Object("state").delete()

    bucket.object_versions.page_size(2).delete()

    bucket.delete()


def test_it_can_be_taken_away_again(account: Bootstrapped):
    """An account that is given back must not go on trusting a pipeline. The last test: it leaves an empty account."""
    with pytest.raises(SandboxError):
        account.stack.run("destroy", "--yes", "--skip-preview")
    # The state is protected, from people too.
    assert account.state_bucket in inventory(account.stack)["bucket"]
    _bucket(account, account.state_bucket).object_versions.delete()

    account.stack.run("state", "unprotect", "--all", "--yes")
    account.stack.run("destroy", "--yes", "--skip-preview")

    assert inventory(account.stack) == {}
    iam = client(account.stack, "iam")
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []

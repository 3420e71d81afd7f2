"""An account set up by `bootstrap/`: which GitLab jobs get which role, and what each role may do there."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.pipeline.account import ENVIRONMENTS, REFUSALS, Bootstrapped, configuration, token


def test_a_second_deployment_changes_nothing(account: Bootstrapped):
    """An administrator who runs it again must be able to see that nothing was tampered with."""
    account.stack.run("preview", "--refresh", "--expect-no-changes")


JOBS = {
    "main": (token(), {"preview", "deploy-dev", "deploy-dev-marketing"}),
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
    issuer = "https://example.com/gitlab"
    account.stack.configure(configuration(account.stack.state.account, url=issuer))
    account.stack.run("up", "--yes", "--skip-preview")
    try:
        assert account.roles_of(token(issuer=issuer)) == {"preview", "deploy-dev", "deploy-dev-marketing"}
        assert account.roles_of(token("v1.2.3", "tag", issuer=issuer)) == {"preview", "deploy-prod"}
        assert account.roles_of(token("feature", issuer=issuer)) == {"preview"}
        assert account.roles_of(token(issuer=issuer, path="mallory/platform")) == set()
        assert account.roles_of(token(issuer=issuer, aud=issuer)) == set()
        assert account.roles_of(token()) == set()
    finally:
        account.stack.configure(configuration(account.stack.state.account))
        account.stack.run("up", "--yes", "--skip-preview")


def _trust(service: str, kind: str = "Service") -> str:
    statement = {"Effect": "Allow", "Principal": {kind: service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
OWN_ROLE, OTHER_ROLE = "sales-dev", "sales-prod"
KEY_ALIAS = "alias/dbt-platform-prod"
SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
TASKS = _trust("ecs-tasks.amazonaws.com")
ANYBODY = _trust("lambda.amazonaws.com")

Attempt = Callable[[Bootstrapped, str], Any]


def _create_role(boundary: str | None, stack: str = "dev") -> Attempt:
    def attempt(account: Bootstrapped, role: str) -> None:
        arn = f"arn:aws:iam::{account.stack.state.account}:policy/ci/dbt-platform/{boundary}"
        bounded = {"PermissionsBoundary": arn} if boundary else {}
        path = f"/dbt-platform-{stack}/workstreams/task/"
        account.client(role, "iam").create_role(RoleName=f"sales-{stack}", Path=path, AssumeRolePolicyDocument=TASKS, **bounded)

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


def _tags(stack: str) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in ENVIRONMENTS[stack]["tags"].items()]


def _key_tags(stack: str) -> list[dict[str, str]]:
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in _tags(stack)]


def _specification(kind: str, stack: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _tags(stack)}]


def _network(change: Callable[[Any, str, str], Any]) -> Attempt:
    """An attempt on production's network: with a client of EC2, the VPC and its security group."""

    def attempt(account: Bootstrapped, role: str) -> None:
        ec2 = account.client(role, "ec2")
        [vpc] = ec2.describe_vpcs(Filters=[{"Name": "tag:environment", "Values": ["production"]}])["Vpcs"]
        [group] = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["production"]}])["SecurityGroups"]
        change(ec2, vpc["VpcId"], group["GroupId"])

    return attempt


def _encryption(operation: str, **arguments: Any) -> Attempt:
    """An attempt on production's key."""

    def attempt(account: Bootstrapped, role: str) -> None:
        kms = account.client(role, "kms")
        getattr(kms, operation)(KeyId=kms.describe_key(KeyId=KEY_ALIAS)["KeyMetadata"]["KeyId"], **arguments)

    return attempt


READERS: dict[str, Attempt] = {
    "write state": _state("put_object", Key=".pulumi/stacks/dbt-platform/dev.json", Body=b"{}"),
    "encrypt": _key("encrypt", Plaintext=b"secret"),
    "make a bucket": lambda account, role: account.client(role, "s3").create_bucket(Bucket="dbt-platform-dev-mine"),
    "open a port": lambda account, role: account.client(role, "ec2").create_security_group(GroupName="mine", Description="mine"),
    "make a bounded role": _create_role("workload-boundary-dev"),
    "make a topic": lambda account, role: account.client(role, "sns").create_topic(Name="dbt-platform-dev-mine"),
}
"""Attempts of a role that may only look."""

ESCALATIONS: dict[str, Attempt] = {
    "make a role without a boundary": _create_role(None),
    "make a role with a boundary of its own": _create_role("pipeline-boundary"),
    "make a role that is not the platform's": _create_role("workload-boundary-dev", "administrator"),
    "give itself more": _iam("put_role_policy", RoleName="deploy-dev", PolicyName="more", PolicyDocument=EVERYTHING),
    "give the other role more": _iam("put_role_policy", RoleName="preview", PolicyName="more", PolicyDocument=EVERYTHING),
    "lose its boundary": _iam("delete_role_permissions_boundary", RoleName="deploy-dev"),
    "let others be it": _iam("update_assume_role_policy", RoleName="deploy-prod", PolicyDocument=ANYBODY),
    "raise the workloads' ceiling": lambda account, role: account.client(role, "iam").create_policy_version(
        PolicyArn=account.outputs["workloadBoundaries"]["dev"], PolicyDocument=EVERYTHING, SetAsDefault=True
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


OTHERS: dict[str, Attempt] = {
    "write the other stack's state": _state("put_object", Key=".pulumi/stacks/dbt-platform/prod.json", Body=b"{}"),
    "break the other stack's lock": _state("delete_object", Key=".pulumi/locks/organization/dbt-platform/prod/1.json"),
    "delete the other stack's role": _iam("delete_role", RoleName=OTHER_ROLE),
    "give the other stack's role more": _iam("put_role_policy", RoleName=OTHER_ROLE, PolicyName="more", PolicyDocument=EVERYTHING),
    "make a role with the other stack's boundary": _create_role("workload-boundary-prod"),
    "empty the other stack's bucket": lambda account, role: account.client(role, "s3").delete_object(
        Bucket="dbt-platform-prod-data", Key="run"
    ),
    "delete the other stack's bucket": lambda account, role: account.client(role, "s3").delete_bucket(
        Bucket="dbt-platform-prod-data"
    ),
    "delete the other stack's logs": lambda account, role: account.client(role, "logs").delete_log_group(
        logGroupName="/dbt-platform-prod/workstreams/sales"
    ),
    "delete the other stack's Airflow": lambda account, role: account.client(role, "mwaa").delete_environment(
        Name="dbt-platform-prod"
    ),
    "delete the other stack's VPC": _network(lambda ec2, vpc, _: ec2.delete_vpc(VpcId=vpc)),
    "delete the other stack's security group": _network(lambda ec2, _, group: ec2.delete_security_group(GroupId=group)),
    "open the other stack's security group": _network(
        lambda ec2, _, group: ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=SSH, TagSpecifications=_specification("security-group-rule", "dev")
        )
    ),
    "put a subnet into the other stack's VPC": _network(
        lambda ec2, vpc, _: ec2.create_subnet(
            VpcId=vpc, CidrBlock="10.99.1.0/24", TagSpecifications=_specification("subnet", "dev")
        )
    ),
    "take the other stack's VPC over": _network(lambda ec2, vpc, _: ec2.create_tags(Resources=[vpc], Tags=_tags("dev"))),
    "delete anybody's volume": lambda account, role: account.client(role, "ec2").delete_volume(VolumeId="vol-1a2b3c4d"),
    "delete anybody's snapshot": lambda account, role: account.client(role, "ec2").delete_snapshot(SnapshotId="snap-1a2b3c4d"),
    "make a VPC that is nobody's": lambda account, role: account.client(role, "ec2").create_vpc(CidrBlock="10.98.0.0/16"),
    "make a key that is the other stack's": lambda account, role: account.client(role, "kms").create_key(Tags=_key_tags("prod")),
    "delete the other stack's key": _encryption("schedule_key_deletion", PendingWindowInDays=7),
    "give the other stack's key away": _encryption("put_key_policy", PolicyName="default", Policy=EVERYTHING),
    "take the other stack's key over": _encryption("tag_resource", Tags=_key_tags("dev")),
}
"""Attempts of development's role on production in the same account."""


@pytest.fixture(scope="module")
def production(account: Bootstrapped) -> Iterator[None]:
    """Some things of a stack `prod`, made by its own role."""
    iam, s3 = (account.client("deploy-prod", service) for service in ("iam", "s3"))
    _create_role("workload-boundary-prod", "prod")(account, "deploy-prod")
    place = {"LocationConstraint": account.stack.state.region}
    s3.create_bucket(Bucket="dbt-platform-prod-data", CreateBucketConfiguration=place)
    ec2, kms = (account.client("deploy-prod", service) for service in ("ec2", "kms"))
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16", TagSpecifications=_specification("vpc", "prod"))["Vpc"]["VpcId"]
    group = ec2.create_security_group(
        GroupName="production", Description="x", VpcId=vpc, TagSpecifications=_specification("security-group", "prod")
    )["GroupId"]
    key = kms.create_key(Tags=_key_tags("prod"))["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)
    yield
    kms.delete_alias(AliasName=KEY_ALIAS)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)
    s3.delete_bucket(Bucket="dbt-platform-prod-data")
    iam.delete_role(RoleName=OTHER_ROLE)


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("attempt", OTHERS)
def test_a_deployment_leaves_the_accounts_other_stacks_alone(account: Bootstrapped, attempt: str):
    """Who may merge to `main` may not thereby delete production."""
    _refused(account, "deploy-dev", OTHERS[attempt])


def _refused(account: Bootstrapped, role: str, attempt: Attempt) -> None:
    with pytest.raises(ClientError) as refusal:
        attempt(account, role)
    assert refusal.value.response["Error"]["Code"] in REFUSALS


def test_a_deployment_may_make_a_bounded_role(account: Bootstrapped):
    """The twin of the refusals: a role that may do nothing would pass them all."""
    iam = account.client("deploy-dev", "iam")
    _create_role("workload-boundary-dev")(account, "deploy-dev")
    iam.put_role_policy(RoleName=OWN_ROLE, PolicyName="all", PolicyDocument=EVERYTHING)
    iam.delete_role_policy(RoleName=OWN_ROLE, PolicyName="all")
    iam.delete_role(RoleName=OWN_ROLE)


def test_a_deployment_becomes_no_role_that_it_made(account: Bootstrapped):
    """A bounded role may read the stack's secret, as the execution role does: one that trusts the pipeline would hand it over."""
    iam, trust = account.client("deploy-dev", "iam"), _trust(account.role("deploy-dev"), "AWS")
    place = {"Path": "/dbt-platform-dev/workstreams/task/", "PermissionsBoundary": account.outputs["workloadBoundaries"]["dev"]}
    made = iam.create_role(RoleName="spy", AssumeRolePolicyDocument=trust, **place)["Role"]["Arn"]

    def become(account: Bootstrapped, role: str) -> None:
        account.client(role, "sts").assume_role(RoleArn=made, RoleSessionName="spy")

    try:
        _refused(account, "deploy-dev", become)
    finally:
        iam.delete_role(RoleName="spy")

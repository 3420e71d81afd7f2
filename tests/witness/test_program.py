"""The whole program, as each kind of stack deploys it, before the provider that pulumi-aws wraps.

One `plan` for all, which validates first: the provider's own checks of every value, and no account is needed.
Where a machine has no terraform or no provider, the test is skipped and says so.
"""

import json
import runpy
import uuid
import zlib
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import mocks

from settings.project import REPOSITORY
from tests.unit import recorder
from tests.unit.recorder import ACCOUNT_ID, REGION, RecordingMocks, Stack, run_program, stack_file, without_internet
from tests.witness import terraform
from tests.witness.terraform import Terraform
from tests.witness.translation import module

IDS = {
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
}
"""Type -> what its ids begin with."""

BOOTSTRAP = {
    "dbt-platform-bootstrap:gitlab": {"project": "data/platform", "projectId": "42"},
    "dbt-platform-bootstrap:environments": {
        "dev": {"branch": "main", "tags": {"project": "dbt-platform", "environment": "development"}},
        "prod": {"tag": "v*", "tags": {"project": "dbt-platform", "environment": "production"}},
    },
}


class Lifelike(RecordingMocks):
    """Answers with ids and ARNs that AWS could give: the provider looks at their form."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        id_, state = super().new_resource(args)
        mark = f"{zlib.crc32(args.name.encode()):08x}" * 2
        if args.typ in IDS:
            id_ = f"{IDS[args.typ]}-{mark}0"
        elif args.typ == "aws:kms/key:Key":
            id_ = state["keyId"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, args.name))
            state["arn"] = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{id_}"
        elif id_:
            id_ = id_.lower().replace("_", "-")
        if args.typ == "aws:iam/policy:Policy":
            state["arn"] = f"arn:aws:iam::{ACCOUNT_ID}:policy/{args.name}"
        if args.typ == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
            state["arn"] = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/gitlab.com"
        return id_, state


def bootstrapped() -> Stack:
    recorder.set_configuration(BOOTSTRAP)
    stack = Stack()
    try:
        runpy.run_path(str(REPOSITORY / "bootstrap/__main__.py"), run_name="__main__")
        return stack
    finally:
        stack.close()


def programs() -> dict[str, Stack]:
    """What each kind of stack registers, with values that AWS could give."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "RecordingMocks", Lifelike)
        return {
            **{name: run_program(stack_file(name)) for name in ("dev", "prod", "sandbox")},
            "private": run_program(without_internet(stack_file("prod"))),
            "bootstrap": bootstrapped(),
        }


@pytest.mark.skipif(bool(terraform.absent()), reason=f"the provider can't be asked: {terraform.absent()}")
def test_the_provider_takes_every_variant_of_the_program(tmp_path: Path):
    """What it refuses here, `pulumi up` would refuse in a real account, after half of the stack is made."""
    provider = {
        "region": REGION,
        "access_key": "test",
        "secret_key": "test",
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
        "endpoints": [dict.fromkeys(("s3", "iam", "ec2", "kms"), "http://127.0.0.1:9")],
        "default_tags": [{"tags": stack_file("prod")["aws:defaultTags"]["tags"]}],
    }
    found = Terraform(tmp_path)
    found.prepare({"provider": {"aws": provider}})
    schemas = found.schemas()
    modules = {name: module(stack.registrations(), schemas) for name, stack in programs().items()}
    for name, content in modules.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf.json").write_text(json.dumps(content, indent=1))
    found.prepare({"provider": {"aws": provider}, "module": {name: {"source": f"./{name}"} for name in modules}}, "get")

    found.run("plan", "-refresh=false", "-out=plan")

    planned = json.loads(found.run("show", "-json", "plan"))["resource_changes"]
    assert len(planned) == sum(len(each) for content in modules.values() for each in content["resource"].values())
    assert {action for each in planned for action in each["change"]["actions"]} == {"create"}

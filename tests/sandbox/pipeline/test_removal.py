"""The end of an account that `bootstrap/` has set up."""

from typing import Any

import boto3
import pytest

from sandbox.demo.demo import client
from sandbox.errors import SandboxError
from tests.inventory import inventory
from tests.sandbox.pipeline.account import Bootstrapped


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

import json

from components.account import Account
from components.registry import RELEASES_KEPT, SHARED_KEPT, Registry, RegistryArgs
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"


def test_a_pushed_tag_can_never_be_moved(stack: Stack, account: Account):
    """A moved tag would make a rollback run other code than the one that was tested."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, disposable=True))

    assert stack.only("aws:ecr/repository:Repository")["imageTagMutability"] == "IMMUTABLE"


def test_known_vulnerabilities_are_found_on_push(stack: Stack, account: Account):
    """Otherwise nobody looks until the image runs (FSBP ECR.1)."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, disposable=True))

    assert stack.only("aws:ecr/repository:Repository")["imageScanningConfiguration"] == {"scanOnPush": True}


def test_old_images_expire_but_releases_to_go_back_to_stay(stack: Stack, account: Account):
    """Every merge makes an image; the storage would only ever grow."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, disposable=True))

    [rule] = json.loads(stack.only("aws:ecr/lifecyclePolicy:LifecyclePolicy")["policy"])["rules"]
    assert rule["selection"]["countNumber"] == RELEASES_KEPT >= 30


def test_an_account_that_promotes_images_may_pull_them_and_finds_them_for_long(stack: Stack, account: Account):
    """Production runs the image from here: it must be able to, and go on being able to while development goes on."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, disposable=True, readers=["222222222222"]))

    [statement] = json.loads(stack.only("aws:ecr/repositoryPolicy:RepositoryPolicy")["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::222222222222:root"]}
    assert not any(action.startswith(("ecr:Put", "ecr:Upload", "ecr:Delete", "ecr:*")) for action in statement["Action"])
    [rule] = json.loads(stack.only("aws:ecr/lifecyclePolicy:LifecyclePolicy")["policy"])["rules"]
    assert rule["selection"]["countNumber"] == SHARED_KEPT
    assert stack.only("aws:ecr/repository:Repository")["forceDelete"] is False
    assert ("aws:ecr/repository:Repository", "dbt") in stack.protected

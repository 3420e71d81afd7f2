import fnmatch
import json
from typing import Any

from components.account import Account
from components.registry import MOST_RULES, RELEASES_KEPT, SHARED_KEPT, Registry, RegistryArgs, image_tag
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"


def expiry(stack: Stack) -> list[dict[str, Any]]:
    """What expires, in the order in which ECR goes through the rules."""
    rules = json.loads(stack.only("aws:ecr/lifecyclePolicy:LifecyclePolicy")["policy"])["rules"]
    assert [rule["rulePriority"] for rule in rules] == list(range(1, len(rules) + 1))
    return [rule["selection"] for rule in rules]


def test_a_pushed_tag_can_never_be_moved(stack: Stack, account: Account):
    """A moved tag would make a rollback run other code than the one that was tested."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, builds=["shop"], disposable=True))

    assert stack.only("aws:ecr/repository:Repository")["imageTagMutability"] == "IMMUTABLE"


def test_known_vulnerabilities_are_found_on_push(stack: Stack, account: Account):
    """Otherwise nobody looks until the image runs (FSBP ECR.1)."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, builds=["shop"], disposable=True))

    assert stack.only("aws:ecr/repository:Repository")["imageScanningConfiguration"] == {"scanOnPush": True}


def test_old_images_expire_but_releases_to_go_back_to_stay(stack: Stack, account: Account):
    """Every merge makes an image; the storage would only ever grow."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, builds=["shop"], disposable=True))

    image, part = expiry(stack)
    assert image["countNumber"] == RELEASES_KEPT >= 30
    assert (part["tagStatus"], part["countType"]) == ("untagged", "sinceImagePushed")


def test_a_busy_project_expires_no_image_of_a_quiet_one(stack: Stack, account: Account):
    """The quiet one's task definition still names it: CannotPullContainer. An image counts for every rule that it matches, one
    with a rule of its own too (Amazon ECR, "Examples of lifecycle policies"), so it must match one.
    """
    builds = ["shop", "shop-arm64", "shop-emea", "teams/shop", "shop.v2"]
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, builds=builds, disposable=True))

    patterns = [pattern for selection in expiry(stack)[:-1] for pattern in selection["tagPatternList"]]
    for build in builds:
        assert len([pattern for pattern in patterns if fnmatch.fnmatchcase(image_tag(build, "0" * 16), pattern)]) == 1, build


def test_more_projects_than_ecr_takes_rules_still_deploy(stack: Stack, account: Account):
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, builds=[f"shop{n}" for n in range(60)], disposable=True))

    assert len(expiry(stack)) == MOST_RULES
    assert expiry(stack)[-1]["tagStatus"] == "untagged"


def test_an_account_that_promotes_images_may_pull_them_and_finds_them_for_long(stack: Stack, account: Account):
    """Production runs the image from here: it must be able to, and go on being able to while development goes on."""
    Registry("dbt", RegistryArgs(account=account, kms_key_arn=KEY, builds=["shop"], disposable=True, readers=["222222222222"]))

    [statement] = json.loads(stack.only("aws:ecr/repositoryPolicy:RepositoryPolicy")["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::222222222222:root"]}
    assert not any(action.startswith(("ecr:Put", "ecr:Upload", "ecr:Delete", "ecr:*")) for action in statement["Action"])
    assert expiry(stack)[0]["countNumber"] == SHARED_KEPT
    assert stack.only("aws:ecr/repository:Repository")["forceDelete"] is False
    assert ("aws:ecr/repository:Repository", "dbt") in stack.protected

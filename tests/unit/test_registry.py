import json

from components.registry import RELEASES_KEPT, Registry, RegistryArgs
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"


def test_a_pushed_tag_can_never_be_moved(stack: Stack):
    """A moved tag would make a rollback run other code than the one that was tested."""
    Registry("dbt", RegistryArgs(kms_key_arn=KEY, disposable=True))

    assert stack.only("aws:ecr/repository:Repository")["imageTagMutability"] == "IMMUTABLE"


def test_known_vulnerabilities_are_found_on_push(stack: Stack):
    """Otherwise nobody looks until the image runs (FSBP ECR.1)."""
    Registry("dbt", RegistryArgs(kms_key_arn=KEY, disposable=True))

    assert stack.only("aws:ecr/repository:Repository")["imageScanningConfiguration"] == {"scanOnPush": True}


def test_old_images_expire_but_releases_to_go_back_to_stay(stack: Stack):
    """Every merge makes an image; the storage would only ever grow."""
    Registry("dbt", RegistryArgs(kms_key_arn=KEY, disposable=True))

    [rule] = json.loads(stack.only("aws:ecr/lifecyclePolicy:LifecyclePolicy")["policy"])["rules"]
    assert rule["selection"]["countNumber"] == RELEASES_KEPT >= 30

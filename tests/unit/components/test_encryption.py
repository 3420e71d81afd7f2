from components.account import Account
from components.encryption import EncryptionKey, EncryptionKeyArgs
from tests.unit.recorder import Stack

KEY = "aws:kms/key:Key"


def test_the_key_rotates(stack: Stack, account: Account):
    """A key that leaked is worth a year of data at most (FSBP KMS.4)."""
    EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=True))

    assert stack.only(KEY)["enableKeyRotation"] is True


def test_the_account_can_always_administer_the_key(stack: Stack, account: Account):
    """Without it the key, and all data with it, can become unmanageable: not even AWS can change that."""
    EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=True))

    [administrators] = [s for s in stack.statements(KEY, "platform") if "AWS" in s["Principal"]]
    assert administrators["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}


def test_a_service_may_use_the_key_for_our_things_only(stack: Stack, account: Account):
    """These services serve every account: without the conditions, someone else's log group or alarm could use our key."""
    EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=True))

    logs, publishers = [s for s in stack.statements(KEY, "platform") if "Service" in s["Principal"]]
    assert logs["Principal"]["Service"] == "logs.eu-west-1.amazonaws.com"
    for arn in logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]:
        assert arn.startswith("arn:aws:logs:eu-west-1:123456789012:log-group:")
        assert "dbt-platform-dev" in arn
    assert publishers["Principal"]["Service"] == ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    assert publishers["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_permission_for_one_service_is_none_for_another(stack: Stack, account: Account):
    """The role that may decrypt artifacts can't decrypt the secret."""
    key = EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=True))

    statement = stack.value(key.usage("s3", ["kms:Decrypt"]).render())
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}

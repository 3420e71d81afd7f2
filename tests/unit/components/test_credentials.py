from components.account import Account
from components.credentials import Credentials, CredentialsArgs
from tests.unit.recorder import Stack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/platform"
POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"


def create(account: Account) -> Credentials:
    args = CredentialsArgs(account=account, connection="warehouse", authentication="keyPair", kms_key_arn=KEY, disposable=True)
    return Credentials("snowflake", args)


def test_no_value_passes_through_pulumi(stack: Stack, account: Account):
    """State, previews and logs are read by more people than may log in to Snowflake."""
    create(account)

    assert not [each.type for each in stack.registrations() if "secretVersion" in each.type.lower()]
    assert stack.only("aws:secretsmanager/secret:Secret")["kmsKeyId"] == KEY


def test_only_the_roles_that_start_tasks_can_read_it(stack: Stack, account: Account):
    """An administrator's wide policy is not enough, nor is Airflow's or dbt's own role."""
    create(account)

    [statement] = stack.statements(POLICY, "snowflake")
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["secretsmanager:GetSecretValue"])
    readers = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert readers == "arn:aws:iam::123456789012:role/dbt-platform-dev/workstreams/execution/*"


def test_the_roles_that_may_read_it_are_those_of_the_workstreams(development: Stack):
    """A path that no role has would lock everybody out."""
    [statement] = development.statements(POLICY, "snowflake")
    readers = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"].rpartition(":")[2]

    paths = {name: f"role{role['path']}*" for name, role in development.all("aws:iam/role:Role").items()}

    assert {name for name, path in paths.items() if path == readers} == {"sales-execution", "finance-execution"}

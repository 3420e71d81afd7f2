"""The three ways in which the container logs in to Snowflake: dbt does it as the check of the connection does."""

import base64
import json

import pytest
import yaml
from dbt.adapters.snowflake.connections import SnowflakeCredentials
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from runner import connection
from runner.dbt import profile_variables
from runner.environment import read
from snowflake.connector.wif_util import AttestationProvider, create_attestation

from sandbox.paths import REPOSITORY
from tests.sandbox.warehouse_server import new_key, pem
from tests.unit.runner_support import VARIABLES

FEDERATED = {"SNOWFLAKE_AUTHENTICATOR": "workloadIdentity", "SNOWFLAKE_PRIVATE_KEY": ""}
PASSWORD = {"SNOWFLAKE_AUTHENTICATOR": "password", "SNOWFLAKE_PASSWORD": "an old password", "SNOWFLAKE_USER": "LEGACY"}


KEY = pem(new_key())


@pytest.mark.parametrize("changes", [{"SNOWFLAKE_PRIVATE_KEY": KEY}, PASSWORD, FEDERATED], ids=["key", "password", "role"])
def test_dbt_logs_in_with_the_parameters_that_were_checked(changes: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    """The check would pass and dbt fail: the adapter has rules of its own about what goes with which authenticator."""
    variables = VARIABLES | {"AWS_REGION": "eu-west-1"} | changes
    environment = read(variables)
    set_invocation_context(variables | profile_variables(environment))
    profiles = yaml.safe_load((REPOSITORY / "image" / "profiles.yml").read_text())

    _, profile = Profile.render_profile(profiles["platform"], "platform", "production", ProfileRenderer({}))

    own = {name: value for name, value in profile.items() if name not in {"type", "threads"}}
    given = SnowflakeCredentials.from_dict(SnowflakeCredentials.translate_aliases(own)).auth_args()
    checked = connection.parameters(environment.warehouse)
    for name in ("user", "password", "private_key", "host", "protocol"):
        assert given.get(name) == checked.get(name)
    for name in ("authenticator", "workload_identity_provider"):
        assert str(given.get(name)).upper() == str(checked.get(name)).upper()


def test_the_task_s_role_proves_itself_with_a_request_that_only_it_can_sign(monkeypatch: pytest.MonkeyPatch):
    """Without a secret there is nothing else to log in with. No warehouse here can ask AWS, so what is sent is looked at."""
    for name, value in {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIATASKROLE", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    checked = connection.parameters(read(VARIABLES | FEDERATED | {"AWS_REGION": "eu-west-1"}).warehouse)

    provider = AttestationProvider.from_string(str(checked["workload_identity_provider"]))
    request = json.loads(base64.b64decode(create_attestation(provider).credential))

    assert request["url"].startswith("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity")
    assert "Credential=AKIATASKROLE/" in json.dumps(request["headers"])
    assert '"secret"' not in json.dumps(request)

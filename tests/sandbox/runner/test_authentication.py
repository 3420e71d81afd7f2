"""The three ways in which the container logs in to Snowflake, as dbt, the connector and the warehouse see them."""

import base64
import json
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from dbt.adapters.snowflake.connections import SnowflakeCredentials
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from runner import connection
from runner.dbt import profile_variables
from runner.environment import read
from snowflake.connector.wif_util import AttestationProvider, create_attestation

from sandbox.paths import REPOSITORY
from sandbox.testing.warehouse_server import Server, der, new_key, pem
from tests.sandbox.runner_process import Runs, project
from tests.unit.image.support import VARIABLES

FEDERATED = {"SNOWFLAKE_AUTHENTICATOR": "workloadIdentity", "SNOWFLAKE_PRIVATE_KEY": ""}
PASSWORD = {"SNOWFLAKE_AUTHENTICATOR": "password", "SNOWFLAKE_PASSWORD": "an old password", "SNOWFLAKE_USER": "LEGACY"}
PASSPHRASE = "correct horse battery staple"


def _encrypted(server: Server, encoding: Encoding) -> bytes:
    return server.key.private_bytes(encoding, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode()))


@pytest.fixture(scope="module")
def legacy(server: Server) -> None:
    """A user with a password."""
    server.run("create user LEGACY password = 'an old password' default_role = TRANSFORMER")
    server.run("grant role TRANSFORMER to user LEGACY")


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda server: pem(server.key), id="PEM"),
        pytest.param(lambda server: base64.b64encode(der(server.key)).decode(), id="base64 DER"),
        pytest.param(lambda server: _encrypted(server, Encoding.PEM).decode(), id="encrypted PEM"),
        pytest.param(lambda server: base64.b64encode(_encrypted(server, Encoding.DER)).decode(), id="encrypted base64 DER"),
    ],
)
def test_a_key_in_any_form_opens_the_warehouse(runs: Runs, form: Any):
    """A key that was made as Snowflake's documentation says would not work here."""
    key = {"SNOWFLAKE_PRIVATE_KEY": form(runs.server), "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": PASSPHRASE}

    connection.check(read(runs.environment(**key)).warehouse, {})


@pytest.mark.usefixtures("legacy")
def test_a_run_with_a_password_builds_and_gives_it_to_nobody(runs: Runs):
    """An account that has not changed to keys yet could not use the platform, or would publish its password."""
    project(runs.project, {"a": "select 1 as x", "b": "select 'an old password' as x, nope"})

    run = runs.run(**PASSWORD, SNOWFLAKE_PRIVATE_KEY="")

    assert (run.code, run.statuses) == (1, {"a": "success", "b": "error"}), run.text
    left = {name: runs.read(name) for name in runs.objects()} | {"log": run.text.encode()}
    assert [name for name, content in left.items() if b"an old password" in content] == []


@pytest.mark.usefixtures("legacy")
@pytest.mark.parametrize(
    ("changes", "failed", "said"),
    [
        pytest.param(PASSWORD, [], "", id="password"),
        pytest.param(
            PASSWORD | {"SNOWFLAKE_PASSWORD": "a wrong password"},
            ["log-in of LEGACY"],
            "does not accept user LEGACY or its password",
            id="wrong password",
        ),
        pytest.param(FEDERATED, ["log-in of DBT"], "no host of Snowflake's", id="role, at another host than Snowflake's"),
        pytest.param(FEDERATED | {"AWS_REGION": ""}, ["environment"], "AWS_REGION is not set", id="role without a region"),
    ],
)
def test_check_knows_every_way_to_log_in(runs: Runs, changes: dict[str, str], failed: list[str], said: str):
    """Somebody who changes the way to log in would find out with the next morning's run."""
    check = runs.run("check", **changes)

    found = [what.split(" with role")[0] for what in check.failed_checks]
    assert (check.code, found) == (2 if failed else 0, failed), check.text
    assert said in check.text


KEY = pem(new_key())


@pytest.mark.parametrize("changes", [{"SNOWFLAKE_PRIVATE_KEY": KEY}, PASSWORD, FEDERATED], ids=["key", "password", "role"])
def test_dbt_logs_in_with_the_parameters_that_were_checked(changes: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    """The check would pass and dbt fail: the adapter has rules of its own about what goes with which authenticator."""
    variables = VARIABLES | {"AWS_REGION": "eu-west-1"} | changes
    environment = read(variables)
    set_invocation_context(variables | profile_variables(environment))
    profiles = yaml.safe_load((REPOSITORY / "image" / "profiles.yml").read_text())

    _, profile = Profile.render_profile(profiles["platform"], "platform", "development", ProfileRenderer({}))

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


def test_no_secret_leaves_the_container(runs: Runs):
    """Logs and artifacts are read by many; the key opens the warehouse, and what `secrets` names opens who knows what."""
    key, passphrase = pem(runs.server.key), "correct horse battery staple"
    sql = f"select '{key.splitlines()[3]}' as x, '{passphrase}' as y, '{{{{ env_var('TOKEN') }}}}' as z, nope"
    yml = f"models: [{{name: a, description: 'the passphrase is {passphrase}', meta: {{token: \"{{{{ env_var('TOKEN') }}}}\"}}}}]"
    project(runs.project, {"a": sql}, models__a_yml=yml)
    own = {
        "TOKEN": 'glpat-"quoted"-value',
        "DBT_ENV_SECRET_SLACK": "xoxb-of-the-workstream",
        "DBT_SECRETS": "DBT_ENV_SECRET_SLACK,TOKEN",
    }

    run = runs.run(SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=passphrase, **own)
    debug = runs.run("debug", SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=passphrase, **own)

    left = {name: runs.read(name) for name in runs.objects()} | {"log": run.text.encode(), "debug": debug.text.encode()}
    assert run.code == 1
    assert {"runs/run-1/1/dbt.log", "runs/run-1/1/compiled/model.made_for_a_test.a.sql", "runs/run-1/1/run_results.json"} <= set(
        left
    )
    secrets = [
        own["TOKEN"],
        json.dumps(own["TOKEN"])[1:-1],
        own["DBT_ENV_SECRET_SLACK"],
        passphrase,
        *key.splitlines()[1:-1],
        base64.b64encode(key.encode()).decode()[:60],
    ]
    found = [(name, secret) for name, content in left.items() for secret in secrets if secret.encode() in content]
    assert not found

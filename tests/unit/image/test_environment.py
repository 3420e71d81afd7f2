"""What the container accepts as its environment, and what it says about the rest."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from runner.connection import explain, parameters
from runner.dbt import profile_variables
from runner.environment import read
from runner.outcome import RunnerError
from runner.private_key import private_key

from tests.unit.image.support import VARIABLES

KEY = rsa.generate_private_key(65537, 2048)
DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ENCRYPTED_DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
ENCRYPTED = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame")).decode()


def test_every_missing_variable_is_named_at_once():
    """One at a time would be one deployment for each."""
    variables = {name: value for name, value in VARIABLES.items() if name not in {"SNOWFLAKE_ROLE", "ARTIFACTS_URI"}}

    with pytest.raises(RunnerError) as error:
        read(variables | {"SNOWFLAKE_PORT": "https", "DBT_TARGET": "a b", "SNOWFLAKE_AUTHENTICATOR": "oauth"})

    for said in (
        "SNOWFLAKE_ROLE is not set",
        "ARTIFACTS_URI is not set",
        "SNOWFLAKE_PORT is 'https', not a whole number",
        "DBT_TARGET is 'a b', not a name",
        "SNOWFLAKE_AUTHENTICATOR is 'oauth', not one of keyPair, password, workloadIdentity",
    ):
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("authenticator", "needed"),
    [("keyPair", "SNOWFLAKE_PRIVATE_KEY"), ("password", "SNOWFLAKE_PASSWORD"), ("workloadIdentity", "AWS_REGION")],
)
def test_each_way_to_log_in_needs_its_own_credentials(authenticator: str, needed: str):
    """A workstream without any secret could not run; one with the wrong secret would find out at the warehouse."""
    variables = VARIABLES | {"SNOWFLAKE_AUTHENTICATOR": authenticator, "SNOWFLAKE_PRIVATE_KEY": "", "SNOWFLAKE_PASSWORD": ""}

    with pytest.raises(RunnerError, match=f"{needed} is not set"):
        read(variables)

    assert read(variables | {needed: "it"}).warehouse.authenticator == authenticator


def test_the_host_follows_from_the_account_unless_it_is_named():
    """The check of the connection would knock at another door than dbt."""
    assert read(VARIABLES | {"SNOWFLAKE_ACCOUNT": "MY_ORG-ACC"}).warehouse.address == "my-org-acc.snowflakecomputing.com:443"
    assert read(VARIABLES | {"SNOWFLAKE_HOST": "wh.internal", "SNOWFLAKE_PORT": "8443"}).warehouse.address == "wh.internal:8443"


def test_no_secret_shows_when_the_environment_is_printed():
    """A debug line would give the key away."""
    variables = VARIABLES | {"SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": "a-passphrase"}

    shown = repr(read(variables))

    assert "a-key-that-is-not-one" not in shown
    assert "a-passphrase" not in shown


def test_the_check_and_dbt_log_in_the_same_way():
    """The check would pass and dbt fail, or the other way round."""
    key = base64.b64encode(DER).decode()
    by_key = read(VARIABLES | {"SNOWFLAKE_PRIVATE_KEY": PEM})
    by_password = read(VARIABLES | {"SNOWFLAKE_AUTHENTICATOR": "password", "SNOWFLAKE_PASSWORD": "it"})
    by_role = read(VARIABLES | {"SNOWFLAKE_AUTHENTICATOR": "workloadIdentity", "AWS_REGION": "eu-west-1"})

    assert parameters(by_key.warehouse)["private_key"] == DER
    assert profile_variables(by_key)["DBT_ENV_SECRET_PRIVATE_KEY"] == key
    assert parameters(by_password.warehouse)["password"] == profile_variables(by_password)["DBT_ENV_SECRET_PASSWORD"] == "it"
    federated = parameters(by_role.warehouse)
    assert (federated["authenticator"], federated["workload_identity_provider"]) == ("WORKLOAD_IDENTITY", "AWS")
    assert profile_variables(by_role)["RUNNER_AUTHENTICATOR"] == "workload_identity"
    assert profile_variables(by_role)["RUNNER_IDENTITY_PROVIDER"] == "aws"
    for name in ("DBT_ENV_SECRET_PRIVATE_KEY", "DBT_ENV_SECRET_PASSWORD"):
        assert profile_variables(by_role)[name] == ""


@pytest.mark.parametrize(
    ("text", "passphrase"),
    [
        pytest.param(PEM, "", id="PEM"),
        pytest.param(PEM.replace("\n", "\\n"), "", id="PEM with written line breaks"),
        pytest.param(f"\n{PEM}\n\n", "", id="PEM with blank lines"),
        pytest.param(base64.b64encode(DER).decode(), "", id="base64 DER"),
        pytest.param(base64.encodebytes(DER).decode(), "", id="base64 DER in lines"),
        pytest.param(ENCRYPTED, "open sesame", id="encrypted PEM"),
        pytest.param(base64.b64encode(ENCRYPTED_DER).decode(), "open sesame", id="encrypted base64 DER"),
        pytest.param(PEM, "not needed", id="passphrase for a key without one"),
    ],
)
def test_a_key_is_taken_in_every_form_that_people_have(text: str, passphrase: str):
    """A key that works with Snowflake's own tools would not work here."""
    assert private_key(text, passphrase) == DER


@pytest.mark.parametrize(
    ("text", "passphrase", "message"),
    [
        (ENCRYPTED, "wrong", "passphrase does not fit"),
        (ENCRYPTED, "", "passphrase does not fit"),
        ("nonsense", "", "is no private key"),
        ("-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END PRIVATE KEY-----", "", "is no private key"),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "",
            "no RSA key",
        ),
    ],
    ids=["wrong passphrase", "no passphrase", "no PEM", "no key", "no RSA"],  # the same in each of xdist's workers
)
def test_a_key_that_cannot_work_is_refused_without_being_quoted(text: str, passphrase: str, message: str):
    """The message goes to the log, where many can read it."""
    with pytest.raises(RunnerError, match=message) as error:
        private_key(text, passphrase)

    assert text not in str(error.value)
    assert "ops credentials put" in error.value.fix


@pytest.mark.parametrize(
    ("authenticator", "code", "fix"),
    [
        ("keyPair", 390144, "SET RSA_PUBLIC_KEY"),
        ("workloadIdentity", 390144, "SET WORKLOAD_IDENTITY = (TYPE = AWS"),
        ("workloadIdentity", 251018, "task role"),
        ("workloadIdentity", 251021, "Leave SNOWFLAKE_HOST out"),
        ("workloadIdentity", 390189, "GRANT ROLE TRANSFORMER TO USER DBT"),
    ],
)
def test_a_refusal_is_explained_for_the_way_in_which_the_task_logs_in(authenticator: str, code: int, fix: str):
    """Somebody without any key would be told to register one."""
    warehouse = read(VARIABLES | {"SNOWFLAKE_AUTHENTICATOR": authenticator, "AWS_REGION": "eu-west-1"}).warehouse

    assert fix in explain(warehouse, code, "refused").fix

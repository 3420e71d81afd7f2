"""The merge request's own build."""

import re
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from dbt_common.constants import SECRET_ENV_PREFIX
from runner.environment import read

from ci import models
from sandbox.paths import REPOSITORY

LOGIN = {"account": "ORG-ACCOUNT", "user": "DBT_CI", "private_key": "pem", "private_key_passphrase": "of the key", "role": "CI"}
WAREHOUSE = {"database": "ANALYTICS", "warehouse": "TRANSFORMING", "role": "TRANSFORMER"}


def test_only_what_changed_and_what_depends_on_it_is_built(tmp_path: Path):
    """Everything else is read where the stack built it: that is what makes the build slim."""
    (sales, finance) = models.selections(REPOSITORY / "Pulumi.dev.yaml")

    select = ["--select", "state:modified+,tag:sales", "resource_type:seed,tag:sales"]
    assert sales.options(tmp_path) == [*select, "--defer", "--state", str(tmp_path)]
    assert finance.schema == "FINANCE"


def test_a_workstream_that_never_ran_is_built_whole():
    """There is nothing to read from, so a slim build would fail on its first reference."""
    (sales, _) = models.selections(REPOSITORY / "Pulumi.dev.yaml")

    assert sales.options(None) == ["--select", "tag:sales"]


def test_exclusions_hold(tmp_path: Path):
    """A model that the workstream leaves out may be one that must not run outside its own time."""
    file = tmp_path / "Pulumi.dev.yaml"
    workstream = {"project": "dbt_project", "schema": "SALES", "exclude": ["tag:nightly"]}
    file.write_text(yaml.safe_dump({"config": {"dbt-platform:workstreams": {"sales": workstream}}}))

    (sales,) = models.selections(file)

    assert sales.options(tmp_path)[:5] == ["--select", "state:modified+", "resource_type:seed", "--exclude", "tag:nightly"]


def test_a_merge_request_drops_its_own_schemas_only():
    """Number 7 must not drop what 70 builds, nor the stack's own tables."""
    schemas = [("A", "MR_7_SALES"), ("RAW", "mr_7_sales_raw"), ("A", "MR_70_SALES"), ("A", "SALES"), ("A", "MR_7")]

    assert models.owned(schemas, 7) == [("A", "MR_7_SALES"), ("RAW", "mr_7_sales_raw")]


def test_a_merge_request_is_built_with_the_workstream_s_variables(tmp_path: Path):
    """A project that asks for them could not be read, or would build something else than what will run."""
    file = tmp_path / "Pulumi.dev.yaml"
    workstream = {"project": "p", "schema": "S", "selector": "nightly", "vars": {"x": 1e-05}, "environment": {"DBT_RAW": "RAW"}}
    file.write_text(yaml.safe_dump({"config": {"dbt-platform:workstreams": {"sales": workstream}}}))

    (sales,) = models.selections(file)

    assert sales.options(tmp_path)[:4] == ["--vars", "{x: 1.0e-05}", "--selector", "nightly"]
    assert sales.environment == {"DBT_RAW": "RAW"}


def test_it_connects_to_where_the_stack_file_says(tmp_path: Path):
    """A Snowflake that is reached by a name of its own is not at the one that its account has."""
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {"dbt-platform:warehouse": {"account": "ORG-ACCOUNT", "host": "own.example.com"}}}))

    warehouse = read(models.connection_variables({**LOGIN, **models.address(file)}, WAREHOUSE, "MR_7_SALES")).warehouse

    assert (warehouse.host, warehouse.port, warehouse.protocol) == ("own.example.com", 443, "https")


def test_a_macro_of_the_merge_request_sees_no_credentials():
    """Whoever may open a merge request could otherwise print the warehouse's key, or AWS's and GitLab's tokens, in the log."""
    key = rsa.generate_private_key(65537, 2048)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"of the key")).decode()
    job = {"AWS_ID_TOKEN": "aws", "CI_JOB_TOKEN": "gitlab", "PATH": "/bin", "DBT_THREADS": "8", "https_proxy": "http://proxy"}
    connection = models.connection_variables({**LOGIN, "private_key": encrypted}, WAREHOUSE, "MR_7_SALES")

    given = models.dbt_environment(job, connection)

    assert given["DBT_ENV_SECRET_PRIVATE_KEY"]
    assert given["SNOWFLAKE_SCHEMA"] == "MR_7_SALES"
    assert {"PATH", "DBT_THREADS", "https_proxy"} <= set(given)
    shown = " ".join(value for name, value in given.items() if not name.startswith(SECRET_ENV_PREFIX))
    assert not [secret for secret in ("aws", "gitlab", "of the key", *encrypted.splitlines()) if secret in shown]


def test_it_connects_as_the_container_does():
    """Otherwise a merge request passes, or fails, for a reason that production does not have."""
    variables = models.connection_variables(LOGIN, WAREHOUSE, "MR_7_SALES")

    warehouse = read(variables).warehouse

    assert warehouse.schema == "MR_7_SALES"
    assert warehouse.authenticator == "keyPair"
    assert warehouse.role == "CI", "the secret's own role, not the platform's"
    demanded = re.findall(r"env_var\('(\w+)'\)", (REPOSITORY / "image/profiles.yml").read_text())
    assert demanded
    assert set(demanded) <= set(variables)

"""The merge request's own build."""

import re
from pathlib import Path

import yaml
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
    schemas = ["MR_7_SALES", "mr_7_sales_raw", "MR_70_SALES", "SALES", "MR_7"]

    assert models.owned(schemas, 7) == ["MR_7_SALES", "mr_7_sales_raw"]


def test_it_connects_to_where_the_stack_file_says(tmp_path: Path):
    """A Snowflake that is reached by a name of its own is not at the one that its account has."""
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {"dbt-platform:warehouse": {"account": "ORG-ACCOUNT", "host": "own.example.com"}}}))

    warehouse = read(models.connection_variables({**LOGIN, **models.address(file)}, WAREHOUSE, "MR_7_SALES")).warehouse

    assert (warehouse.host, warehouse.port, warehouse.protocol) == ("own.example.com", 443, "https")


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

"""The merge request's own build."""

import re
from pathlib import Path

import yaml

from ci import models
from sandbox.paths import REPOSITORY

LOGIN = {"account": "ORG-ACCOUNT", "user": "DBT_CI", "private_key": "pem", "private_key_passphrase": "of the key", "role": "CI"}
WAREHOUSE = {"database": "ANALYTICS", "warehouse": "TRANSFORMING", "role": "TRANSFORMER"}


def test_only_what_changed_and_what_depends_on_it_is_built(tmp_path: Path):
    """Everything else is read where the stack built it: that is what makes the build slim."""
    (sales, finance) = models.selections(REPOSITORY / "Pulumi.dev.yaml")

    assert sales.options(tmp_path) == ["--select", "state:modified+,tag:sales", "--defer", "--state", str(tmp_path)]
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

    assert sales.options(tmp_path)[:4] == ["--select", "state:modified+", "--exclude", "tag:nightly"]


def test_a_merge_request_drops_its_own_schemas_only():
    """Number 7 must not drop what 70 builds, nor the stack's own tables."""
    schemas = ["MR_7_SALES", "mr_7_sales_raw", "MR_70_SALES", "SALES", "MR_7"]

    assert models.owned(schemas, 7) == ["MR_7_SALES", "mr_7_sales_raw"]


def test_every_variable_that_the_profile_demands_is_set():
    """dbt stops at the first variable without a value, in a job that has waited for its turn."""
    demanded = set(re.findall(r"env_var\('(\w+)'\)", (REPOSITORY / "image/profiles.yml").read_text()))

    environment = models.dbt_environment(LOGIN, WAREHOUSE, "MR_7_SALES")

    assert demanded
    assert demanded <= set(environment)
    assert environment["SNOWFLAKE_ROLE"] == "CI", "the secret's own role, not the platform's"


def test_the_key_is_in_variables_that_dbt_hides():
    """dbt scrubs these from its logs, and the profile reads no other."""
    profile = (REPOSITORY / "image/profiles.yml").read_text()
    environment = models.dbt_environment(LOGIN, WAREHOUSE, "MR_7_SALES")

    secrets = {name for name, value in environment.items() if value in (LOGIN["private_key"], LOGIN["private_key_passphrase"])}

    assert len(secrets) == 2
    assert all(name.startswith("DBT_ENV_SECRET_") and f"env_var('{name}'" in profile for name in secrets)

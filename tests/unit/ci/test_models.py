"""The merge request's own build."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from dbt_common.constants import SECRET_ENV_PREFIX
from runner.environment import read

from ci import models
from ops.errors import OpsError
from sandbox.paths import REPOSITORY
from settings.stack import Settings
from tests.unit.image.test_refs import MANIFEST, reports
from tests.unit.recorder import stack_file

LOGIN = {"account": "ORG-ACCOUNT", "user": "DBT_CI", "private_key": "pem", "private_key_passphrase": "of the key", "role": "CI"}
STATE = ["--defer", "--state", "/state"]


def settings(**changes: Any) -> Settings:
    """The stack `dev`, with another sales."""
    values = deepcopy(stack_file("dev"))
    values["dbt-platform:workstreams"]["sales"] |= changes
    return Settings.read("dev", values)


def commands(state: str | None = "/state", **changes: Any) -> list[list[str]]:
    """What dbt is told for sales; `{{ var('x') }}` is all that the project reads of variables."""
    stack = settings(**changes)
    sales = stack.workstreams["sales"]
    told = read(models.told(stack, sales, LOGIN, "MR_7_SALES"))
    return list(models.commands(sales, told, sales.build.folder, Path(state) if state else None))


def test_only_what_changed_and_what_depends_on_it_is_built():
    """Everything else is read where the stack built it: that is what makes the build slim."""
    assert commands() == [["build", "--select", "state:modified+,tag:sales", "resource_type:seed,tag:sales", *STATE]]


def test_a_workstream_that_never_ran_is_built_whole():
    """There is nothing to read from, so a slim build would fail on its first reference."""
    assert commands(None) == [["build", "--select", "tag:sales"]]


def test_exclusions_hold():
    """A model that the workstream leaves out may be one that must not run outside its own time."""
    select = ["--select", "state:modified+", "resource_type:seed", "--exclude", "tag:nightly"]
    assert commands(select=[], exclude=["tag:nightly"]) == [["build", *select, *STATE]]


def test_a_selector_is_the_workstream_s():
    """dbt takes none beside `--select`: the whole of it is built, rather than something else."""
    assert commands(select=[], selector="nightly") == [["build", "--selector", "nightly", *STATE]]


def test_what_is_run_is_what_will_run():
    """Another verb, selection or order than in production passes, or fails, for a reason that production does not have."""
    given = ["seed", "run-operation grant --args '{role: x}'", "source freshness", "run --select tag:a --threads 8", "test"]

    assert commands(commands=given, fullRefresh=True) == [
        ["seed", "--select", "state:modified+,tag:sales", "resource_type:seed,tag:sales", "--full-refresh", *STATE],
        ["run-operation", "grant", "--args", "{role: x}"],
        ["run", "--threads", "8", "--select", "state:modified+,tag:a", "--full-refresh", *STATE],
        ["test", "--select", "state:modified+,tag:sales", *STATE],
    ]


def test_it_has_the_workstream_s_variables_and_those_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project that asks for them could not be read, or would build something else than what will run."""
    (tmp_path / "a.sql").write_text("{{ var('x') }} {{ var('y') }}")
    stack = settings(vars={"x": 1e-05, "y": 1}, commands=["build --vars '{y: 2}'"], environment={"DBT_RAW": "RAW"})
    sales = stack.workstreams["sales"]
    variables = models.told(stack, sales, LOGIN, "MR_7_SALES")

    [arguments] = models.commands(sales, read(variables), tmp_path, None)

    assert yaml.safe_load(arguments[arguments.index("--vars") + 1]) == {"x": 1e-05, "y": 2}
    assert variables["DBT_RAW"] == "RAW"


def test_a_secret_of_the_workstream_is_a_placeholder(tmp_path: Path):
    """A merge request must not get it, and the project can't be read without a value."""
    (tmp_path / "a.sql").write_text("{{ env_var('DBT_ENV_SECRET_API') }} {{ env_var('SNOWFLAKE_ROLE') }}")
    stack = settings(secrets={"DBT_ENV_SECRET_API": {"secret": "team/api"}})
    variables = models.told(stack, stack.workstreams["sales"], LOGIN | {"private_key": ""}, "MR_7_SALES")
    variables |= {"SNOWFLAKE_AUTHENTICATOR": "workloadIdentity", "AWS_REGION": "eu-west-1"}

    given = models.dbt_environment({"DBT_ENV_SECRET_OTHER": "x"}, variables, tmp_path)

    assert given["DBT_ENV_SECRET_API"] == "placeholder"
    assert given["SNOWFLAKE_ROLE"] == "CI"


def test_models_of_other_projects_are_those_that_the_stack_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The merge request would fail for what it does not change."""
    project = reports(tmp_path / "reports", "ref('shop', 'orders')")
    monkeypatch.setattr(models, "_state", lambda _bucket, _workstream, _folder: None)
    with pytest.raises(OpsError, match="First: ops run sales"):
        models._others("artifacts", {"shop": "sales"}, project, tmp_path)

    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    monkeypatch.setattr(models, "_state", lambda _bucket, _workstream, _folder: tmp_path)
    given = models._others("artifacts", {"shop": "sales"}, project, tmp_path)

    assert {each["name"] for each in json.loads(Path(given["RUNNER_REFS"]).read_text())} == {"orders", "customers"}
    assert (Path(given["PYTHONPATH"]) / "dbt_refs.py").is_file()
    assert models._others("artifacts", {}, project, tmp_path) == {}


def test_a_workstream_s_own_target_is_never_a_merge_request_s():
    """A project that takes it for production would leave the merge request's schema for its own."""
    stack = settings(target="prod")

    assert models.told(stack, stack.workstreams["sales"], LOGIN, "MR_7_SALES")["DBT_TARGET"] == "development"


def test_the_project_is_built_as_its_image_has_it(tmp_path: Path):
    """The packages of a project would be missing, and what is not in the image would be read."""
    sales = settings().workstreams["sales"]

    with models.copied(sales) as project:
        names = {path.name for path in project.iterdir()}

    assert {"dbt_project.yml", "models"} <= names
    assert names & {"target", "logs", "dbt_packages"} == set()
    assert not project.exists()


def test_a_merge_request_builds_where_the_workstream_does():
    """In another database its models would read, and be compared with, what is not there."""
    stack = settings(database="BOOKS", warehouse="BOOKS_WH")

    told = models.told(stack, stack.workstreams["sales"], LOGIN, "MR_7_SALES")

    assert (told["SNOWFLAKE_DATABASE"], told["SNOWFLAKE_WAREHOUSE"]) == ("BOOKS", "BOOKS_WH")
    assert told["SNOWFLAKE_USER"] == LOGIN["user"]


def test_a_stack_file_that_is_wrong_is_told_as_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What was read past the settings failed with a KeyError, or was taken for something else."""
    values = deepcopy(stack_file("dev"))
    values["dbt-platform:workstreams"]["sales"]["projct"] = "dbt_project"
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": values}))
    monkeypatch.chdir(tmp_path)

    with pytest.raises(OpsError, match="Did you mean 'project'"):
        models.drop("dev", 7, "secret")


def test_a_merge_request_drops_its_own_schemas_only():
    """Number 7 must not drop what 70 builds, nor the stack's own tables."""
    schemas = [("A", "MR_7_SALES"), ("RAW", "mr_7_sales_raw"), ("A", "MR_70_SALES"), ("A", "SALES"), ("A", "MR_7")]

    assert models.owned(schemas, 7) == [("A", "MR_7_SALES"), ("RAW", "mr_7_sales_raw")]


def test_it_connects_to_where_the_stack_file_says():
    """A Snowflake that is reached by a name of its own is not at the one that its account has."""
    values = deepcopy(stack_file("dev"))
    values["dbt-platform:warehouse"]["host"] = "own.example.com"
    stack = Settings.read("dev", values)

    warehouse = read(models.told(stack, stack.workstreams["sales"], LOGIN, "MR_7_SALES")).warehouse

    assert (warehouse.host, warehouse.port, warehouse.protocol) == ("own.example.com", 443, "https")


def test_a_macro_of_the_merge_request_sees_no_credentials(tmp_path: Path):
    """Whoever may open a merge request could otherwise print the warehouse's key, or AWS's and GitLab's tokens, in the log."""
    key = rsa.generate_private_key(65537, 2048)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"of the key")).decode()
    job = {"AWS_ID_TOKEN": "aws", "CI_JOB_TOKEN": "gitlab", "PATH": "/bin", "DBT_STATE": "x", "https_proxy": "http://proxy"}
    stack = settings()
    variables = models.told(stack, stack.workstreams["sales"], {**LOGIN, "private_key": encrypted}, "MR_7_SALES")

    given = models.dbt_environment(job, variables, tmp_path)

    assert given["DBT_ENV_SECRET_PRIVATE_KEY"]
    assert given["SNOWFLAKE_SCHEMA"] == "MR_7_SALES"
    assert {"PATH", "DBT_STATE", "https_proxy"} <= set(given)
    shown = " ".join(value for name, value in given.items() if not name.startswith(SECRET_ENV_PREFIX))
    assert not [secret for secret in ("aws", "gitlab", "of the key", *encrypted.splitlines()) if secret in shown]


def test_it_connects_as_the_container_does():
    """Otherwise a merge request passes, or fails, for a reason that production does not have."""
    stack = settings()
    variables = models.told(stack, stack.workstreams["sales"], LOGIN, "MR_7_SALES")

    warehouse = read(variables).warehouse

    assert warehouse.schema == "MR_7_SALES"
    assert warehouse.authenticator == "keyPair"
    assert warehouse.role == "CI", "the secret's own role, not the platform's"
    demanded = re.findall(r"env_var\('(\w+)'\)", (REPOSITORY / "image/profiles.yml").read_text())
    assert demanded
    assert set(demanded) <= set(variables)

"""`ops workstream add`: a project is read, and its entry is written into the stack file."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ops import workstream
from ops.cli import app
from ops.survey import survey
from projects import pins
from settings import rules
from settings.project import REPOSITORY
from settings.sections import git_project
from tests.unit.projects.repository import Repository

PROJECT = {
    "dbt_project.yml": "name: shop\nvars:\n  known: 1\nseed-paths: [data]\n",
    "macros/schema.sql": "{% if target.name == 'prod' %}x{% elif target.name in ('ci', 'qa') %}{% endif %}",
    "models/orders.sql": "{{ config(materialized='incremental', incremental_strategy='microbatch') }}\n"
    "select '{{ env_var('DBT_RAW') }}', {{ var('day') }}, {{ var('known') }}, '{{ env_var('DBT_ENV_SECRET_KEY') }}',"
    " '{{ env_var('SNOWFLAKE_DATABASE') }}'",
    "models/sources.yml": "sources: [{name: raw, tables: [{name: customers}, {name: o, identifier: ORDERS}]}]",
    "models/score.py": "def model(dbt, session): ...",
    "data/customers.csv": "id",
    "data/countries.csv": "id",
    "packages.yml": "packages: [{package: dbt-labs/dbt_utils, version: 1.3.0}, {git: https://host/a.git}]",
    "selectors.yml": "selectors: [{name: nightly, default: true, definition: 'tag:n'}, {name: weekly, definition: 'tag:w'}]",
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one stack file, and the pipeline's rules."""
    for module in (workstream, rules, git_project):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    monkeypatch.setattr(workstream, "GIT_CACHE", tmp_path / ".build")
    for name in ("Pulumi.dev.yaml", ".gitlab/ci/rules.yml", "dbt_project/dbt_project.yml"):
        written(tmp_path, {name: (REPOSITORY / name).read_text()})
    return tmp_path


def add(*arguments: str, stdin: str = "") -> str:
    done = CliRunner().invoke(app, ["--stack", "dev", "workstream", "add", *arguments], input=stdin)
    return f"{done.exit_code} {done.output}".replace("\n", " ")


def entry(repository: Path, name: str) -> dict[str, Any]:
    return yaml.safe_load((repository / "Pulumi.dev.yaml").read_text())["config"]["dbt-platform:workstreams"][name]


def test_all_that_a_project_needs_is_read(tmp_path: Path):
    """Each would be found out by a run that fails, or by one that does something else."""
    lines = "\n".join(survey(written(tmp_path, PROJECT)).lines())

    assert lines.splitlines() == [
        "dbt project shop",
        "compares target.name with prod (macros/schema.sql:1)",
        "compares target.name with ci (macros/schema.sql:1)",
        "compares target.name with qa (macros/schema.sql:1)",
        "env_var() without a default: DBT_RAW (models/orders.sql:2)",
        "env_var() without a default: DBT_ENV_SECRET_KEY (models/orders.sql:2)",
        "var() without a value: day (models/orders.sql:2)",
        "packages: dbt-labs/dbt_utils, https://host/a.git; no package-lock.yml: versions may move",
        "selectors: nightly (the default), weekly",
        "seeds that are read as sources: customers",
        "microbatch models: a scheduled run and a backfill build the batches of their interval",
        "Python models: they run in Snowflake, with the packages that it has",
    ]


def test_what_it_reads_of_other_projects_and_a_dbt_that_is_too_old_are_told(repository: Path):
    """The first would be asked for by the deployment, the second would end it."""
    more = {
        "dependencies.yml": "projects: [{name: core}]",
        "models/late.sql": "select * from {{ ref('core', 'people') }}",
        "requirements.txt": "dbt-core==1.7.4",
    }
    written(repository / "transform", PROJECT | more)

    said = add("shop", "--project", "transform")

    assert "models of other projects: core.people (models/late.sql:1)" in said
    assert "missing: requirements.txt asks for dbt-core==1.7.4, and the platform works with" in said


def test_an_entry_is_added_and_every_other_line_stays(repository: Path):
    """A tool that writes YAML anew would drop the comments, which say why a stack is as it is."""
    before = (repository / "Pulumi.dev.yaml").read_text().splitlines()
    written(repository / "transform", PROJECT)

    said = add("shop", "--project", "transform", "--env", "DBT_RAW=RAW", "--secret", "DBT_ENV_SECRET_KEY=team/key:token")

    after = (repository / "Pulumi.dev.yaml").read_text().splitlines()
    assert [line for line in before if line not in after] == []
    assert after[: len(before)] == before
    assert entry(repository, "shop") == {
        "project": "transform",
        "schema": "SHOP",
        "owner": "data-platform",
        "schedule": None,
        "commands": ["seed", "build --exclude-resource-type seed"],
        "environment": {"DBT_RAW": "RAW"},
        "secrets": {"DBT_ENV_SECRET_KEY": {"secret": "team/key", "field": "token"}},
    }
    assert "missing: models/orders.sql:2: var('day') has no value" in said
    assert "missing: the secret team/key must be in AWS Secrets Manager" in said
    assert "    - transform/**/*\n" in (repository / ".gitlab/ci/rules.yml").read_text()
    assert "DBT_RAW')" not in said.partition("missing")[2]


def test_on_a_production_stack_the_target_is_the_one_that_the_project_means(repository: Path):
    """All tables would land in other schemas, without a word."""
    values = (REPOSITORY / "Pulumi.prod.yaml").read_text()
    written(repository, {"Pulumi.dev.yaml": values, **{f"transform/{name}": text for name, text in PROJECT.items()}})

    add("shop", "--project", "transform", "--var", "day=2026-01-31", "--var", "limit=5", "--command", "build")

    assert entry(repository, "shop")["target"] == "prod"
    assert entry(repository, "shop")["vars"]["limit"] == 5
    assert entry(repository, "shop")["commands"] == ["build"]


def test_who_sits_at_a_terminal_is_asked_for_what_nobody_can_know(repository: Path, monkeypatch: pytest.MonkeyPatch):
    """They would have to read the page on every key first."""
    written(repository / "transform", PROJECT)
    monkeypatch.setattr(workstream, "at_a_terminal", lambda: True)

    add("shop", "--project", "transform", stdin="prod\n2026-01-31\nRAW\nsecret:team/key\n")

    added = entry(repository, "shop")
    assert added["target"] == "prod"
    assert str(added["vars"]["day"]) == "2026-01-31"
    assert (added["environment"], added["secrets"]) == ({"DBT_RAW": "RAW"}, {"DBT_ENV_SECRET_KEY": {"secret": "team/key"}})


def test_a_project_in_git_is_pinned_at_once(repository: Path, tmp_path: Path):
    """The entry alone would be refused until somebody has found out about pins."""
    remote = Repository(tmp_path / "analytics.git")
    commit = remote.commit({f"dbt/{name}": text for name, text in PROJECT.items()}, tag="v1")

    add("shop", "--project", remote.address, "--ref", "v1", "--path", "dbt")

    assert entry(repository, "shop")["project"] == {"git": remote.address, "ref": "v1", "path": "dbt"}
    assert pins.read(repository) == {remote.address: {"v1": commit}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sales", "--project", "transform"], "has a workstream 'sales' already"),
        (["shop", "--project", "nowhere"], "nowhere is no folder beside Pulumi.yaml, and no address"),
        (["shop", "--project", "docs"], "no dbt_project.yml in docs"),
        (["shop", "--project", "transform", "--env", "DBT_RAW"], "'DBT_RAW' is no NAME=VALUE"),
        (["shop", "--project", "transform", "--schedule", "daily at 5"], "five cron fields"),
        (["Shop", "--project", "transform"], "lower-case letters"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(repository: Path, arguments: list[str], said: str):
    """A stack file that is half right stops everybody's deployments."""
    written(repository / "transform", PROJECT)
    (repository / "docs").mkdir()
    before = (repository / "Pulumi.dev.yaml").read_text()

    told = add(*arguments)

    assert told.startswith("1 ")
    assert said in " ".join(told.split())
    assert (repository / "Pulumi.dev.yaml").read_text() == before


def test_a_file_that_takes_no_entry_is_left_and_the_entry_shown(repository: Path):
    """Somebody may write flow style; a broken file would be worse than a line to paste."""
    written(repository / "transform", PROJECT)
    values = yaml.safe_load((repository / "Pulumi.dev.yaml").read_text())
    (repository / "Pulumi.dev.yaml").write_text(yaml.safe_dump(values, default_flow_style=True))

    said = add("shop", "--project", "transform")

    assert 'Add it yourself: {"shop": {"project": "transform"' in said

"""Whose models `ref('project', 'model')` means: found where that is plain, else asked for."""

from pathlib import Path
from typing import Any

import pytest

from settings import rules
from settings.errors import SettingsError
from settings.sections import workstream
from settings.stack import Settings
from settings.upstreams import upstreams
from tests.unit.recorder import stack_file


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project `shop`, and `reports`, which reads a model of it and names one more project that it does not read."""
    files = {
        "store/dbt_project.yml": "name: shop",
        "reports/dbt_project.yml": "name: reports",
        "reports/dependencies.yml": "projects: [{name: shop}, {name: unread}]",
        "reports/models/a.sql": "select * from {{ ref('shop', 'orders') }}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for module in (rules, workstream):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    return tmp_path


def meant(reports: dict[str, Any], *shops: str) -> dict[str, str]:
    """What `reports` reads, where these workstreams run the shop."""
    values, common = stack_file("dev"), {"schema": "X", "owner": "a", "schedule": None}
    others = {name: {**common, "project": "store"} for name in shops}
    values["dbt-platform:workstreams"] = {**others, "reports": {**common, "project": "reports", **reports}}
    found = upstreams(Settings.read("dev", values))
    assert all(found[name] == {} for name in shops)
    return found["reports"]


def test_the_one_that_runs_the_project_is_meant(repository: Path):
    """To write it down would be one more thing to get wrong."""
    assert meant({}, "sales") == {"shop": "sales"}


def test_of_several_it_is_the_one_that_is_waited_for_or_that_is_named(repository: Path):
    """Each builds the models in a schema of its own."""
    assert meant({"schedule": "finance"}, "sales", "finance") == {"shop": "finance"}
    assert meant({"after": {"all": ["sales"]}}, "sales", "finance") == {"shop": "sales"}
    assert meant({"schedule": "finance", "refs": {"shop": "sales"}}, "sales", "finance") == {"shop": "sales"}


@pytest.mark.parametrize(
    ("reports", "shops", "said"),
    [
        ({}, (), "dependencies.yml names the project 'shop', and no workstream of this stack runs it"),
        ({}, ("sales", "finance"), "The project 'shop' is run by sales, finance: say whose tables are meant, for instance sales"),
        ({"refs": {"shop": "gone"}}, ("sales",), "workstreams.reports.refs.shop = 'gone'"),
    ],
)
def test_what_is_not_plain_is_asked_for(repository: Path, reports: dict[str, Any], shops: tuple[str, ...], said: str):
    """It would read another team's tables, without a word."""
    with pytest.raises(SettingsError) as refusal:
        meant(reports, *shops)

    assert said in str(refusal.value)
    assert "dbt-platform:workstreams.reports.refs.shop" in str(refusal.value)


def test_a_stack_without_such_projects_reads_no_more_files_than_before(repository: Path):
    """Every preview would take longer."""
    (repository / "reports/models/a.sql").write_text("select 1")
    (repository / "store/dbt_project.yml").write_text("{{ no yaml")

    assert meant({}, "sales") == {}

"""The smoke run after a deployment, and the checks of the dbt projects: which programs they call, and what they make of them."""

import contextlib
import json
import sys
from pathlib import Path

import pytest

from ci import projects
from ci.verification import verify
from ops.errors import OpsError
from settings import rules
from tests.fake_program import FakeProgram

OUTPUTS = {"workstreams": {"sales": {"longestMinutes": 144}, "finance": {"longestMinutes": 20}}}


@pytest.fixture
def ops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    return FakeProgram.on_path("ops", tmp_path, monkeypatch)


@pytest.mark.parametrize(("chosen", "run"), [(None, "sales"), ("finance", "finance")])
def test_the_smoke_run_waits_for_a_workstream(ops: FakeProgram, chosen: str | None, run: str):
    """A deployment that nobody ran is a failure at five in the morning."""
    verify(OUTPUTS, "dev", chosen)

    assert ops.calls == [["--stack", "dev", "run", run, "--wait"]]


@pytest.mark.parametrize(("minutes", "run"), [(None, "sales"), (154, "sales"), (153, "finance")])
def test_the_smoke_run_is_one_that_ends_before_the_job(ops: FakeProgram, minutes: float | None, run: str):
    """GitLab ends the job in the middle of a run that is well: a red pipeline, and nobody knows what of."""
    verify(OUTPUTS, "dev", None, minutes)

    assert [call[3] for call in ops.calls] == [run]


def test_a_job_that_could_await_nothing_says_so_at_once(ops: FakeProgram):
    """Better than to be ended after half an hour, each time."""
    with pytest.raises(OpsError, match="sales 154, finance 30") as refused:
        verify(OUTPUTS, "dev", None, 29)

    assert "VERIFY_WORKSTREAM" in refused.value.fix
    assert ops.calls == []

    verify(OUTPUTS, "dev", "sales", 29)
    assert ops.calls


def test_a_failed_smoke_run_prints_the_way_back(ops: FakeProgram):
    """Whoever sees the red job should not have to look the command up."""
    ops.answers({"dev run sales": ("", 1)})

    with pytest.raises(OpsError) as failed:
        verify(OUTPUTS, "dev", None)

    assert "ops --stack dev rollback sales" in failed.value.fix


def test_an_unknown_workstream_lists_the_known(ops: FakeProgram):
    """A renamed workstream leaves its old name in a CI/CD variable that nobody remembers."""
    with pytest.raises(OpsError, match="marketing") as failed:
        verify(OUTPUTS, "dev", "marketing")

    assert "sales, finance" in failed.value.fix
    assert ops.calls == []


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two dbt projects that have styles of their own."""
    for name, policy in {"dbt_finance": "upper", "dbt_sales": "lower"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "dbt_project.yml").touch()
        style = f"[sqlfluff]\ndialect = snowflake\n[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = {policy}\n"
        (tmp_path / name / ".sqlfluff").write_text(style)
        for file in ("models/orders.sql", "dbt_packages/utils/models/mixed.sql"):
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_text("SELECT 1 AS a\n")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_project_is_checked_to_the_end(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """One push should show all that is wrong, each in the style of its own project, in the log and as GitLab's report."""
    dbt = FakeProgram.on_path("dbt", root, monkeypatch)
    dbt.answers({"parse --project-dir dbt_finance": ("", 2)})

    with pytest.raises(OpsError, match=r"dbt_finance does not parse; the SQL of dbt_sales is not in its style"):
        projects.check(Path(), Path("quality.json"))

    assert dbt.verbs == ["parse", "parse"]
    assert "dbt_sales/models/orders.sql:1: CP01" in capsys.readouterr().out
    assert {each["location"]["path"] for each in json.loads(Path("quality.json").read_text())} == {"dbt_sales/models/orders.sql"}


def test_a_style_that_needs_a_warehouse_holds_nothing_up(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Public projects have a `.sqlfluff`, and most of these compile with dbt: without it every macro is an error."""
    FakeProgram.on_path("dbt", root, monkeypatch)
    (root / "dbt_sales/.sqlfluff").write_text("[sqlfluff]\ndialect = snowflake\ntemplater = dbt\n")

    projects.check(Path(), Path("quality.json"))

    assert "dbt_sales/.sqlfluff asks for the templater dbt, which is not here" in capsys.readouterr().out


def test_every_project_that_a_stack_may_name_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project that only the deployment knows gets into production unread."""
    for name in ("dbt_sales", "dbt_sales/dbt_packages/utils", "dbt_projects/books", "analytics"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "dbt_project.yml").touch()
    named = []
    monkeypatch.setattr(rules, "REPOSITORY", tmp_path)
    for file in tmp_path.rglob("dbt_project.yml"):
        with contextlib.suppress(ValueError):
            named.append(rules.dbt_project(file.parent.relative_to(tmp_path).as_posix()))
    dbt = FakeProgram.on_path("dbt", tmp_path, monkeypatch)
    sqlfluff = FakeProgram.on_path("sqlfluff", tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)

    projects.check(Path(), tmp_path / "codequality.json")

    parsed = {call[call.index("--project-dir") + 1] for call in dbt.calls}
    assert parsed == {"analytics", "dbt_projects/books", "dbt_sales"}
    assert set(named) == {*parsed, "dbt_sales/dbt_packages/utils"}
    assert sqlfluff.calls == [], "a style of ours on a project that never asked for one"
    assert json.loads((tmp_path / "codequality.json").read_text()) == []


def test_a_project_is_parsed_with_its_packages_and_with_placeholders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project that is brought could not be read here, although its image can be built and its workstream has every value."""
    for name, text in {"dbt_project.yml": "", "packages.yml": "packages: [{local: ../units}]", "a.sql": "{{ var('day') }}"}.items():
        (tmp_path / "transform").mkdir(exist_ok=True)
        (tmp_path / "transform" / name).write_text(text)
    dbt = FakeProgram.on_path("dbt", tmp_path, monkeypatch)

    projects.check(tmp_path, tmp_path / "codequality.json")

    assert dbt.verbs == ["deps", "parse"]
    assert dbt.calls[1][-2:] == ["--vars", '{"day": "placeholder"}'], "and a warning is no error"


def test_a_repository_without_a_project_is_no_success(tmp_path: Path):
    """The job would be green for ever after a folder is renamed."""
    with pytest.raises(OpsError, match="No dbt project"):
        projects.check(tmp_path, tmp_path / "codequality.json")

"""The smoke run after a deployment, and the checks of the dbt projects: which programs they call, and what they make of them."""

import json
from pathlib import Path

import pytest

from ci import projects
from ci.errors import CiError
from ci.verification import verify
from tests.fake_program import FakeProgram

OUTPUTS = {"workstreams": {"sales": {}, "finance": {}}}


@pytest.fixture
def ops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    return FakeProgram.on_path("ops", tmp_path, monkeypatch)


@pytest.mark.parametrize(("chosen", "run"), [(None, "sales"), ("finance", "finance")])
def test_the_smoke_run_waits_for_a_workstream(ops: FakeProgram, chosen: str | None, run: str):
    """A deployment that nobody ran is a failure at five in the morning."""
    verify(OUTPUTS, "dev", chosen)

    assert ops.calls == [["--stack", "dev", "run", run, "--wait"]]


def test_a_failed_smoke_run_prints_the_way_back(ops: FakeProgram):
    """Whoever sees the red job should not have to look the command up."""
    ops.answers({"dev run sales": ("", 1)})

    with pytest.raises(CiError) as failed:
        verify(OUTPUTS, "dev", None)

    assert "ops --stack dev rollback sales" in failed.value.fix


def test_an_unknown_workstream_lists_the_known(ops: FakeProgram):
    """A renamed workstream leaves its old name in a CI/CD variable that nobody remembers."""
    with pytest.raises(CiError, match="marketing") as failed:
        verify(OUTPUTS, "dev", "marketing")

    assert "sales, finance" in failed.value.fix
    assert ops.calls == []


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two dbt projects."""
    for name in ("dbt_finance", "dbt_sales"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dbt_project.yml").touch()
    return tmp_path


def test_every_project_is_checked_to_the_end(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """One push should show all that is wrong, in the log and as GitLab's report, and read the SQL only once."""
    quality = root / "codequality.json"
    place = {"path": "dbt_sales/models/orders.sql", "positions": {"begin": {"line": 7}}}
    quality.write_text(json.dumps([{"location": place, "description": "CP01: Keywords must be lower case."}]))
    dbt = FakeProgram.on_path("dbt", root, monkeypatch)
    sqlfluff = FakeProgram.on_path("sqlfluff", root, monkeypatch)
    dbt.answers({f"parse {root}/dbt_finance": ("", 2)})
    sqlfluff.answers({"lint": ("", 1)})

    with pytest.raises(CiError, match=r"dbt_finance does not parse; the SQL is not in our style"):
        projects.check(root, quality)

    assert dbt.verbs == ["parse", "parse"]
    assert [str(quality) in call for call in sqlfluff.calls] == [True]
    assert "dbt_sales/models/orders.sql:7: CP01" in capsys.readouterr().out


def test_a_repository_without_a_project_is_no_success(tmp_path: Path):
    """The job would be green for ever after a folder is renamed."""
    with pytest.raises(CiError, match="No dbt project"):
        projects.check(tmp_path, tmp_path / "codequality.json")

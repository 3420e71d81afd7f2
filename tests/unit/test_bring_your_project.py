"""docs/bring-your-project.md: what it tells to type is what the tools take."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ops import projects, workstream
from ops.cli import app
from settings import rules
from settings.project import REPOSITORY
from settings.sections import git_project
from settings.stack import Settings
from tests.unit.projects.repository import Repository

PAGE = (REPOSITORY / "docs/bring-your-project.md").read_text()
COMMANDS = [
    line.strip() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines() if line.strip()
]
PROJECT = {"dbt_project.yml": "name: shop", "models/a.sql": "select '{{ env_var('DBT_RAW_DATABASE') }}', {{ var('day') }}"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the platform, with a project in `transform`."""
    for module in (workstream, projects, rules, git_project):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    monkeypatch.setattr(workstream, "GIT_CACHE", tmp_path / ".build")
    for name, text in {
        "Pulumi.dev.yaml": (REPOSITORY / "Pulumi.dev.yaml").read_text(),
        "dbt_project/dbt_project.yml": "name: sales",
        **{f"transform/{name}": text for name, text in PROJECT.items()},
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_command_that_changes_files_does_what_the_page_says(checkout: Path, tmp_path: Path):
    """Somebody would follow it in their first ten minutes, and give up."""
    remote = Repository(tmp_path / "shop.git")
    first = remote.commit({f"transform/{name}": text for name, text in PROJECT.items()}, tag="v1.2")
    original = (checkout / "Pulumi.dev.yaml").read_text()

    def typed(command: str) -> None:
        words = shlex.split(command.replace("https://gitlab.com/example/shop.git", remote.address))
        done = CliRunner().invoke(app, words[3:])
        assert done.exit_code == 0, done.output

    in_git, in_a_folder = [command for command in COMMANDS if " workstream add " in command]
    [pin] = [command for command in COMMANDS if " projects pin " in command]
    typed(in_a_folder)
    (checkout / "Pulumi.dev.yaml").write_text(original)
    typed(in_git)
    typed(pin)

    values = yaml.safe_load((checkout / "Pulumi.dev.yaml").read_text())["config"]
    assert Settings.read("dev", values).workstreams["shop"].build.source == (remote.address, first, "transform")


def test_every_other_command_is_one(monkeypatch: pytest.MonkeyPatch):
    """A verb that was renamed would stay in the page for ever."""
    others = [command for command in COMMANDS if " workstream add " not in command and " projects pin " not in command]

    assert others == ["pulumi up --stack dev", "uv run ops --stack dev run shop --wait"]
    monkeypatch.setenv("COLUMNS", "200")
    assert "--wait" in CliRunner().invoke(app, ["run", "--help"]).output

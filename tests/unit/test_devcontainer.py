"""The dev container, as far as it can be tried without its image."""

import json
import re
import tomllib
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from settings.project import REPOSITORY

FOLDER = REPOSITORY / ".devcontainer"


def configuration() -> dict[str, Any]:
    """Of the dev container; its file is JSON with comments."""
    return json.loads(re.sub(r"^\s*//.*$", "", (FOLDER / "devcontainer.json").read_text(), flags=re.MULTILINE))


def test_its_python_is_one_that_the_project_takes():
    """`make lint`, its first command, would end with a version that nobody on a Mac can change."""
    tag = re.search(r"python:(\d+\.\d+)-", configuration()["image"])
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]

    assert tag
    assert Version(tag[1]) in SpecifierSet(project["requires-python"])


def test_it_keeps_what_the_sandbox_keeps_between_containers():
    """The Pulumi CLI and the images would be made anew with each container: minutes."""
    (mount,) = configuration()["mounts"]
    makefile = (REPOSITORY / "Makefile").read_text()

    assert configuration()["remoteUser"] == "root"
    assert "CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/dbt-platform" in makefile
    assert "target=/root/.cache/dbt-platform," in mount


def test_it_begins_with_what_makes_the_environment_that_its_editor_uses():
    """An editor without its interpreter marks every line of every file."""
    found = configuration()

    assert found["postCreateCommand"].endswith("&& make lint")
    assert found["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"] == ".venv/bin/python"
    assert found["privileged"] is True, "the Docker daemon that `make demo` starts"

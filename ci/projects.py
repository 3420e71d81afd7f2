"""The checks of the dbt projects that need no warehouse: do they parse, and is their SQL in the style that they have chosen?"""

import configparser
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runner.placeholders import dbt_variables_of, stand_ins, variables_of
from runner.project import NOT_ITS_OWN
from runner.requirements import suits

from ops.errors import OpsError
from projects.packages import entries
from settings.dbt_projects import dbt_projects

STYLE = ".sqlfluff"
"""File of a project that has one: sqlfluff's configuration."""

TEMPLATERS = {"jinja", "python", "placeholder", "raw"}
"""Of sqlfluff's, those that need no warehouse. That of dbt's connects, to compile."""

Finding = dict[str, Any]
"""One of GitLab's code quality report."""

PLACEHOLDERS = {f"SNOWFLAKE_{name}": "NOT_CONNECTED" for name in ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE", "SCHEMA")}
"""What the profile demands and parsing never uses."""


def check(root: Path, quality: Path) -> None:
    """Parses every project below `root`, lints the SQL of those that have a style, and writes GitLab's code quality report.

    Raises:
        OpsError: a project does not parse, or its SQL is not in its style.
    """
    projects = dbt_projects(root)
    if not projects:
        raise OpsError(f"No dbt project in {root.resolve()}.", "Start from the repository's folder.")
    dbt = version("dbt-core")
    fitting = [project for project in projects if suits(project, dbt)]
    for project in projects:
        if project not in fitting:
            print(f"{project} asks for another dbt than {dbt}, with which the build of its image reads it", flush=True)
    failed = [f"{project} does not parse" for project in fitting if not _parses(project, root)]
    findings: list[Finding] = []
    for project in filter(_has_style, projects):
        good, found = _lint(project)
        findings += found
        failed += [] if good else [f"the SQL of {project} is not in its style"]
    quality.write_text(json.dumps(findings))
    if failed:
        print(_readable(findings), flush=True)
        raise OpsError(f"{'; '.join(failed)}, see above.", "For the style: `sqlfluff fix` in the project's folder.")


def _has_style(project: Path) -> bool:
    """Whether its SQL can be looked at: a team that brings its project writes as it does, and says how, or does not."""
    if not (project / STYLE).is_file():
        return False
    style = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    style.read_string((project / STYLE).read_text())
    templater = style.get("sqlfluff", "templater", fallback=None) or "jinja"
    if templater not in TEMPLATERS:
        print(f"{project}/{STYLE} asks for the templater {templater}, which is not here: its SQL is not looked at", flush=True)
    return templater in TEMPLATERS and bool(_own(project))


def _lint(project: Path) -> tuple[bool, list[Finding]]:
    """Whether the SQL is in the project's style, and what is not, with paths as the repository has them."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "quality.json")
        # In its folder, because sqlfluff takes the templater from there only ("Configuration Files").
        command = [
            "sqlfluff",
            "lint",
            "--disable-progress-bar",
            "--format",
            "gitlab",
            "--write-output",
            str(report),
            *_own(project),
        ]
        good = _succeeds(command, folder=project)
        found: list[Finding] = json.loads(report.read_text()) if report.exists() else []
    for each in found:
        each["location"]["path"] = (project / each["location"]["path"]).as_posix()
    return good, found


def _own(project: Path) -> list[str]:
    """Its folders, without packages that dbt has put there."""
    names = sorted(path.name for path in project.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [name for name in names if name not in NOT_ITS_OWN]


def _readable(findings: Sequence[Finding]) -> str:
    """One a line; sqlfluff writes either the report or text."""
    found = [(each["location"], each["description"]) for each in findings]
    return "\n".join(f"{place['path']}:{place['positions']['begin']['line']}: {text}" for place, text in found)


def _parses(project: Path, root: Path) -> bool:
    """With its packages, and a placeholder for each value that only a task has, as while its image is built."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, **PLACEHOLDERS, "DBT_TARGET_PATH": scratch, "DBT_LOG_PATH": scratch}
        environment |= stand_ins(project, Path(scratch, "refs.json"))
        options = ["--project-dir", str(project), "--profiles-dir", str(root / "image"), "--profile", "platform"]
        if entries(project) and not _succeeds(["dbt", "deps", *options], variables_of(project, environment) | environment):
            return False
        asked = dbt_variables_of(project)
        command = ["dbt", "parse", *options, *(["--vars", json.dumps(asked)] if asked else [])]
        return _succeeds(command, variables_of(project, environment) | environment)


def _succeeds(command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None) -> bool:
    print("$", shlex.join(command), flush=True)
    return subprocess.run(command, env=environment, cwd=folder, check=False).returncode == 0

"""The checks of the dbt projects that need no warehouse: do they parse, and is their SQL in our style?"""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from runner.placeholders import dbt_variables_of, stand_ins, variables_of
from runner.requirements import suits

from ops.errors import OpsError
from projects.packages import entries
from settings.dbt_projects import dbt_projects

STYLE = Path(__file__).with_name("sqlfluff.cfg")

PLACEHOLDERS = {f"SNOWFLAKE_{name}": "NOT_CONNECTED" for name in ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE", "SCHEMA")}
"""What the profile demands and parsing never uses."""


def check(root: Path, quality: Path) -> None:
    """Parses every project below `root`, lints the SQL of those that have a style, and writes GitLab's code quality report.

    Raises:
        OpsError: a project does not parse, or its SQL is not in the style.
    """
    projects = dbt_projects(root)
    if not projects:
        raise OpsError(f"No dbt project in {root.resolve()}.", "Start from the repository's folder.")
    dbt = version("dbt-core")
    for project in projects:
        if not suits(project, dbt):
            print(f"{project} asks for another dbt than {dbt}, with which the build of its image reads it", flush=True)
    failed = [f"{project} does not parse" for project in projects if suits(project, dbt) and not _parses(project, root)]
    folders = [str(project) for project in projects if _has_style(project)]
    if not folders:
        quality.write_text("[]")
    lint = ["sqlfluff", "lint", "--config", str(STYLE), "--disable-progress-bar"]
    if folders and not _succeeds([*lint, "--format", "gitlab", "--write-output", str(quality), *folders]):
        print(_readable(quality), flush=True)
        failed.append("the SQL is not in our style")
    if failed:
        raise OpsError(f"{'; '.join(failed)}, see above.", f"For the style: sqlfluff fix --config {STYLE} {' '.join(folders)}")


def _readable(quality: Path) -> str:
    """The report's findings, one a line; sqlfluff writes either the report or text."""
    found = [(each["location"], each["description"]) for each in json.loads(quality.read_text())]
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
        strict = ["--warn-error"] if _has_style(project) else []
        command = ["dbt", "parse", *options, *(["--vars", json.dumps(asked)] if asked else []), *strict]
        return _succeeds(command, variables_of(project, environment) | environment)


def _has_style(project: Path) -> bool:
    """A team that brings its project need not write as we do: who has a `.sqlfluff` is held to the style, and to no warning."""
    return (project / ".sqlfluff").is_file()


def _succeeds(command: Sequence[str], environment: Mapping[str, str] | None = None) -> bool:
    print("$", shlex.join(command), flush=True)
    return subprocess.run(command, env=environment, check=False).returncode == 0

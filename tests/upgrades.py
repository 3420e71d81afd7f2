"""A team's clone of an earlier version, with what is the team's own in it, and its way to this one as docs/upgrade.md says."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from settings.project import REPOSITORY

RELEASED = "2d70e669d2c4cfcb23d9a6623d67ae2e5cf6293a"
"""The commit in which the changelog of 0.2.0 was complete."""

STACK = "acme"

PROJECT = {
    "acme/dbt_project.yml": "name: acme\nversion: '1.0'\nprofile: platform\nmodel-paths: [models]\n",
    "acme/models/deliveries.sql": (
        "{{ config(materialized='incremental', incremental_strategy='append') }}\nselect '{{ invocation_id }}' as built_by\n"
    ),
}
"""A dbt project of the team's, whose table grows by a row in each run: one that was made anew has only the last."""

EXAMPLES = (
    "Pulumi.dev.yaml",
    "Pulumi.prod.yaml",
    "CODEOWNERS",
    "bootstrap/Pulumi.dev-account.yaml",
    "bootstrap/Pulumi.prod-account.yaml",
    "ci/vulnerabilities.yaml",
)
"""Files that we ship, and that a team makes its own."""

ENVIRONMENT = f"  - {{local: .gitlab/ci/environment.yml, inputs: {{environment: {STACK}, pipeline: main}}}}\n"
"""The team's line in `.gitlab-ci.yml` (docs/gitlab.md)."""


def git(folder: Path, *arguments: str) -> str:
    """What Git says, as somebody of the team. Raises CalledProcessError if it fails."""
    return _run(folder, ["git", *arguments])


def team_clone(folder: Path, stack_file: Mapping[str, object]) -> Path:
    """A clone as it was at that version, in which everything that docs/upgrade.md calls the team's is its own.

    Its `upstream` has what is in the working tree here. The test is skipped where the history does not go back so far.
    """
    known = subprocess.run(["git", "cat-file", "-e", f"{RELEASED}^{{commit}}"], cwd=REPOSITORY, capture_output=True, check=False)
    if known.returncode:
        pytest.skip(f"The history here does not go back to {RELEASED[:7]}: it is a shallow clone.")
    now = git(REPOSITORY, "stash", "create").strip() or git(REPOSITORY, "rev-parse", "HEAD").strip()
    upstream, clone = folder / "upstream", folder / "clone"
    for place, commit in ((upstream, now), (clone, RELEASED)):
        git(folder, "clone", "--quiet", "--shared", "--no-checkout", str(REPOSITORY), str(place))
        git(place, "update-ref", "refs/heads/main", commit)
    git(clone, "symbolic-ref", "HEAD", "refs/heads/main")
    git(clone, "reset", "--quiet", "--hard")
    git(clone, "remote", "add", "upstream", str(upstream))
    own = {**PROJECT, f"Pulumi.{STACK}.yaml": yaml.safe_dump({"config": dict(stack_file)}, sort_keys=False)}
    for name, text in {**own, **dict.fromkeys(EXAMPLES, "# The team's own.\n")}.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
    pipeline = clone / ".gitlab-ci.yml"
    before, prod, after = pipeline.read_text().partition("environment: prod, pipeline: release, gate: manual}}\n")
    pipeline.write_text(before + prod + ENVIRONMENT + after)
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Ours")
    return clone


def upgrade(clone: Path) -> None:
    """Merges this version with the very commands of docs/upgrade.md. Raises CalledProcessError for a conflict."""
    written = re.search(r"`(git fetch upstream [^`]+)`", (REPOSITORY / "docs/upgrade.md").read_text())
    assert written, "docs/upgrade.md does not say how the next version gets into a clone"
    _run(clone, ["sh", "-ec", written[1]])


def own_files(clone: Path, commit: str) -> str:
    """The team's files at a commit, as Git knows them."""
    return git(clone, "ls-tree", "-r", commit, f"Pulumi.{STACK}.yaml", "acme", *EXAMPLES)


def _run(folder: Path, command: list[str]) -> str:
    person = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _TEAM.items()}
    done = subprocess.run(command, cwd=folder, env={**os.environ, **person}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


_TEAM = {"NAME": "Team", "EMAIL": "team@example.com"}

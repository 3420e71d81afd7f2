"""Properties that every job of the pipeline has, and what ties the pipeline to the rest of the repository."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from ci.cli import app
from ci.verification import SET_UP
from sandbox.engine.cli import VERSION as PULUMI
from sandbox.paths import REPOSITORY
from settings.sections.workstream import WorkstreamSettings
from tests.gitlab import Checkout, read

PROGRAMS = Path(sys.executable).parent
CHANGES_A_STACK = re.compile(r"^ci (deploy|destroy|verify)", re.MULTILINE)
WITHOUT_AWS = {("dbt",), ("scan", "sources")}
EXACT = re.compile(r"[^:]+:v?\d+\.\d+\.\d+(-[a-z]+)?@sha256:[0-9a-f]{64}")
"""An image by version, for people, and digest."""

BY_VERSION = re.compile(r"pulumi/pulumi-python-3\.12:\d+\.\d+\.\d+")
"""Its version is a variable, which is also that of the CLI in the tests; Renovate adds no digest to such a one."""


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The pipeline, merged as GitLab does it."""
    return Checkout(tmp_path_factory.mktemp("checkout")).merged()


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    """What holds for every job that says nothing else."""
    return read(REPOSITORY / ".gitlab/ci/templates.yml")["default"]


@pytest.fixture(scope="module")
def jobs(configuration: dict[str, Any], defaults: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every job, with the defaults that it takes over."""
    inherited = {key: value for key, value in defaults.items() if key != "image"}
    found = {name: inherited | job for name, job in configuration.items() if isinstance(job, dict) and "script" in job}
    assert len(found) > 10
    return {name: job for name, job in found.items() if not name.startswith(".")}


def scripts(job: dict[str, Any]) -> str:
    return "\n".join([*job.get("before_script", ()), *job["script"]])


def called(job: dict[str, Any]) -> set[tuple[str, ...]]:
    """The words after each `ci` of the job's scripts: the command, and its first argument if it has one."""
    return {tuple(words.split()) for words in re.findall(r"^ci ([a-z]+(?: [a-z]+)?)", scripts(job), re.MULTILINE)}


def images(job: dict[str, Any], variables: dict[str, str]) -> Iterator[str]:
    """The job's images, with the pipeline's variables put in."""
    for image in (job["image"], *job.get("services", ())):
        yield re.sub(r"\$(\w+)", lambda found: str(variables[found[1]]), image["name"])


def test_gitlabs_schema_accepts_the_pipeline(configuration: dict[str, Any], defaults: dict[str, Any], tmp_path: Path):
    """A misspelt keyword is an error only on GitLab, after the push."""
    file = tmp_path / ".gitlab-ci.yml"
    workflow = read(REPOSITORY / ".gitlab-ci.yml")["workflow"]
    file.write_text(json.dumps(configuration | {"workflow": workflow, "default": defaults}))

    check = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", file], capture_output=True, text=True, check=False
    )

    assert check.returncode == 0, check.stdout


def test_renovates_schema_accepts_what_moves_the_pins():
    """A pin that nothing moves keeps its vulnerabilities; Renovate tells of a mistake in an issue that nobody reads."""
    check = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.renovate", REPOSITORY / "renovate.json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert check.returncode == 0, check.stdout


def test_renovate_finds_every_pin():
    """The pattern of its own manager, for the two pins that are in no file of a kind that it knows."""
    (manager,) = json.loads((REPOSITORY / "renovate.json").read_text())["customManagers"]
    (pattern,) = (text.replace("(?<", "(?P<") for text in manager["matchStrings"])
    files = ("settings/sections/image.py", ".gitlab/ci/templates.yml")
    found = [match["depName"] for file in files for match in re.finditer(pattern, (REPOSITORY / file).read_text())]

    assert found == ["python", "aquasec/trivy"]
    assert all(any(re.search(rule.strip("/"), file) for rule in manager["managerFilePatterns"]) for file in files)


def test_every_script_passes_shellcheck(configuration: dict[str, Any], tmp_path: Path):
    """An unquoted variable or a typing error in a job's script is found on main, by the job that deploys.

    gitlab-ci-verify stops at the file's `spec`, so it gets the merged pipeline.
    """
    (tmp_path / ".gitlab-ci.yml").write_text(json.dumps(configuration, indent=1))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    check = subprocess.run(
        [PROGRAMS / "gitlab-ci-verify", "--no-lint-api"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (check.returncode, check.stdout) == (0, ""), check.stderr


def commands(group: Any = None, *above: str) -> Iterator[tuple[str, ...]]:
    """The words of every command of the pipeline."""
    yield above
    for name, command in getattr(group or typer.main.get_command(app), "commands", {}).items():
        yield from commands(command, *above, name)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]):
    """A job that failed at night is repeated by hand, by somebody who has never seen it."""
    said = CliRunner().invoke(app, [*words, "--help"])

    assert said.exit_code == 0
    assert len(said.output.splitlines()) > 5


def test_every_job_ends(jobs: dict[str, dict[str, Any]]):
    """Without a limit a hanging job holds the environment's lock for as long as the runner lets it."""
    assert [name for name, job in jobs.items() if "timeout" not in job] == []


def test_a_new_push_never_stops_a_deployment(jobs: dict[str, dict[str, Any]]):
    """An `up` that is killed half-way leaves half a stack."""
    assert [name for name, job in jobs.items() if CHANGES_A_STACK.search(scripts(job)) and job["interruptible"]] == []


def test_a_stack_is_changed_by_one_job_at_a_time(jobs: dict[str, dict[str, Any]]):
    """Two pipelines that deploy one stack would break on Pulumi's lock, or verify what the other replaces."""
    groups = {name: job.get("resource_group") for name, job in jobs.items() if CHANGES_A_STACK.search(scripts(job))}

    assert len(groups) >= 2 * 5
    assert groups == {name: name.partition(":")[2] for name in groups}


def test_who_asks_pulumi_has_the_whole_history(jobs: dict[str, dict[str, Any]]):
    """The commit of a project's files is part of what is deployed: a shallow clone knows none, and shows a change of each DAG."""
    asking = {name for name, job in jobs.items() if {words[0] for words in called(job)} & {"preview", "drift", "deploy"}}

    assert {"preview:dev", "drift:dev", "infrastructure:dev", "image:prod", "dags:dev"} <= asking
    assert {name: jobs[name]["variables"].get("GIT_DEPTH") for name in asking} == dict.fromkeys(asking, "0")


def test_only_a_pipeline_started_by_hand_puts_back_what_was_changed(configuration: dict[str, Any]):
    """A merge that looked at AWS first would end the rollback of another team's workstream."""
    rules = [rule for rule in configuration["workflow"]["rules"] if rule["variables"].get("REFRESH") == "true"]

    assert configuration["variables"]["REFRESH"] == "false"
    assert {rule["variables"]["PIPELINE_KIND"] for rule in rules} == {"main-manual", "release"}
    assert all('$CI_PIPELINE_SOURCE == "web"' in rule["if"] for rule in rules)


def test_every_image_is_pinned(jobs: dict[str, dict[str, Any]], configuration: dict[str, Any]):
    """A moved tag changes what deploys production, with no commit to go back to."""
    for name, job in jobs.items():
        for image in images(job, configuration["variables"]):
            assert EXACT.fullmatch(image) or BY_VERSION.fullmatch(image), f"{name}: {image}"
    assert EXACT.fullmatch(configuration["variables"]["TRIVY_IMAGE"])


def test_aws_is_reached_by_the_jobs_own_identity(jobs: dict[str, dict[str, Any]]):
    """A job without a token fails on AWS; a job with one that never calls `identity` deploys with a runner's own rights."""
    for name, job in jobs.items():
        uses_aws = called(job) - WITHOUT_AWS != set()
        assert uses_aws == ("id_tokens" in job), name
        assert uses_aws == (("identity",) in called(job)), name
        if uses_aws:
            assert job["id_tokens"] == {"AWS_ID_TOKEN": {"aud": "sts.amazonaws.com"}}, name
            assert "environment" in job, f"{name}: AWS_ROLE_ARN is scoped to environments"


def test_only_the_deployments_see_the_deploying_roles(jobs: dict[str, dict[str, Any]]):
    """A preview in the environment `prod` would get the role that may change production."""
    for name, job in jobs.items():
        environment = job.get("environment", "preview/")
        environment = environment if isinstance(environment, str) else environment["name"]
        changes = CHANGES_A_STACK.search(scripts(job)) is not None
        assert changes != environment.startswith(("preview/", "review/", "pages/")), name


def test_a_deployment_outlives_the_making_of_airflow(jobs: dict[str, dict[str, Any]]):
    """MWAA takes up to 40 minutes, and a job's token ends with its timeout."""
    for name, job in jobs.items():
        if any(words[0] == "deploy" for words in called(job)):
            assert job["timeout"] == "2h", name
            assert 40 < int(job["variables"]["IDENTITY_MINUTES"]) < 120, name


def test_a_deployment_can_push_and_nothing_else_can(jobs: dict[str, dict[str, Any]]):
    """The docker provider has Docker's own log-in; a merge request's job with one could put another image in its place."""
    for name, job in jobs.items():
        deploys = re.search(r"^ci (deploy|destroy)\b", scripts(job), re.MULTILINE) is not None
        assert deploys == (re.search(r"^ci identity\n(.*\n)*ci login$", scripts(job), re.MULTILINE) is not None), name


def test_the_smoke_run_may_take_as_long_as_an_ordinary_workstream(jobs: dict[str, dict[str, Any]]):
    """Who changes no limit would have a red pipeline after the first run that needs its second try."""
    section = WorkstreamSettings.model_construct(retries=default("retries"), timeout_minutes=default("timeout_minutes"))

    for name in ("verify:dev", "verify:prod"):
        assert int(jobs[name]["timeout"].removesuffix("h")) * 60 >= section.longest_minutes + SET_UP


def default(field: str) -> int:
    return WorkstreamSettings.model_fields[field].default


def test_every_command_exists(jobs: dict[str, dict[str, Any]]):
    """A renamed command or target is found by the pipeline that deploys it, on main."""
    targets = re.findall(r"^([\w$()/.-]+):", (REPOSITORY / "Makefile").read_text().replace("$(BIN)", ".venv/bin"), re.MULTILINE)
    used = {words for job in jobs.values() for words in called(job)}
    made = {
        word for job in jobs.values() for line in re.findall(r"^make (.*)$", scripts(job), re.MULTILINE) for word in line.split()
    }

    assert [words for words in used if words not in commands() and words[:1] not in commands()] == []
    assert made <= set(targets)
    assert len(used) >= 7


def test_versions_are_those_of_the_repository(configuration: dict[str, Any]):
    """A preview by another Pulumi than the one that was tested proves little."""
    makefile = (REPOSITORY / "Makefile").read_text()

    assert configuration["variables"]["PULUMI_VERSION"] == str(PULUMI)
    assert f"UV_VERSION := {configuration['variables']['UV_VERSION']}\n" in makefile


def test_every_environment_has_a_stack_file(jobs: dict[str, dict[str, Any]]):
    """Pulumi would say that the stack has no configuration, one missing key after the other."""
    stacks = {name.partition(":")[2] for name in jobs if name.startswith("infrastructure:")}

    assert stacks >= {"dev", "prod"}
    for stack in stacks:
        assert "config" in yaml.safe_load((REPOSITORY / f"Pulumi.{stack}.yaml").read_text())


def test_every_folder_of_code_is_in_the_paths():
    """A new folder that no rule knows would be merged unchecked."""
    paths = read(REPOSITORY / ".gitlab/ci/rules.yml")[".paths"]
    known = {pattern.split("/")[0] for patterns in paths.values() for pattern in patterns} | {"docs"}
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    folders = {name.split("/")[0] for name in listed if "/" in name}

    assert [folder for folder in folders if folder not in known and not folder.startswith("dbt_")] == []

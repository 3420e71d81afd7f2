"""What a run fetches of other workstreams: the manifests of the projects whose models its own project reads."""

import json
import os
from pathlib import Path

from runner.artifacts import Artifacts
from runner.dbt import TARGET
from runner.environment import Environment
from runner.outcome import RunnerError
from runner.refs import MANIFEST, models


def fetch_refs(environment: Environment, artifacts: Artifacts, project: Path) -> None:
    """Tell dbt which models the other projects have. Raises RunnerError if one that the project reads is not there."""
    upstreams = environment.upstreams
    if not upstreams:
        return
    manifests = {other: _manifest(artifacts, workstream) for other, workstream in upstreams.items()}
    try:
        found = models(project, manifests, lambda other: f"ops run {upstreams[other]}")
    except ValueError as error:
        again = f"Mend what each line names, then run it again: ops run {environment.workstream}"
        raise RunnerError(f"Models of other projects can't be read:\n{error}", again) from None
    file = TARGET.parent / "refs.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found), encoding="utf-8")
    os.environ["RUNNER_REFS"] = str(file)


def _manifest(artifacts: Artifacts, workstream: str) -> bytes | None:
    """Of its last success; None if there was none, of which S3 says no more than that it may not be read."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as in runner.artifacts

    try:
        return artifacts.get(f"{workstream}/{MANIFEST}")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return None

"""A job's AWS identity."""

import base64
import json
import stat
from pathlib import Path

import pytest

from ci.identity import adopt
from ops.errors import OpsError

NOW = 1_800_000_000.0


def token(minutes: int) -> str:
    """A token as GitLab issues it, that ends so many minutes from now."""
    claims = json.dumps({"sub": "project_path:data/platform:ref_type:branch:ref:main", "exp": NOW + 60 * minutes})
    return f"header.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.signature"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "AWS_ID_TOKEN": token(120),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/deploy-dev",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
    }


def test_the_token_is_where_every_sdk_looks_and_nobody_else_can_read_it(environment: dict[str, str]):
    """Another job's process on the same runner could deploy with it."""
    file = adopt(environment, minutes=60, now=NOW)

    assert file.read_text() == environment["AWS_ID_TOKEN"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_job_does_not_begin_what_its_identity_will_not_outlive(environment: dict[str, str]):
    """An `up` whose credentials end while Airflow is made can't write its state: half the stack is lost to Pulumi."""
    environment["AWS_ID_TOKEN"] = token(30)

    with pytest.raises(OpsError, match="ends in 30 minutes") as refused:
        adopt(environment, minutes=60, now=NOW)

    assert "timeout:" in refused.value.fix
    assert not Path(environment["AWS_WEB_IDENTITY_TOKEN_FILE"]).exists()


@pytest.mark.parametrize("version", ["18.2.1-ee", "17.11.7", "9.5.10"])
def test_a_gitlab_whose_forks_have_the_projects_identity_is_refused(environment: dict[str, str], version: str):
    """AWS can't tell a fork's `main` from ours there; only the version can."""
    with pytest.raises(OpsError, match="a fork could deploy"):
        adopt(environment | {"CI_SERVER_VERSION": version}, minutes=60, now=NOW)


@pytest.mark.parametrize("version", ["18.2.2-ee", "18.10.0", "19.0.0-pre"])
def test_a_newer_gitlab_is_not(environment: dict[str, str], version: str):
    """18.10 is after 18.2."""
    assert adopt(environment | {"CI_SERVER_VERSION": version}, minutes=60, now=NOW).exists()


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"])
def test_a_key_in_the_variables_is_refused(environment: dict[str, str], name: str):
    """The SDKs would use it silently: the job would deploy with whatever rights the key has."""
    with pytest.raises(OpsError, match=name):
        adopt(environment | {name: "anything"}, minutes=60, now=NOW)


@pytest.mark.parametrize("name", ["AWS_ID_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"])
def test_what_is_missing_is_named(environment: dict[str, str], name: str):
    """AWS itself would only say that there are no credentials."""
    del environment[name]

    with pytest.raises(OpsError, match=name):
        adopt(environment, minutes=60, now=NOW)


@pytest.mark.parametrize("broken", ["not-a-token", "a.b.c", "header.e30.signature"])
def test_a_broken_token_is_no_traceback(environment: dict[str, str], broken: str):
    """The reader of a job's log needs the variable's name."""
    with pytest.raises(OpsError, match="AWS_ID_TOKEN"):
        adopt(environment | {"AWS_ID_TOKEN": broken}, minutes=60, now=NOW)

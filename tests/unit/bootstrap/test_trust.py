"""Truth table of the trust policies: a job's token -> the roles that AWS would let it assume."""

from typing import Any

import pytest

from bootstrap.configuration import GitLabSettings, RefSettings
from bootstrap.trust import conditions
from settings.project import REPOSITORY
from tests.iam import allows

TAGS = {"environment": "development"}
MAIN = RefSettings(branch="main", tags=TAGS)
RELEASES = RefSettings(tag="v*", tags=TAGS)
ROLES = {"preview": None, "deploy-dev": MAIN, "deploy-prod": RELEASES}


def gitlab(url: str, **more: str) -> GitLabSettings:
    return GitLabSettings.model_validate({"url": url, "project": "data/platform", "projectId": "42", **more})


def token(ref: str = "main", kind: str = "branch", **claims: Any) -> dict[str, str]:
    """What GitLab puts into a job's token; in a fork's merge request, the fork's own path and number (since 18.2.2)."""
    path = claims.pop("path", "data/platform")
    standard = {
        "aud": "sts.amazonaws.com",
        "sub": f"project_path:{path}:ref_type:{kind}:ref:{ref}",
        "project_id": "42",
        "ref_protected": "true",
    }
    return standard | claims


def roles(settings: GitLabSettings, claims: dict[str, str]) -> set[str]:
    """The roles that the job gets."""
    context = {f"{settings.issuer}:{claim}": value for claim, value in claims.items()}
    if not settings.sends_all_claims:
        context = {key: value for key, value in context.items() if key.endswith((":aud", ":sub"))}
    action = "sts:AssumeRoleWithWebIdentity"
    return {
        name
        for name, ref in ROLES.items()
        if allows([{"Effect": "Allow", "Action": action, "Condition": conditions(settings, ref)}], action, context=context)
    }


TABLE = {
    "main": (token(), {"preview", "deploy-dev"}),
    "a branch": (token("feature", ref_protected="false"), {"preview"}),
    "a branch with main in its name": (token("main-2"), {"preview"}),
    "a release tag": (token("v1.2.3", "tag"), {"preview", "deploy-prod"}),
    "a branch named like a release": (token("v1.2.3"), {"preview"}),
    "a tag named main": (token("main", "tag"), {"preview"}),
    "another tag": (token("experiment", "tag"), {"preview"}),
    "a fork": (token(path="mallory/platform", project_id="7"), set()),
    "a fork's merge request, run in the project": (token(path="mallory/platform", project_id="7", ref_protected="false"), set()),
    "a project whose name goes on": (token(path="data/platform-2", project_id="44"), set()),
    "a subgroup with the project's name": (token(path="data/platform/sub", project_id="45"), set()),
    "another audience": (token(aud="https://gitlab.com"), set()),
}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("url", ["https://gitlab.com", "https://gitlab.example.com", "https://example.com/gitlab"])
def test_who_may_assume_what(url: str, name: str):
    """A wrong `allow` here is somebody else's job with this account's keys."""
    claims, expected = TABLE[name]

    assert roles(gitlab(url), claims) == expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (token(ref_protected="false"), {"preview"}),
        (token("v1.2.3", "tag", ref_protected="false"), {"preview"}),
        (token(project_id="43"), set()),
    ],
    ids=["main, unprotected by mistake", "a release tag that anybody may make", "a new project with the deleted one's path"],
)
def test_gitlab_com_tells_more(claims: dict[str, str], expected: set[str]):
    """AWS offers these keys for gitlab.com only; there they close what the path alone leaves open."""
    assert roles(gitlab("https://gitlab.com"), claims) == expected


@pytest.mark.parametrize("url", ["https://gitlab.com", "https://gitlab.example.com"])
def test_a_subject_that_begins_with_the_projects_number_holds_for_no_other_project(url: str):
    """On a GitLab of one's own it is all that tells a new project with the deleted one's path."""
    settings = gitlab(url, subject="project_id")
    refs = {"main": "ref_type:branch:ref:main", "feature": "ref_type:branch:ref:feature", "v1.0.0": "ref_type:tag:ref:v1.0.0"}
    own = {name: roles(settings, token(sub=f"project_id:42:{ref}")) for name, ref in refs.items()}

    assert own == {"main": {"preview", "deploy-dev"}, "feature": {"preview"}, "v1.0.0": {"preview", "deploy-prod"}}
    assert roles(settings, token(sub=f"project_id:421:{refs['main']}", project_id="421")) == set()
    assert roles(settings, token()) == set()


def test_an_exact_ref_is_compared_exactly():
    """StringLike on a branch named `release-*` by mistake would let every such branch deploy."""
    condition = conditions(gitlab("https://gitlab.com"), MAIN)

    assert set(condition) == {"StringEquals"}
    assert set(condition["StringEquals"]) == {f"gitlab.com:{claim}" for claim in ("aud", "sub", "project_id", "ref_protected")}


def test_what_decides_who_may_do_what_has_an_owner():
    """A line that widens a role, or lets a job have it, is not merged by whoever happens to look."""
    lines = (REPOSITORY / "CODEOWNERS").read_text().splitlines()
    owned = {line.strip("/") for line in lines if line.startswith("/")}

    assert {"bootstrap", "policy", ".gitlab", ".gitlab-ci.yml", "ci", "CODEOWNERS"} == owned
    assert [path for path in owned if not (REPOSITORY / path).exists()] == []

"""Configuration of the bootstrap: which GitLab project, and which of its refs may change which stack."""

from collections.abc import Collection
from itertools import combinations
from typing import Annotated, Any, Literal, Self

import pulumi
from pydantic import Field, ValidationError, model_validator

from settings import errors, project, teams
from settings.sections.section import Section
from settings.sections.workstream import WorkstreamName

NAMESPACE = "dbt-platform-bootstrap"

LONGEST_STACK_NAME = 20
"""Bucket names have 63 characters: as many as are left for it."""

StackName = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)?$", max_length=LONGEST_STACK_NAME)]
"""As in Pulumi.<name>.yaml and .gitlab-ci.yml; becomes part of the role's name, and of every name that the role may change. With a
hyphen it is `<platform>-<team>`: a team's stack on that platform.
"""


def platform_and_team(stack: str) -> tuple[str, str]:
    """The platform's stack, and the team whose stack this is; empty where it is the platform's own."""
    platform, _, team = stack.partition("-")
    return platform, team


class GitLabSettings(Section):
    """The GitLab project whose jobs AWS shall trust."""

    url: str = Field(
        default="https://gitlab.com",
        # IAM API Reference, CreateOpenIDConnectProvider: "path components are allowed", and no port.
        pattern=r"^https://[A-Za-z0-9.-]+(/[\w.-]+)*$",
        description="Address of GitLab as its tokens name it (`iss`): with the path if it has one, without a slash at the end. AWS "
        "trusts no issuer with a port: give GitLab an address without one.",
    )
    project: str = Field(pattern=r"^[\w.-]+(/[\w.-]+)+$", description="Path of the project, `group/subgroup/project`.")
    project_id: str = Field(
        pattern=r"^\d+$", description="Number of the project (its page, below the name): never used again, unlike the path."
    )
    subject: Literal["project_path", "project_id"] = Field(
        default="project_path",
        description="What the tokens' `sub` begins with: the first of the project's `ci_id_token_sub_claim_components`, which a "
        "maintainer sets with GitLab's API. `project_id` holds when the project is moved, and for no other that takes its path.",
    )

    @property
    def issuer(self) -> str:
        """Prefix of AWS' condition keys, and the end of the provider's ARN."""
        return self.url.removeprefix("https://")

    @property
    def sends_all_claims(self) -> bool:
        """Does AWS offer condition keys for more than `aud` and `sub`? (AWS IAM, "Available keys for AWS OIDC federation")."""
        return self.issuer == "gitlab.com"


class RefSettings(Section):
    """The ref whose jobs may change a stack, which GitLab must protect; and how AWS knows the stack's things."""

    branch: str | None = Field(default=None, pattern=r"^[\w./-]+$", description="Name of the protected branch.")
    tag: str | None = Field(
        default=None, pattern=r"^[\w./*-]+$", description="Name of the protected tags; * stands for any characters."
    )

    tags: dict[str, str] = Field(
        default={},
        description="Of the stack's `aws:defaultTags` those by which its role knows its own things where AWS makes up their names, "
        "for instance `{project: dbt-platform, environment: development}`; no other stack of the account bears all of them. A "
        "team's stack needs none.",
    )
    workstreams: list[WorkstreamName] = Field(
        default=[],
        description="In a team's stack those of its workstreams that are called neither like the team nor `<team>-...`, as in "
        "`dbt-platform:teams` of the platform's file.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.branch is None) == (self.tag is None):
            raise ValueError("give either `branch` or `tag`")
        return self

    @property
    def type(self) -> Literal["branch", "tag"]:
        """As GitLab spells it in a token."""
        return "branch" if self.branch else "tag"

    @property
    def name(self) -> str:
        """Name or pattern."""
        return self.branch or self.tag or ""


def _require_fitting(name: str, ref: RefSettings, environments: Collection[str]) -> None:
    """A team's stack has its platform beside it, and tells nothing that only a platform's has."""
    platform, team = platform_and_team(name)
    if not team and not ref.tags:
        raise ValueError(f"environments.{name}.tags is missing: give those that its things bear")
    if not team and ref.workstreams:
        raise ValueError(f"{name} is no team's stack: leave out `workstreams`")
    if team:
        teams.team_name(team)
        if platform not in environments:
            raise ValueError(f"{name} is a team's stack on {platform}, which is not here: add that, or take a name without hyphen")


class Settings(Section):
    """The whole configuration of the bootstrap."""

    gitlab: GitLabSettings
    environments: dict[StackName, RefSettings] = Field(
        min_length=1, description="Stacks in this account, each with the ref that deploys it."
    )

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for name, ref in self.environments.items():
            _require_fitting(name, ref, self.environments)
        platforms = {name: ref for name, ref in self.environments.items() if not platform_and_team(name)[1]}
        for (one, first), (other, second) in combinations(platforms.items(), 2):
            if first.tags.items() <= second.tags.items() or second.tags.items() <= first.tags.items():
                raise ValueError(f"give {one} and {other} `tags` that tell their things apart")
        return self

    @classmethod
    def load(cls) -> Self:
        """Read the stack's configuration. Raises RunError with everything that is wrong in it."""
        config = pulumi.Config(NAMESPACE)
        values: dict[str, Any] = {key: config.get_object(key) for key in ("gitlab", "environments")}
        try:
            return cls.model_validate({key: value for key, value in values.items() if value is not None})
        except ValidationError as error:
            found = errors.describe(error, cls.model_json_schema())
            # They begin with the platform's namespace.
            text = "\n\n".join(problem.replace(project.NAMESPACE, NAMESPACE, 1) for problem in found)
            raise pulumi.RunError(text) from None

"""`dbt-platform:team` of a team's stack, and `dbt-platform:teams` of the platform that it stands on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from settings import teams
from settings.project import NAMESPACE
from settings.sections.section import Section
from settings.sections.workstream import WorkstreamName

TeamName = Annotated[
    str,
    Field(pattern=r"^[a-z]+$", max_length=12, description="Lower-case letters, 12 at most."),
    AfterValidator(teams.team_name),
]
"""Without a hyphen: so the names of one team's things never begin like another's."""


class TeamSettings(Section):
    """Whose workstreams this stack has, on a platform that is another stack."""

    name: TeamName = Field(
        description="The team: lower-case letters, 12 at most, and one of the platform's `teams`. The stack is called after both, "
        "`prod-marketing`."
    )
    platform_stack: str = Field(
        pattern=r"^([\w.-]+/[\w.-]+/)?[a-z][a-z0-9-]*$",
        description="Stack of the platform: `prod`, or in full `organization/dbt-platform/prod`.",
    )

    @property
    def platform(self) -> str:
        """The platform's stack, by its name alone."""
        return self.platform_stack.rpartition("/")[2]


class GuestSettings(Section):
    """A team that has its workstreams in a stack of its own, on this platform."""

    workstreams: list[WorkstreamName] = Field(
        default=[],
        description="Its workstreams that are called neither like the team nor `<team>-...`: those that have moved to it.",
    )


def names_of_teams(given: Mapping[str, GuestSettings]) -> dict[str, list[str]]:
    """By team: its workstreams that are not called after it."""
    return {name: team.workstreams for name, team in given.items()}


class WhoseNames(BaseModel):
    """Whose the names of workstreams are, by what a platform's file says."""

    workstreams: dict[str, Any] = Field(default={}, alias=f"{NAMESPACE}:workstreams")
    """The platform's own."""
    teams: dict[TeamName, GuestSettings] = Field(default={}, alias=f"{NAMESPACE}:teams")

    @classmethod
    def of(cls, file: Path) -> Self | None:
        """None: the platform's file is not here; or it is wrong, which its own preview says."""
        try:
            return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))["config"])
        except (OSError, yaml.YAMLError, TypeError, KeyError, ValidationError):
            return None

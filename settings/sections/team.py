"""`dbt-platform:team` of a team's stack, and `dbt-platform:teams` of the platform that it stands on."""

from typing import Annotated

from pydantic import AfterValidator, Field

from settings import teams
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

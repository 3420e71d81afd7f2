"""Rules of the stack configuration about teams that have stacks of their own on a platform (docs/teams.md)."""

from collections.abc import Collection, Mapping

from settings.errors import InvalidSetting

OUTPUT = "forTeams"
"""Of the platform's stack: what its teams' stacks are told (components/platform.py); there is none without `teams`."""

PLATFORMS_OWN = ("alerts", "chat", "dbt", "platform", "snowflake")
"""What the names of the platform's own things go on with, after `<project>-<stack>-`: a team of that name could reach them."""


def team_name(name: str) -> str:
    """A name with which no thing of the platform's begins."""
    if name in PLATFORMS_OWN:
        raise ValueError(f"The platform's own things are called so: {', '.join(PLATFORMS_OWN)}. Choose another")
    return name


def team_of(workstream: str, teams: Mapping[str, Collection[str]]) -> str | None:
    """Whose a workstream is by its name; None: the platform's own.

    Args:
        workstream: Its name.
        teams: By team: its workstreams that are not called after it.
    """
    first = workstream.partition("-")[0]
    return first if first in teams else next((team for team, names in teams.items() if workstream in names), None)


def teams_are_apart(teams: Mapping[str, Collection[str]]) -> list[InvalidSetting]:
    """Each workstream is one team's."""
    return [
        InvalidSetting(at=f"teams.{team}.workstreams", value=name, fix=f"{name} is {other}'s. Name it in one place")
        for team, names in teams.items()
        for name in names
        if (other := team_of(name, teams)) != team
    ]


def workstreams_are_the_platforms(names: Collection[str], teams: Mapping[str, Collection[str]]) -> list[InvalidSetting]:
    """No workstream of the platform's stack is called like a team's: they share DAGs, log groups and folders by their names."""
    fix = "`teams` gives this name to {team}. Choose another, or leave it out"
    owners = {name: team_of(name, teams) for name in names}
    return [
        InvalidSetting(at=f"workstreams.{name}", value=name, fix=fix.format(team=team)) for name, team in owners.items() if team
    ]

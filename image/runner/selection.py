"""What part of the project to run."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Selection:
    """In dbt's own words."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    variables: str = ""
    """JSON object of dbt vars."""

    @property
    def arguments(self) -> list[str]:
        """For the command line of dbt."""
        found: list[str] = []
        for option, values in (("--select", self.select), ("--exclude", self.exclude)):
            found += [option, *values] if values else []
        return found

    def __str__(self) -> str:
        return " ".join(self.arguments) or "everything"


CHANGED = Selection(select=("state:modified+",))
"""Of the whole project, what differs from the manifest that dbt compares with, and what depends on it."""

"""What part of the project to run."""

from dataclasses import dataclass

from runner.commands import Command


@dataclass(frozen=True, kw_only=True)
class Selection:
    """In dbt's own words."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    selector: str = ""
    """Of the project's `selectors.yml`."""

    @property
    def arguments(self) -> list[str]:
        """For the command line of dbt."""
        found: list[str] = []
        for option, values in (("--select", self.select), ("--exclude", self.exclude)):
            found += [option, *values] if values else []
        return [*found, *(["--selector", self.selector] if self.selector else [])]

    def of(self, command: Command) -> "Selection":
        """What the command is about: what it says itself, else this."""
        if not command.selects:
            return self
        return Selection(select=command.select, exclude=command.exclude, selector=command.selector)

    def __str__(self) -> str:
        return " ".join(self.arguments) or "what dbt takes without a selection"


CHANGED = Selection(select=("state:modified+",))
"""Of the whole project, what differs from the manifest that dbt compares with, and what depends on it."""

"""What part of the project to run."""

from dataclasses import dataclass, replace


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

    def changed(self) -> "Selection":
        """Of this selection, what differs from the last success, and what depends on it."""
        words = [word for item in self.select for word in item.split()]
        return replace(self, select=tuple(f"{word},state:modified+" for word in words) or ("state:modified+",))

    def __str__(self) -> str:
        return " ".join(self.arguments) or "everything"

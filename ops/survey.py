"""What a dbt project needs of a platform, read from its files: nothing of it is run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from runner import refs, requirements
from runner.project import Places, asked, compared

from projects.packages import entries
from settings.dbt import PLATFORM_VARIABLES

PRODUCTION = ("prod", "production", "prd", "live")
"""What projects call the target that they mean production by, the most usual first."""

_MICROBATCH = re.compile(r"""incremental_strategy['"]?\s*[:=]\s*['"]?microbatch""")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """One project."""

    name: str
    targets: Places
    """Names that it compares the target's with, and where first."""
    environment: Places
    """`env_var()` without a default that the platform does not set, and where first."""
    variables: Places
    """`var()` without a value, and where first."""
    packages: Sequence[str]
    locked: bool
    selectors: Mapping[str, bool]
    """Of selectors.yml: whether it is the default."""
    seeded_sources: Sequence[str]
    """Seeds whose tables it reads as sources: dbt knows no edge between them."""
    others: Sequence[str]
    """Models of other projects that it reads, and where first."""
    refused: str
    """Why the platform can't run the dbt that it asks for, or nothing."""
    microbatch: bool
    python: bool

    @property
    def production(self) -> str | None:
        """The name of the target that it means production by, if that is plain."""
        lower = {name.lower(): name for name in self.targets}
        return next((lower[name] for name in PRODUCTION if name in lower), None)

    def lines(self) -> Iterator[str]:
        """What was found, for people."""
        yield f"dbt project {self.name}"
        for what, places in (("compares target.name with", self.targets), ("env_var() without a default:", self.environment)):
            yield from (f"{what} {name} ({place})" for name, place in places.items())
        yield from (f"var() without a value: {name} ({place})" for name, place in self.variables.items())
        if self.packages:
            yield f"packages: {', '.join(self.packages)}; {'locked' if self.locked else 'no package-lock.yml: versions may move'}"
        if self.selectors:
            named = [f"{name} (the default)" if default else name for name, default in self.selectors.items()]
            yield f"selectors: {', '.join(named)}"
        if self.seeded_sources:
            yield f"seeds that are read as sources: {', '.join(self.seeded_sources)}"
        if self.others:
            yield f"models of other projects: {', '.join(self.others)}"
        if self.microbatch:
            yield "microbatch models: a scheduled run and a backfill build the batches of their interval"
        if self.python:
            yield "Python models: they run in Snowflake, with the packages that it has"


def survey(project: Path) -> Survey:
    """Read a project. Raises ValueError for a file that is no YAML."""
    settings = _yaml(project / "dbt_project.yml")
    models = [path for path in _files(project, settings, "model-paths", "models") if path.suffix in {".sql", ".yml", ".py"}]
    seeds = {path.stem.lower() for path in _files(project, settings, "seed-paths", "seeds") if path.suffix == ".csv"}
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in [*models, project / "dbt_project.yml"]]
    selectors = _yaml(project / "selectors.yml").get("selectors") or []
    return Survey(
        name=str(settings.get("name", project.name)),
        targets=compared(project),
        environment={name: place for name, place in asked(project, "env_var").items() if name not in PLATFORM_VARIABLES},
        variables=asked(project, "var"),
        packages=[str(next(iter(entry.values()))) for entry in entries(project)],
        locked=(project / "package-lock.yml").is_file(),
        selectors={str(each.get("name")): bool(each.get("default")) for each in selectors},
        seeded_sources=sorted(seeds.intersection(_source_tables(models))),
        others=[f"{other}.{model} ({place})" for (other, model, _), place in refs.asked(project).items()],
        refused=_refusal(project),
        microbatch=any(_MICROBATCH.search(text) for text in texts),
        python=any(path.suffix == ".py" for path in models),
    )


def _refusal(project: Path) -> str:
    try:
        requirements.check(project)
    except ValueError as refusal:
        return str(refusal)
    return ""


def _yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name} is no YAML: {' '.join(str(error).split())}") from None
    return content if isinstance(content, dict) else {}


def _files(project: Path, settings: Mapping[str, Any], key: str, usual: str) -> list[Path]:
    return [path for folder in settings.get(key, [usual]) for path in sorted((project / folder).rglob("*")) if path.is_file()]


def _source_tables(models: Sequence[Path]) -> Iterator[str]:
    for path in models:
        if path.suffix == ".yml":
            try:
                sources = _yaml(path).get("sources") or []
            except ValueError:
                continue  # with Jinja that YAML does not take; dbt reads it
            for table in (table for source in sources for table in source.get("tables") or []):
                yield str(table.get("identifier") or table.get("name")).lower()

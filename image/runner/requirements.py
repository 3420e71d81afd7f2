"""What a project asks for of Python packages, and of dbt's version: its `requirements.txt` and its `require-dbt-version`.

`python -m runner.requirements PROJECT` prints what its image lacks, as lines of a requirements file (image/requirements.sh installs
them). Nothing of the runner: the deployment checks with it before anything is built.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

FILE = "requirements.txt"
TESTED = Path(__file__).parent.parent / "tested.in"
"""Requirements of what the platform works with."""

_PINNED = re.compile(
    r"(?P<name>dbt[-_.](?:core|snowflake))\s*(?:\[[^]]*])?\s*(?P<versions>[=<>!~][^;#]*?)\s*(?:--hash.*|;.*|\s#.*)?", re.IGNORECASE
)
_WITHOUT = "or set `requirements: false` for its workstreams, which leaves the file out"


def check(project: Path) -> None:
    """Raises ValueError if a project asks for a dbt that the platform was not tested with: names both, and the fix."""
    for where, name, asked, fix in _asked(project):
        tested = _tested(name)
        if not any(_allows(asked, release) for release in _releases(tested)):
            raise ValueError(f"{where} asks for {name}{asked}, and the platform works with {name}{tested}. {fix}")


def admits(wanted: Any, release: str) -> bool:
    """By dbt's words for versions: `1.3.0`, `=1.3.0`, `[">=1.0.0", "<2.0.0"]`, `">=1.0.0,<2.0.0"`."""
    return _allows(_specifier(wanted), release)


def lines(project: Path, dbt: str) -> list[str]:
    """What uv is told of a project: nothing, if an image with this version of dbt-core has all that it asks for."""
    file, asked = project / FILE, _required(project)
    own = [f"-r {file.resolve()}"] if any(_requirements(file)) else []
    return [*own, *([] if _allows(asked, dbt) else [f"dbt-core{asked}"])]


def suits(project: Path, dbt: str) -> bool:
    """Whether a project admits this version of dbt-core."""
    return all(_allows(asked, dbt) for _, name, asked, _ in _asked(project) if name == "dbt-core")


def _asked(project: Path) -> Iterator[tuple[str, str, SpecifierSet, str]]:
    """Of dbt's versions: where it is asked for, of which package, what, and how to mend it."""
    if asked := _required(project):
        yield "require-dbt-version in dbt_project.yml", "dbt-core", asked, "Let it admit one of these"
    for line in _requirements(project / FILE):
        found = _PINNED.fullmatch(line)
        if found and (asked := _specifier(found["versions"])):
            yield FILE, re.sub(r"[-_.]", "-", found["name"].lower()), asked, f"Pin one of these, {_WITHOUT}"


def _required(project: Path) -> SpecifierSet | None:
    """What dbt_project.yml says; None if it says nothing that can be read."""
    try:
        settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return None  # dbt says what is wrong
    return _specifier(settings.get("require-dbt-version")) if isinstance(settings, dict) else None


def _specifier(wanted: Any) -> SpecifierSet | None:
    parts = [part.strip() for text in (wanted if isinstance(wanted, list) else [wanted or ""]) for part in str(text).split(",")]
    try:
        return SpecifierSet(",".join(re.sub(r"^=?(?=\d)", "==", part) for part in parts if part)) or None
    except InvalidSpecifier:
        return None  # dbt, or uv, knows what it means


def _allows(wanted: SpecifierSet | None, release: str) -> bool:
    try:
        return wanted is None or wanted.contains(release, prereleases=True)
    except InvalidVersion:
        return True


def _tested(name: str) -> SpecifierSet:
    [found] = [line.removeprefix(name) for line in _requirements(TESTED) if re.match(rf"{name}[^\w-]", line)]
    return SpecifierSet(found)


def _releases(tested: SpecifierSet) -> list[str]:
    """All that there may be of them."""
    return list(tested.filter(f"1.{minor}.{patch}" for minor in range(30) for patch in range(50)))


def _requirements(file: Path) -> list[str]:
    """The lines of a requirements file that say something; none if there is no file."""
    if not file.is_file():
        return []
    text = file.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]))
    except ValueError as refusal:
        sys.exit(f"{refusal}.")
    print("\n".join(lines(Path(sys.argv[1]), version("dbt-core"))))

"""What the files of a dbt project ask of whoever runs it, by file and line: names of targets, `env_var()`, `var()`.

Standard library only and nothing of the runner: the deployment warns with it before anything runs.
"""

import functools
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

_READ_BY_DBT = {".sql", ".yml", ".yaml", ".py"}
_PACKAGES = {"dbt_packages", "dbt_modules"}
NOT_ITS_OWN = {*_PACKAGES, "target", "logs", "venv", "node_modules"}
"""Folders of a project with what it did not write; nor what is in hidden ones."""

DEVELOPMENT = "development"

What = Literal["env_var", "var"]

Places = dict[str, str]
"""By name: the first file and line."""

_Found = tuple[Path, str, re.Match[str]]
"""A file, its text, and what was looked for in it."""

QUOTE = r"""(?:\\?["']|'')"""
"""As Jinja has it, or as a text of YAML around it needs it."""
_TARGET = (
    rf"target(?:\.name\b|\[\s*{QUOTE}name{QUOTE}\s*\]|\.get\(\s*{QUOTE}name{QUOTE}[^)\n]*\))"
    r"(?:\s*\|\s*(?:lower|upper|trim|string)|\.(?:lower|upper|strip)\(\))*"
)
_NAMES = rf"""(?:{QUOTE}[^'"\n]+{QUOTE}|[(\[][^)\]]*[)\]])"""
_COMPARED = re.compile(
    rf"{_TARGET}[\s)]*(?:==|!=|\bnot\s+in\b|\bin\b)\s*(?P<right>{_NAMES})|(?P<left>{_NAMES})\s*(?:==|!=)[\s(]*{_TARGET}"
)
_NAME = re.compile(rf"""{QUOTE}([^'"\\\n]+){QUOTE}""")
_REQUIRED = re.compile(rf"""\b(?P<what>env_var|var)\(\s*{QUOTE}(?P<name>[^'"\\\n]+){QUOTE}\s*\)""")
_REST = re.compile(r"[^}%\n]*")
"""Of an expression of Jinja: filters stand there."""
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def required(project: Path, what: What) -> dict[str, str]:
    """What the project and its packages ask for without a default, and the rest of the expression behind each call."""
    found: dict[str, str] = {}
    for _, text, call in _asked(project, what, packages=what == "env_var"):
        found.setdefault(call["name"], _REST.match(text, call.end())[0])  # pyright: ignore[reportOptionalSubscript] - may be empty
    return found


def _asked(project: Path, what: str, *, packages: bool = False) -> Iterator[_Found]:
    """Each call without a default; no `var()` that `dbt_project.yml` has a value for."""
    settings = project / "dbt_project.yml"
    defined = _without_comments(settings) if settings.is_file() else ""
    for path, text, call in matches(project, _REQUIRED, packages=packages):
        # What no shell takes for a name is one that the project computes.
        wanted = call["name"].isidentifier() if what == "env_var" else not _has_value(call["name"], defined)
        if call["what"] == what and wanted:
            yield path, text, call


def _has_value(name: str, settings: str) -> bool:
    return re.search(rf"\b{re.escape(name)}['\"]?\s*:", settings) is not None


def warnings(project: Path, target: str, given: Collection[str], variables: Collection[str]) -> list[str]:
    """What would go another way than the project means, each with its place and fix.

    Args:
        project: Folder of the project.
        target: Name of the target that it will run with.
        given: Names in the container's environment.
        variables: Names of the dbt variables that are set for it.
    """
    found = list(_targets(compared(project), target))
    sought: tuple[tuple[What, Collection[str]], ...] = (("env_var", given), ("var", variables))
    for what, known in sought:
        setting = "environment` or `secrets" if what == "env_var" else "vars"
        missing = {name: place for name, place in asked(project, what).items() if name not in known}
        found += [f"{place}: {what}('{name}') has no value and no default: set `{setting}`" for name, place in missing.items()]
    return found


def asked(project: Path, what: What) -> Places:
    """What the project itself asks for without a default."""
    found: Places = {}
    for path, text, call in _asked(project, what):
        found.setdefault(call["name"], place(project, path, text, call.start()))
    return found


def compared(project: Path) -> Places:
    """The names that the project compares its target's with."""
    found: Places = {}
    for path, text, comparison in matches(project, _COMPARED):
        for name in _NAME.findall(comparison["right"] or comparison["left"]):
            found.setdefault(name, place(project, path, text, comparison.start()))
    return found


def _targets(places: Places, target: str) -> Iterator[str]:
    """Nothing if one of the comparisons is with this target, or if it is the usual one of a development stack."""
    if target != DEVELOPMENT and places and target.lower() not in {name.lower() for name in places}:
        listed = ", ".join(f"{name!r} ({place})" for name, place in places.items())
        yield (
            f"target.name will be {target!r}, and the project compares it with others only: {listed}. "
            "Set `target` to the one that it means"
        )


@functools.cache
def matches(project: Path, pattern: re.Pattern[str], *, packages: bool = False) -> list[_Found]:
    """Where the project's files have a pattern.

    Read once: hundreds of workstreams may run one project of a thousand files, which does not change meanwhile.
    """
    texts = ((path, _without_comments(path)) for path in _files(project, packages=packages))
    return [(path, text, found) for path, text in texts for found in pattern.finditer(text)]


def _files(project: Path, *, packages: bool = False) -> list[Path]:
    return sorted({path for folder in ([project, *beside(project)] if packages else [project]) for path in _of(folder, packages)})


def beside(project: Path) -> list[Path]:
    """Folders of the packages that `dbt deps` has linked to, rather than copied: those that are `local:`."""
    links = [link.resolve() for name in sorted(_PACKAGES) for link in project.glob(f"{name}/*") if link.is_symlink()]
    return [folder for folder in links if not folder.is_relative_to(project.resolve())]


def _of(folder: Path, packages: bool) -> Iterator[Path]:
    foreign = NOT_ITS_OWN - _PACKAGES if packages else NOT_ITS_OWN
    for path in folder.rglob("*"):
        # The platform brings its own profiles.yml, whatever a project has.
        read = path.suffix in _READ_BY_DBT and path.name != "profiles.yml" and path.is_file()
        parts = path.relative_to(folder).parts
        # Hidden folders are other tools' (`.dbt_coves`, `.github`, `.venv`).
        if read and foreign.isdisjoint(parts) and not any(part.startswith(".") for part in parts):
            yield path


def _without_comments(path: Path) -> str:
    """The text, in which what dbt does not read is blank and every line keeps its number."""
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), path.read_text(encoding="utf-8", errors="replace"))
    if path.suffix in {".yml", ".yaml", ".py"}:
        text = re.sub(r"(?m)^\s*#.*$", "", text)
    return text


def place(project: Path, path: Path, text: str, position: int) -> str:
    """File and line, for people."""
    line = text.count("\n", 0, position) + 1
    return f"{path.relative_to(project).as_posix()}:{line}"

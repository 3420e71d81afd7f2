"""What a project brings from elsewhere: packages in Git, fetched where the project is deployed, and its lock.

An image is built without any credentials. So the copy of a project that an image is made of names no package in Git any more: each
lies in it as files, and is named by `local:`.
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from image.runner.requirements import admits
from projects import git
from projects.packages import FILES, Entry, entries, listed
from projects.sources import Sources

LOCK = "package-lock.yml"
FOLDER = ".packages"
"""Of the packages from Git, in the copy of a project."""

_HOSTS = {None: "github.com", "github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_VARIABLE = re.compile(r"""\{\{\s*env_var\(\s*(['"])(?P<name>\w+)\1\s*\)\s*\}\}""")


def put_together(project: Path, target: Path, cache: Path) -> str:
    """Copy a project with all that is its own, to work on it without Git; where in the copy it lies.

    Raises:
        ValueError: what it names can't be read or fetched, or its lock is another `packages.yml`'s.
    """
    sources = Sources.of(project)
    sources.copy(target)
    bring(target / sources.place, cache)
    return sources.place


def bring(project: Path, cache: Path) -> None:
    """Change a copy of a project so that it needs no Git, and takes just the versions of its lock.

    Raises:
        ValueError: a package can't be fetched, or the lock is another `packages.yml`'s.
    """
    if (project / LOCK).is_file():
        _take_locked(project)
    pending: list[Path] = [project]
    seen: set[Path] = set()
    while pending:
        folder = pending.pop()
        seen.add(folder)
        for file in (folder / name for name in FILES):
            if file.is_file() and any(_address(entry) for entry in listed(file)):
                _rewrite(file, [_brought(entry, project, cache) for entry in listed(file)])
        beside = [Path(os.path.normpath(project / str(entry["local"]))) for entry in entries(folder) if "local" in entry]
        pending += [place for place in beside if place not in seen]


def check_lock(project: Path) -> None:
    """Raises ValueError if the project's lock lacks, or contradicts, what its packages.yml names.

    dbt itself would write another lock, without a word: what was tested would not be what runs.
    """
    locked = listed(project / LOCK) if (project / LOCK).is_file() else None
    for entry in entries(project) if locked is not None else ():
        if not any(_fits(entry, each) for each in locked or ()):
            name = next((str(entry[key]) for key in ("package", "git", "private", "local", "tarball") if key in entry), str(entry))
            wanted = entry.get("version") or entry.get("revision")
            raise ValueError(
                f"{LOCK} does not match packages.yml: it has no {name}{f' {wanted}' if wanted else ''}. "
                "Run `dbt deps --upgrade` in the project and commit the lock"
            )


def _take_locked(project: Path) -> None:
    check_lock(project)
    locked = [
        {key: value for key, value in entry.items() if key != "name" or "tarball" in entry} for entry in listed(project / LOCK)
    ]
    for file in (project / name for name in FILES):
        if file.is_file() and listed(file):
            _rewrite(file, locked)
    (project / LOCK).unlink()


def _rewrite(file: Path, packages: list[Entry]) -> None:
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**content, "packages": packages}, sort_keys=False), encoding="utf-8")


def _fits(entry: Entry, locked: Entry) -> bool:
    """Whether an entry of the lock is what an entry of packages.yml asks for."""
    if "package" in entry:
        return entry["package"] == locked.get("package") and admits(entry.get("version"), str(locked.get("version")))
    if address := _address(entry):
        wanted, has = str(entry.get("revision", "")), str(locked.get("revision", ""))
        if _address(locked) != address or entry.get("subdirectory") != locked.get("subdirectory"):
            return False
        # A branch has gone on since the lock was written, which is what a lock is for; a tag has not.
        return (
            not wanted
            or wanted == has
            or not git.is_tag(_rendered(address), wanted)
            or git.resolve(_rendered(address), wanted) == has
        )
    return any(key in entry and entry[key] == locked.get(key) for key in ("local", "tarball"))


def _address(entry: Entry) -> str | None:
    """Where Git finds a package, as it is written; of a `private:` one, at the provider that it names."""
    if "private" in entry:
        host = _HOSTS.get(entry.get("provider"))
        if host is None:
            raise ValueError(f"The package {entry['private']} is of {entry['provider']}: name it by `git:` and its address")
        return f"https://{host}/{entry['private']}.git"
    return str(entry["git"]) if "git" in entry else None


def _rendered(address: str) -> str:
    """The address with the variables that it names. Raises ValueError if one is not set here."""

    def value(found: re.Match[str]) -> str:
        if found["name"] not in os.environ:
            raise ValueError(f"The package {address} needs the variable {found['name']}, where you deploy. Set it there")
        return os.environ[found["name"]]

    rendered = _VARIABLE.sub(value, address)
    if not re.fullmatch(git.ADDRESS, rendered):
        raise ValueError(f"The package {address} has an address that is none of https://, ssh:// and git@host:path")
    return rendered


def _brought(entry: Entry, project: Path, cache: Path) -> Entry:
    """The entry, or one that names the files of its package in the project."""
    written = _address(entry)
    if written is None:
        return entry
    address = _rendered(written)
    commit = git.resolve(address, str(entry.get("revision") or "HEAD"))
    name = re.sub(r"[^\w.-]", "-", written.rstrip("/").removesuffix(".git").rpartition("/")[2].rpartition(":")[2])
    place = project / FOLDER / f"{name}-{commit[:12]}"
    if not place.exists():
        shutil.copytree(git.fetch(address, commit, cache), place)
    local = place / str(entry.get("subdirectory") or "")
    if not (local / "dbt_project.yml").is_file():
        raise ValueError(f"The package {git.shown(written)} has no dbt_project.yml. If it lies deeper there: `subdirectory:`")
    return {"local": local.relative_to(project).as_posix()}

"""The commit that the files of a dbt project are of, as a page that a person can open."""

import re
from pathlib import Path

from projects.git import ask, shown
from projects.sources import LEFT, WRITTEN_BY_DBT, Sources

_ADDRESS = re.compile(r"(https://(?P<web>[^/]+)/|ssh://(?P<ssh>[^/:]+)(:\d+)?/|[\w.-]+@(?P<scp>[\w.-]+):/?)(?P<path>.+?)(\.git)?/?")

_COMMITS = {"github.com": "commit", "bitbucket.org": "commits"}
"""What follows a repository's address; GitLab's, wherever it stands, is `-/commit`."""


def page_of(project: Path) -> str | None:
    """Of the last commit that touched a project or a package beside it.

    None where there is no such page: files that differ from the commit, no Git, no `origin`, or a clone that lacks the history:
    Git takes the oldest commit that it has for the one that made everything.
    """
    sources = Sources.of(project)
    paths = [str(path) for path in (sources.project, *sources.packages)]
    try:
        if (
            ask(project, "status", "--porcelain", "--untracked-files=all", "--", *paths, *_no_files_of(paths))
            or ask(project, "rev-parse", "--is-shallow-repository") == "true"
        ):
            return None
        return page(ask(project, "config", "--get", "remote.origin.url"), ask(project, "log", "-1", "--format=%H", "--", *paths))
    except ValueError:
        return None


def _no_files_of(paths: list[str]) -> list[str]:
    """What lies in a project and is no part of it, for Git to leave out (gitglossary, "pathspec")."""
    litter = [f":(top,exclude,glob)**/{name}{inside}" for name in LEFT for inside in ("", "/**")]
    return [*litter, *(f":(exclude){path}/{name}" for path in paths for name in sorted(WRITTEN_BY_DBT))]


def page(address: str, commit: str) -> str | None:
    """Of a commit of the repository at an address; None for one on a disk."""
    found = _ADDRESS.fullmatch(shown(address))
    if not found or not commit:
        return None
    host = found["web"] or found["ssh"] or found["scp"]
    return f"https://{host}/{found['path']}/{_COMMITS.get(host, '-/commit')}/{commit}"

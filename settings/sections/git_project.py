"""`dbt-platform:workstreams.<name>.project`, where the project lies in a Git repository of its own."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from projects import git, pins
from settings.project import REPOSITORY
from settings.sections.section import Section


def _without_password(address: str) -> str:
    if re.match(r"\w+://[^/@]*:[^/@]*@", address):
        raise ValueError(
            f"No password belongs into a stack file: write {git.shown(address)}, and let Git ask its credential helper"
        )
    return address


class GitProject(Section):
    """A dbt project in a Git repository, fetched with the credentials that Git has where you deploy."""

    git: Annotated[str, AfterValidator(_without_password)] = Field(
        pattern=git.ADDRESS, description="Address of the repository: `https://...`, `ssh://...` or `git@host:path`."
    )
    ref: str = Field(
        pattern=r"^[^-\s:~^?*\[\\][^\s:~^?*\[\\]*$",
        description="Commit, which stays as it is; or a tag or branch, whose commit `ops projects pin` keeps in "
        "`projects.lock.yaml`.",
    )
    path: str = Field(
        default=".", pattern=r"^(\.|\w[\w.-]*(/\w[\w.-]*)*)$", description="Folder of the dbt project in the repository."
    )

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.pinned is None:
            raise ValueError(f"{self.ref!r} may move. Pin its commit: `uv run ops projects pin`, and commit {pins.FILE}")
        return self

    @property
    def pinned(self) -> str | None:
        """The commit: its own, or the one that somebody has pinned."""
        if git.COMMIT.fullmatch(self.ref):
            return self.ref
        return pins.read(REPOSITORY).get(self.git, {}).get(self.ref)

    @property
    def name(self) -> str:
        """What its image is called: the repository, and the folder in it."""
        repository = re.sub(r"[^\w.-]", "-", re.split(r"[/:]", self.git.rstrip("/").removesuffix(".git"))[-1]).lstrip(".-")
        return repository if self.path == "." else f"{repository}/{self.path}"

"""`image/prepare.sh` and the packages of a dbt project: what it installs to fetch them, with stand-ins for apt and dbt."""

import shutil
from pathlib import Path

import docker
import pytest
from docker.errors import ContainerError

from sandbox.base.image import ensure_base
from sandbox.paths import CACHE, REPOSITORY

APT = """#!/bin/sh
echo "apt-get $*" >> /app/calls
case "$*" in install*git) printf '#!/bin/sh\\n' > /tools/git; chmod +x /tools/git ;; esac
"""
DBT = """#!/bin/sh
case "$*" in *" deps "*) echo "deps, git: $(command -v git)" >> /app/calls ;; esac
"""
PREPARE = """
mkdir /programs
for name in chmod cut find grep rm sh sha256sum sort xargs; do ln -s "$(command -v $name)" /programs; done
RUNNER_PROJECT=/app/project PATH=/tools:/programs sh /app/prepare.sh
"""
"""Without the base image's own apt and git, so that the tests say the same whichever base it is."""


OFFLINE = "#!/bin/sh\necho 'Temporary failure resolving' >&2\nexit 100\n"


def calls(folder: Path, packages: str, *, apt: str = APT) -> list[str]:
    """What preparing a project with such a `packages.yml` calls, in order."""
    empty = ("app/profiles.yml", "app/tested.in", "app/dbt_refs.py", "app/calls", "build/requirements.txt")
    files = {"app/project/packages.yml": packages, **dict.fromkeys(empty, "")}
    programs = {"dbt/dbt": DBT, "dbt/python": "#!/bin/sh\n", **({"tools/apt-get": apt} if apt else {})}
    for name in ("app/runner", "tools"):
        (folder / name).mkdir(parents=True)
    for name, text in (files | programs).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    shutil.copy(REPOSITORY / "image" / "prepare.sh", folder / "app")
    places = {"app": "/app", "build": "/build", "dbt": "/opt/dbt/bin", "tools": "/tools"}
    docker.from_env().containers.run(
        ensure_base(CACHE, print),
        ["sh", "-c", PREPARE],
        volumes={str(folder / ours): {"bind": theirs} for ours, theirs in places.items()},
        remove=True,
        stderr=True,
    )
    return (folder / "app" / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    "packages",
    [
        "packages:\n  - git: https://git.example.com/units.git\n    revision: v1\n",
        'packages:\n  - {"git": "https://git.example.com/units.git"}\n',
        "packages:\n  - revision: v1\n    git: https://git.example.com/units.git\n",
    ],
)
def test_a_package_from_git_can_be_fetched(tmp_path: Path, packages: str):
    """`dbt deps` would end the build: neither python:3.12-slim nor the sandbox's base has git."""
    assert calls(tmp_path, packages) == [
        "apt-get update -qq",
        "apt-get install -qq --no-install-recommends git",
        "deps, git: /tools/git",
    ]


@pytest.mark.parametrize(
    "packages",
    [
        "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n",
        "packages:\n  - local: ../digit\n  # - git: https://git.example.com/units.git\n",
    ],
)
def test_any_other_project_is_built_without_git(tmp_path: Path, packages: str):
    """Each build of an image would take longer, and need Debian's mirrors, for nothing."""
    assert calls(tmp_path, packages) == ["deps, git: "]


def test_a_base_image_that_cannot_get_git_is_named(tmp_path: Path):
    """`apt-get: not found` says neither why nor what to do."""
    with pytest.raises(ContainerError, match=r"git: entry.*dbt-platform:image\.baseImage"):
        calls(tmp_path, "packages:\n  - git: https://git.example.com/units.git\n", apt="")


def test_offline_a_build_says_that_it_lacks_no_more_than_git(tmp_path: Path):
    """apt's own words are about mirrors: nobody would know that the same project is built elsewhere."""
    with pytest.raises(ContainerError, match=r"This fails offline only"):
        calls(tmp_path, "packages:\n  - git: https://git.example.com/units.git\n", apt=OFFLINE)

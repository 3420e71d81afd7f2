"""Git repositories that hold dbt projects and packages, fetched with the credentials of whoever deploys.

Only files come out of here: no `.git`, in whose configuration an address with credentials would lie.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

ADDRESS = r"^((https|ssh|file)://[^\s-]\S*|[\w.-]+@[\w.-]+:\S+|/\S+)$"
"""What Git fetches from without running a program of the address's choice (`ext::`), and never in the clear."""

COMMIT = re.compile(r"[0-9a-f]{40}")


def resolve(address: str, ref: str) -> str:
    """The commit that a branch, a tag or a commit's own name stands for now; of a tag and a branch of one name, the tag's.

    Raises:
        ValueError: the repository can't be read, or has no such ref.
    """
    if COMMIT.fullmatch(ref):
        return ref
    names = [f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}", *(["HEAD"] if ref == "HEAD" else [])]
    lines = [line.split("\t") for line in _git(address, "ls-remote", "--", address).splitlines()]
    found = {name: commit for commit, name in lines}
    commit = next((found[name] for name in names if name in found), None)
    if commit is None:
        tags = sorted({name.removeprefix("refs/tags/").removesuffix("^{}") for name in found if name.startswith("refs/tags/")})
        raise ValueError(f"{shown(address)} has no branch and no tag {ref!r}. Tags there: {', '.join(tags[-10:]) or 'none'}")
    return commit


def is_tag(address: str, ref: str) -> bool:
    """Whether it is a tag there, which is not meant to move."""
    return bool(_git(address, "ls-remote", "--tags", "--", address, ref).strip())


def fetch(address: str, commit: str, cache: Path) -> Path:
    """The folder with the files of a commit, and of its submodules; fetched once.

    Raises:
        ValueError: the repository can't be read, has no such commit, or links to what is not its own.
    """
    place = cache / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}-{commit}"
    if place.is_dir():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as temporary:
        tree = Path(temporary) / "tree"
        _git(address, "init", "--quiet", "--template=", str(tree))
        inside = ("-C", str(tree))
        _git(address, *inside, "remote", "add", "origin", address)
        try:
            _git(address, *inside, "fetch", "--quiet", "--depth=1", "origin", commit)
        except ValueError:  # an older server gives out no commit by its name
            _git(address, *inside, "fetch", "--quiet", "origin", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        _git(address, *inside, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", commit)
        if (tree / ".gitmodules").exists():
            _git(address, *inside, "submodule", "update", "--quiet", "--init", "--recursive", "--depth=1")
        _only_files(tree)
        try:
            tree.rename(place)
        except OSError:
            if not place.is_dir():  # else another deployment was faster
                raise
    return place


def shown(address: str) -> str:
    """An address as it may be shown: without what stands before the host."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", address)


def ask(folder: Path, *arguments: str) -> str:
    """What Git says about a checkout that is there already. Raises ValueError if it knows nothing of it."""
    done = _run(["git", "-C", str(folder), *arguments], _environment())
    if done.returncode:
        raise ValueError(f"Git can't tell anything of {folder}: {' '.join(done.stderr.split())}")
    return done.stdout.strip()


def _only_files(tree: Path) -> None:
    """Raises ValueError for a link out of the tree: a foreign project could take files of the deploying machine along."""
    for found in list(tree.rglob(".git")):
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    for path in tree.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(tree.resolve()):
            raise ValueError(
                f"{path.relative_to(tree)} is a link to {path.readlink()}, outside of the repository: commit the file itself"
            )


def _git(address: str, *arguments: str) -> str:
    """Git's answer; it asks nobody for a password. Raises ValueError with what it said."""
    protocols = ["https", "ssh", *(["file"] if address.startswith(("file:", "/")) else [])]
    settings = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": ":".join(protocols)}
    settings["GIT_SSH_COMMAND"] = os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    done = _run(["git", *arguments], _environment() | settings)
    if done.returncode:
        said = " ".join(done.stderr.split()).replace(address, shown(address))
        raise ValueError(
            f"Git can't read {shown(address)}: {shown(said)}. It needs an address and credentials that work where you deploy: "
            f"try `git ls-remote {shown(address)}`"
        )
    return done.stdout


def _environment() -> dict[str, str]:
    """Without the variables by which Git says, inside a hook, which repository it is about."""
    about = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    return {name: value for name, value in os.environ.items() if name not in about} | {"LC_ALL": "C"}


def _run(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ValueError("There is no `git` on the PATH, which fetches the projects and packages that lie elsewhere") from None

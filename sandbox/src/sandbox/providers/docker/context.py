"""The build context: what Docker is sent, and a digest of it."""

import hashlib
import stat
from pathlib import Path

from docker.utils.build import exclude_paths


def digest(context: Path, dockerfile: Path) -> str:
    """SHA-256 over every file of the context that `.dockerignore` leaves in: name, permissions and contents.

    As in the official provider, folders and times of change do not count, a symbolic link counts by its target, and
    the Dockerfile always counts, wherever it is.
    """
    total = hashlib.sha256(dockerfile.read_bytes())
    for name in sorted(exclude_paths(str(context), _ignored(context), dockerfile=_inside(context, dockerfile))):
        path = context / name
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            contents = str(path.readlink()).encode()
        elif stat.S_ISREG(mode):
            contents = path.read_bytes()
        else:
            continue
        total.update(f"{name}\0{mode:o}\0{hashlib.sha256(contents).hexdigest()}\0".encode())
    return total.hexdigest()


def _ignored(context: Path) -> list[str]:
    file = context / ".dockerignore"
    lines = [line.strip() for line in file.read_text().splitlines()] if file.is_file() else []
    return [line for line in lines if line and not line.startswith("#")]


def _inside(context: Path, dockerfile: Path) -> str | None:
    """The Dockerfile's path in the context, which no pattern can exclude; None when it lies elsewhere."""
    try:
        return str(dockerfile.resolve().relative_to(context.resolve()))
    except ValueError:
        return None

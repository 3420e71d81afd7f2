"""Virtual environments of the stand-ins whose pins do not fit the project's own."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.exclusive import alone
from sandbox.paths import CACHE
from sandbox.steps import Report


def ensure_virtualenv(name: str, requirements: Path, report: Report) -> Path:
    """The interpreter of an environment that holds exactly the locked `requirements`; made when missing."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    place = CACHE / "venvs" / f"{name}-{digest}"
    complete = place / "complete"
    with alone(place.parent / f"{place.name}.making"):
        if complete.exists():
            report("cached")
        else:
            _install(place, requirements, report)
            complete.touch()
    return place / "bin" / "python"


def _install(place: Path, requirements: Path, report: Report) -> None:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise SandboxError("uv is not on the PATH.", "Run this through make, which brings uv.")
    shutil.rmtree(place, ignore_errors=True)
    report(f"installing {requirements.parent.name}/{requirements.name}")
    install = [uv, "pip", "install", "-q", "--python", place / "bin" / "python", "--require-hashes", "--compile-bytecode"]
    for command in ([uv, "venv", "-q", "--python", "3.11", place], [*install, "-r", requirements]):
        # Elsewhere than in the checkout, whose pyproject.toml has constraints that are not for this environment.
        done = subprocess.run([str(word) for word in command], cwd=place.parent, capture_output=True, text=True, check=False)
        if done.returncode:
            fix = "Is the Python package index reachable? Run the command again."
            raise SandboxError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}", fix)

"""Virtual environments of the stand-ins whose pins do not fit the project's own."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.paths import CACHE
from sandbox.steps import Report


def ensure_virtualenv(name: str, requirements: Path, report: Report) -> Path:
    """The interpreter of an environment that holds exactly the locked `requirements`; made when missing."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    place = CACHE / "venvs" / f"{name}-{digest}"
    python = place / "bin" / "python"
    complete = place / "complete"
    if complete.exists():
        report("cached")
        return python
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise SandboxError("uv is not on the PATH.", "Run this through make, which brings uv.")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    report(f"installing {requirements.parent.name}/{requirements.name}")
    install = [uv, "pip", "install", "-q", "--python", python, "--require-hashes", "--compile-bytecode", "-r", requirements]
    for command in ([uv, "venv", "-q", "--python", "3.11", place], install):
        # Elsewhere than in the checkout, whose pyproject.toml has constraints that are not for this environment.
        done = subprocess.run([str(word) for word in command], cwd=place.parent, capture_output=True, text=True, check=False)
        if done.returncode:
            fix = "Is the Python package index reachable? Run the command again."
            raise SandboxError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}", fix)
    complete.touch()
    return python

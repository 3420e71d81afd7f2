"""Debian packages: installed only when missing, and only by root."""

import os
import shutil
import subprocess

from sandbox.errors import SandboxError
from sandbox.exclusive import alone
from sandbox.paths import CACHE
from sandbox.steps import Report


def ensure_program(program: str, package: str, report: Report) -> str:
    """The path of `program`, after installing the Debian package that brings it where that is needed.

    Raises:
        SandboxError: it is missing and can't be installed.
    """
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if found := shutil.which(program, path=search):
        return found
    fix = f"Install it: sudo apt-get install --no-install-recommends {package}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SandboxError(f"{program} is missing (Debian package {package}).", fix)
    report(f"installing the Debian package {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with alone(CACHE / "packages"):  # apt-get waits for nobody
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", package]):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SandboxError(f"{' '.join(command)} failed:\n{(done.stderr or done.stdout)[-2000:]}", fix)
    if found := shutil.which(program, path=search):
        return found
    raise SandboxError(f"{package} is installed and brought no {program}.", fix)

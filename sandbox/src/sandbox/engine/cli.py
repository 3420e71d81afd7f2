"""The Pulumi CLI: the user's own, else the official download, else compiled from its Go module."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from pulumi.automation import PulumiCommand
from semver import Version

from sandbox.engine.build import build_cli
from sandbox.engine.reach import reachable
from sandbox.errors import SandboxError
from sandbox.exclusive import alone
from sandbox.steps import Report

VERSION = Version(3, 259, 0)
"""What is downloaded or compiled, and the oldest that is accepted: the newest that can be compiled (see go.mod)."""

DOWNLOAD = "https://get.pulumi.com/"
"""Where the SDK's installer gets the CLI."""


def ensure_cli(cache: Path, report: Report) -> Path:
    """The path of a `pulumi` that is new enough; gets one into `cache/pulumi/<version>/` when there is none.

    Raises:
        SandboxError: none of the ways worked.
    """
    if own := _on_path(report):
        return own
    folder = cache / "pulumi" / str(VERSION)
    program = folder / "pulumi"
    with alone(cache / "pulumi"):
        if program.is_file():
            report(f"Pulumi CLI {VERSION} from the cache")
            return program
        if not _download(folder, report):
            _compile(folder, report)
    return program


def _on_path(report: Report) -> Path | None:
    found = shutil.which("pulumi")
    if found is None:
        return None
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    said = subprocess.run([found, "version"], env=environment, capture_output=True, text=True, timeout=30, check=False).stdout
    version = re.search(r"\d+\.\d+\.\d+", said)
    if version and Version.parse(version[0]) >= VERSION:
        report(f"Pulumi CLI {version[0]} from PATH")
        return Path(found)
    report(f"the Pulumi CLI on PATH is {version[0] if version else 'broken'}, older than {VERSION}: not used")
    return None


def _download(folder: Path, report: Report) -> bool:
    if not reachable(DOWNLOAD):
        report(f"{DOWNLOAD} does not answer: compiling the Pulumi CLI instead")
        return False
    report(f"downloading the Pulumi CLI {VERSION}")
    with tempfile.TemporaryDirectory(dir=folder.parent) as root:
        try:
            PulumiCommand.install(root=root, version=VERSION)
        except Exception as error:  # noqa: BLE001 - whatever stops the SDK's installer, the other way may work
            report(f"the download failed ({error}): compiling the Pulumi CLI instead")
            return False
        Path(root, "bin").rename(folder)
    return True


def _compile(folder: Path, report: Report) -> None:
    work = folder.parent / f"build-{VERSION}"
    try:
        program = build_cli(work, str(VERSION), report)
    except SandboxError as error:
        fix = f"Install the Pulumi CLI {VERSION} or newer (https://www.pulumi.com/docs/install/) and put it on PATH."
        raise SandboxError(
            f"The Pulumi CLI is not on PATH, was not downloaded, and could not be compiled: {error.problem}", fix
        ) from error
    with tempfile.TemporaryDirectory(dir=folder.parent) as root:
        ready = Path(root, "bin")
        ready.mkdir()
        program.rename(ready / "pulumi")
        ready.rename(folder)
    shutil.rmtree(work)

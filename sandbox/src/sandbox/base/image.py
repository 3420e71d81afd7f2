"""The image that everything in the sandbox is built on: Python's official one, else one made of Debian's packages."""

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound

from sandbox.engine.reach import reachable
from sandbox.errors import SandboxError
from sandbox.packages import ensure_program
from sandbox.state import LABEL
from sandbox.steps import Report

OFFICIAL = "python:3.12-slim"
"""What production builds on."""

HUB = "https://registry-1.docker.io/v2/"
"""Where Docker gets it from."""

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Certificates: where Debian keeps them, on the host and in the image."""

RECIPE = [
    "--variant=essential",
    # without these two, half of the image would be perl, needed only to merge /usr
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    # libstdc++6: wheels of compiled packages need it, and the official image has it
    "--include=usr-is-merged,passwd,python3,python3-venv,tzdata,libstdc++6",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    '--customize-hook=rm "$1/etc/hostname" "$1/etc/resolv.conf"',  # the host's own
    "bookworm",
]
"""Arguments of mmdebstrap: Debian 12 with Python 3.11."""

CHANGES = [
    f"ENV SSL_CERT_FILE={BUNDLE}",  # uv trusts its own list without it; Python and pip look there anyway
    f"LABEL {LABEL}=base",
    'CMD ["python3"]',
]
"""Instructions for `docker import`."""


def ensure_base(cache: Path, report: Report) -> str:
    """The tag of the base image; makes or pulls it when there is none.

    Raises:
        SandboxError: it can't be had either way.
    """
    tag = f"dbt-platform/base:{_content_hash()}"
    for name in (OFFICIAL, tag):
        if _is_here(name):
            report(f"{name} is there")
            return name
    if _pull(report):
        return OFFICIAL
    _make(tag, cache, report)
    return tag


def _is_here(name: str) -> bool:
    try:
        docker.from_env().images.get(name)
    except ImageNotFound:
        return False
    return True


def _pull(report: Report) -> bool:
    if not reachable(HUB):
        report("Docker Hub does not answer: making the base image from Debian's packages")
        return False
    report(f"pulling {OFFICIAL}")
    try:
        docker.from_env().images.pull(OFFICIAL)
    except APIError as error:
        report(f"the pull failed ({error.explanation}): making the base image from Debian's packages")
        return False
    return True


def _make(tag: str, cache: Path, report: Report) -> None:
    program = ensure_program("mmdebstrap", "mmdebstrap", report)
    report("making Debian 12 with Python 3.11 (about 30 seconds)")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        archive = Path(folder, "base.tar")
        # the bundle goes in last: it may know authorities, such as a company's, that Debian's package does not
        upload = f"--customize-hook=upload {_bundle()} {BUNDLE}"
        done = subprocess.run([program, upload, *RECIPE, archive], capture_output=True, text=True, check=False)
        if done.returncode:
            raise _failure(done.stderr)
        name, _, version = tag.partition(":")
        docker.from_env().api.import_image(str(archive), repository=name, tag=version, changes=CHANGES)


def _failure(output: str) -> SandboxError:
    end = "\n".join(output.splitlines()[-15:])
    if os.geteuid() == 0:
        fix = "Debian's mirror must be reachable and its keys known (Debian package debian-archive-keyring)."
    else:
        fix = "Without root, mmdebstrap needs user namespaces: install the Debian package uidmap, or run this command once as root."
    return SandboxError(f"mmdebstrap failed:\n{end}", fix)


def _bundle() -> Path:
    """The certificates that this machine trusts."""
    bundle = Path(os.environ.get("SSL_CERT_FILE") or BUNDLE)
    if not bundle.is_file():
        raise SandboxError(
            f"There are no certificates at {bundle}.", "Install the Debian package ca-certificates, or set SSL_CERT_FILE."
        )
    return bundle


def _content_hash() -> str:
    recipe = "\n".join([*RECIPE, *CHANGES]).encode()
    return hashlib.sha256(recipe + _bundle().read_bytes()).hexdigest()[:12]

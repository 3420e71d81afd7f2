"""Docker: the daemon that runs tasks and Airflow."""

import os
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import docker
import psutil
from docker.errors import DockerException

from sandbox.errors import SandboxError
from sandbox.packages import ensure_program
from sandbox.paths import CACHE, Home
from sandbox.processes import Begun, start
from sandbox.steps import Report


def why_unreachable() -> str | None:
    """Why Docker does not answer, or None when it does."""
    try:
        docker.from_env(timeout=10).ping()
    except (DockerException, OSError) as error:
        return str(error)
    return None


def ensure_docker(home: Home, report: Report, begun: Begun) -> None:
    """Makes Docker answer; `begun` is told of the daemon if this call starts one.

    Raises:
        SandboxError: Docker can't be reached or started.
    """
    reason = why_unreachable()
    if reason is None:
        report("a Docker daemon runs already")
        return
    if host := os.environ.get("DOCKER_HOST"):
        raise SandboxError(f"Docker does not answer at DOCKER_HOST={host}: {reason}", "Start that daemon, or unset DOCKER_HOST.")
    if os.geteuid() != 0:
        fix = "Start it (sudo systemctl start docker) and join its group (sudo usermod -aG docker $USER, then log in again)."
        raise SandboxError(f"Docker does not answer: {reason}", fix)
    dockerd = ensure_program("dockerd", "docker.io", report)
    if why_unreachable() is None:
        report("the package's service started the Docker daemon")
        return
    report("starting a Docker daemon")
    remove_interfaces_of_killed_daemons(report)
    run = home.daemon
    command = [dockerd, "--data-root", CACHE / "docker", "--exec-root", run, "--pidfile", run / "pid"]
    run.mkdir(parents=True, exist_ok=True)
    log = home.logs / "dockerd.log"
    start("Docker daemon", command, os.environ, log, ready=lambda: why_unreachable() is None, begun=begun)


def remove_interfaces_of_killed_daemons(report: Report) -> None:
    """Takes away what a daemon that was killed left on the bridge, when none runs any more.

    Behind such an interface its container's address still answers, and refuses what is meant for the new container that is
    given the same one.
    """
    for interface in Path("/sys/class/net/docker0/brif").glob("*"):
        command = [ensure_program("ip", "iproute2", report), "link", "delete", interface.name]
        subprocess.run(command, capture_output=True, check=False)


def unmount_below(folder: Path) -> None:
    """Takes away what an ended daemon leaves mounted in its folder: a network namespace, or the disks of killed containers."""
    below = [mount.mountpoint for mount in psutil.disk_partitions(all=True) if Path(mount.mountpoint).is_relative_to(folder)]
    for mountpoint in sorted(below, reverse=True):
        subprocess.run(["umount", mountpoint], capture_output=True, check=False)


def bridge_gateway() -> str:
    """The host's address on Docker's default bridge, e.g. 172.17.0.1."""
    bridge = docker.from_env().networks.get("bridge")
    configured = next(config for config in bridge.attrs["IPAM"]["Config"] if "." in config["Subnet"])
    # A daemon that was started on an existing bridge does not say it; it is the subnet's first address unless configured.
    return configured.get("Gateway") or str(next(IPv4Network(configured["Subnet"]).hosts()))

"""What the start of a Docker daemon finds of one that was killed."""

import subprocess
import sys

from sandbox.packages import ensure_program

LEFTOVER = """
set -e
mount -t sysfs sysfs /sys
ip link add docker0 type bridge
ip link add leftover type veth peer name container
ip link set leftover master docker0
"$1" -c "from sandbox.docker_engine import remove_interfaces_of_killed_daemons as remove; remove(print)"
ip -brief link
"""


def test_addresses_of_a_killed_daemons_containers_are_free_again():
    """The first container of the next one would start, and nobody could ever reach it."""
    ensure_program("ip", "iproute2", print)
    alone = ["unshare", "--net", "--mount", "sh", "-c", LEFTOVER, "sh", sys.executable]
    done = subprocess.run(alone, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "docker0" in done.stdout
    assert "leftover" not in done.stdout

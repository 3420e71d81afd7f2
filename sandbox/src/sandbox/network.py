"""Addresses and ports on this machine."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from sandbox.errors import SandboxError


def free_port(*addresses: str) -> int:
    """A TCP port that is free on all `addresses`."""
    for _ in range(50):
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
            if all(_is_free(address, port) for address in addresses[1:]):
                return port
    raise SandboxError(f"No TCP port is free on all of {', '.join(addresses)}.", "Free some ports and try again.")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def answers(url: str) -> bool:
    """Whether an HTTP server answers at `url`, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310  (always our own loopback address)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True

"""Decides quickly whether a host of the internet can be reached."""

import threading

from sandbox.network import answers


def reachable(url: str, seconds: float = 3) -> bool:
    """Whether `url` answers within `seconds`; a name server that stays silent counts in that time."""
    found: list[bool] = []
    probe = threading.Thread(target=lambda: found.append(answers(url)), daemon=True)
    probe.start()
    probe.join(seconds)
    return found == [True]

"""Every container belongs to one sandbox, so that two of them on one machine never remove each other's.

Not an AWS behaviour: MiniStack tells its instances apart by port, and a port is used again.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core import container_reaper

from sandbox.emulator.patches import replaces
from sandbox.emulator.settings import LABELS, SANDBOX_ID

_stock_labels = container_reaper.own_labels


@replaces(container_reaper, "instance_id")
def instance_id() -> str:
    """What MiniStack compares before it removes a container."""
    return SANDBOX_ID


@replaces(container_reaper, "own_labels")
def own_labels(service: str, **extra: Any) -> dict[str, str]:
    """Labels of every container, with the sandbox's."""
    return {**_stock_labels(service, **extra), **LABELS}

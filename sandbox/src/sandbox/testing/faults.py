"""Faults of a test's own."""

import itertools
import random
from typing import Any


def first_answer_lost(service: str) -> dict[str, Any]:
    """An order that loses the answer to the next call of a service, and no other of the ten after it."""
    seed = next(seed for seed in itertools.count() if _heads(seed) == [True, *[False] * 10])
    return {"fault": "lost", "share": 0.5, "services": [service], "seed": seed}


def _heads(seed: int) -> list[bool]:
    dice = random.Random(seed)
    return [dice.random() < 0.5 for _ in range(11)]

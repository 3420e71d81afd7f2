"""JSON documents in which some values are only known while the stack is deployed."""

import json
from typing import Any

import pulumi


def as_json(value: object, *, indent: int | None = None) -> pulumi.Output[str]:
    """What `Output.json_dumps` says, made of the outputs in it only.

    That makes an output of every text, list and mapping, known or not: a thousand for each workstream, and half of the program's
    time (docs/decisions/0011-what-growth-costs.md).

    Raises:
        TypeError: something in it is neither JSON nor an output.
    """
    outputs: list[pulumi.Output[Any]] = []

    def find(found: object) -> None:
        if not isinstance(found, pulumi.Output):
            raise TypeError(f"{type(found).__name__} is neither JSON nor an output")
        outputs.append(found)

    def render(values: list[object]) -> str:
        known = iter(values)
        return json.dumps(value, default=lambda _: next(known), indent=indent)

    json.dumps(value, default=find)
    return pulumi.Output.all(*outputs).apply(render)

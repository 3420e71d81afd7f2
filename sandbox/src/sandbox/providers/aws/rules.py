"""botocore's service models as rules for property values."""

from collections.abc import Iterator
from typing import Any

from sandbox import models
from sandbox.models import PASSED_OVER, Reading, Shape
from sandbox.providers.aws.shapes import is_tag_map, members, tag_list
from sandbox.providers.values import UNKNOWN


def _known(value: Any, shape: Shape) -> Any:
    if value == UNKNOWN:
        return PASSED_OVER
    return tag_list(value) if is_tag_map(value, shape) else value


PROPERTIES = Reading(names=members, value=_known)


CARRIED = Reading(names=members, value=_known, strict=False)
"""Of what the table does not have: the real provider may call its parts otherwise, and says itself what is required."""


def carried_violations(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """The same of such a property."""
    return (found for found in models.violations(value, shape, path, CARRIED) if found[1] != models.REQUIRED)


def violations(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """Every (path, reason) why AWS would refuse the value. Unknown values are passed over."""
    return models.violations(value, shape, path, PROPERTIES)

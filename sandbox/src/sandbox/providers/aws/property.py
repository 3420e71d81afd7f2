"""What the provider knows about one property of a resource type."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any


def _nothing(value: Any) -> None:  # noqa: ARG001
    return None


def _itself(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Property:
    """One input property of a resource type."""

    rule: str | type
    """Where botocore's service model describes it, `Operation.Member`; or a Python type where it does not."""
    _: KW_ONLY
    required: bool = False
    default: Any = None
    """Value that AWS or the real provider uses when the program sets none; None: AWS chooses, or none at all."""
    replace: bool | Callable[[Any, Any], bool] = False
    """A change needs a new resource (`ForceNew` in terraform-provider-aws), or one from this value to that (`ForceNewIf`)."""
    fixed: tuple[str, ...] = ()
    """Parts of the property whose change needs a new resource."""
    kept: bool = False
    """AWS keeps its value when the program gives none any more (`Optional` and `Computed` in terraform-provider-aws)."""
    kept_parts: tuple[str, ...] = ()
    """Parts of it, however deep, of which AWS does the same."""
    local: bool = False
    """Lives in Pulumi's state only, for example `forceDestroy`."""
    wrapped: bool = False
    """The schema shows AWS's structure as a list of at most one."""
    json: bool = False
    """The program gives AWS's structure as a JSON text."""
    unread: bool = False
    """AWS is not asked for it (an object's content): a refresh keeps what the state says."""
    form: Callable[[Any], Any] = _itself
    """Two values are the same if their forms are."""
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the value, or of what its JSON text says, where the rule does not tell its parts (`refusals/schemas.py`)."""
    check: Callable[[Any], str | None] = _nothing
    """What is wrong with a value, beyond the rule."""

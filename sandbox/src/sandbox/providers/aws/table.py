"""What the provider knows about a resource type: data, which `handler.py` brings to life."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from sandbox.providers.aws.api import Api
from sandbox.providers.values import Properties

Problem = tuple[str, str]
"""Property path and what is wrong with its value."""


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
    check: Callable[[Any], str | None] = _nothing
    """What is wrong with a value, beyond the rule."""


@dataclass(frozen=True)
class Put:
    """An API call that sets some properties of an existing resource."""

    properties: tuple[str, ...]
    call: Callable[[Api, str, Properties, Properties], Any]
    """Arguments: API, id, new inputs, what AWS has now; both with defaults and outputs, the latter {} on create."""
    _: KW_ONLY
    on_create: bool = False
    """The create call doesn't take these properties."""
    renews: tuple[str, ...] = ()
    """Outputs that get new values by it."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """The property that gets an automatic name."""

    property: str
    longest: int
    prefix: str = ""
    lower: bool = False


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type of the real provider, as far as the sandbox models it."""

    token: str
    service: str
    """botocore's name of the service."""
    properties: Mapping[str, Property]
    outputs: tuple[str, ...] = ()
    """What AWS adds; a preview shows them as unknown."""
    create: Callable[[Api, Properties], str]
    """Returns the id."""
    read: Callable[[Api, str, Properties], Properties | None]
    """Live values of properties and outputs by id and state, or None if it is gone."""
    delete: Callable[[Api, str, Properties], Any]
    puts: tuple[Put, ...] = ()
    name: Name | None = None
    tagged: bool = False
    """Has `tags` and `tagsAll`."""
    checks: tuple[Callable[[Properties], Iterable[Problem]], ...] = ()
    """Rules that compare several properties."""

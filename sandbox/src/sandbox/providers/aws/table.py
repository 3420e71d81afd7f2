"""What the provider knows about a resource type: data, which `handler.py` brings to life."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.rules import Problem, Properties


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
    filled: Mapping[str, Any] = field(default_factory=dict)
    """What the real provider shows of AWS's features that the sandbox does not model: always the same."""
    create: Callable[[Api, Properties], str]
    """Returns the id."""
    read: Callable[[Api, str, Properties], Properties | None]
    """Live values of properties and outputs by id and state, or None if it is gone."""
    delete: Callable[[Api, str, Properties], Any]
    puts: tuple[Put, ...] = ()
    name: Name | None = None
    single: bool = False
    """Its place has room for one: a replacement is made after the old one is deleted (`DeleteBeforeReplace` in pulumi-aws)."""
    tagged: bool = False
    """Has `tags` and `tagsAll`."""
    checks: tuple[Callable[[Properties], Iterable[Problem]], ...] = ()
    """Rules that compare several properties."""

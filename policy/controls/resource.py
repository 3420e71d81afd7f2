"""What the engine tells about a resource, as plain values; what a preview can't know yet is UNKNOWN."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy import PolicyResource, ResourceValidationArgs
from pulumi_policy.proxy import UnknownValueError

UNKNOWN: Final = object()
"""Stands for a value that is known only when its resource exists: it is neither right nor wrong."""

DISPOSABLE = ("development", "sandbox")
"""Values of the tag `environment` of stacks whose data may be lost. Any other value, or none, has production's rules."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource: its inputs in a control of resources, its outputs in a control of stacks."""

    type: str
    name: str
    urn: str
    properties: Mapping[str, Any]
    tags: Mapping[str, Any]
    """With the provider's default tags."""
    protected: bool
    """Pulumi refuses to delete it."""
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Property to the URNs of the resources that its value comes from; known before the value is."""
    waits_for: frozenset[str] = frozenset()
    """URNs of the resources that exist before this one."""

    @classmethod
    def from_sdk(cls, about: ResourceValidationArgs | PolicyResource) -> "Resource":
        """From what the SDK hands to a policy."""
        properties = _plain(about.props)
        provider = _plain(about.provider.props) if about.provider else {}
        relations = {}
        if isinstance(about, PolicyResource):
            sources = {name: frozenset(r.urn for r in resources) for name, resources in about.property_dependencies.items()}
            relations = {"sources": sources, "waits_for": frozenset(r.urn for r in about.dependencies)}
        return cls(
            type=about.resource_type,
            name=about.name,
            urn=about.urn,
            properties=properties,
            tags=_tags(properties, provider),
            protected=bool(about.opts.protect),
            **relations,
        )

    def get(self, *path: str) -> Any:
        """The value at a path of property names; None when something on the way is missing."""
        return at(self.properties, *path)

    @property
    def disposable(self) -> bool:
        """Belongs to a stack whose data may be lost."""
        return self.tags.get("environment") in DISPOSABLE

    def refers_to(self, other: "Resource", name: str) -> bool:
        """Whether the property `name` says which resource this one belongs to, and says `other`."""
        value = self.get(name)
        named = isinstance(value, str) and value in [other.get(key) for key in ("id", "arn", "name")]
        return named or other.urn in self.sources.get(name, ())


class Stack:
    """All resources of a stack, read only when a control asks for their type: there may be thousands."""

    def __init__(self, resources: Iterable[PolicyResource]) -> None:
        self._given: dict[str, list[PolicyResource]] = defaultdict(list)
        self._read: dict[str, list[Resource]] = {}
        for resource in resources:
            self._given[resource.resource_type].append(resource)

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type."""
        if kind not in self._read:
            self._read[kind] = [Resource.from_sdk(resource) for resource in self._given[kind]]
        return self._read[kind]

    def belonging(self, kind: str, name: str, target: Resource) -> list[Resource]:
        """The resources of type `kind` whose property `name` refers to `target`."""
        return [resource for resource in self.of(kind) if resource.refers_to(target, name)]


def at(value: Any, *path: str) -> Any:
    """The value at a path; None when something on the way is missing, UNKNOWN when something is unknown."""
    for step in path:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def items(value: Any) -> list[Any]:
    """The known elements of a list; none when the list itself is missing or unknown."""
    return [element for element in value if element is not UNKNOWN] if isinstance(value, list) else []


def is_not(value: Any, *wanted: Any) -> bool:
    """Whether a value is known, or known to be missing, and none of those wanted."""
    return value is not UNKNOWN and value not in wanted


def parsed(value: Any) -> Any:
    """The contents of a property that holds JSON. What isn't JSON is UNKNOWN: the provider refuses it, and says why."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return UNKNOWN


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _element(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_element(value, index) for index in range(len(value))]
    return value


def _element(values: Any, key: Any) -> Any:
    try:
        return _plain(values[key])
    except UnknownValueError:
        return UNKNOWN


def _tags(properties: Mapping[str, Any], provider: Mapping[str, Any]) -> dict[str, Any]:
    defaults = at(parsed(at(provider, "defaultTags")), "tags")
    known = [part for part in (defaults, properties.get("tagsAll"), properties.get("tags")) if isinstance(part, Mapping)]
    return {name: value for part in known for name, value in part.items()}

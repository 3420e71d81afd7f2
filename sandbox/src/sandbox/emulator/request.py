"""What reaches a service."""

from dataclasses import dataclass, field
from typing import Any

Call = tuple[str, dict[str, Any]]
"""Operation, parameters."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request by HTTP."""

    method: str = "POST"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    """By their names in small letters."""
    query: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

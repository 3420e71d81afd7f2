"""One file per AWS behaviour that MiniStack lacks; importing a file puts it in place.

They reach into MiniStack's private functions, so they hold for one version only.
"""

import importlib.metadata
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

VERSION = "1.5.33"
"""The MiniStack that these patches were written for."""

ACTION_TABLES = ("_ACTION_MAP", "_IAM_HANDLERS")
"""A module's tables of API actions, under whichever name."""

_installed = importlib.metadata.version("ministack")
if _installed != VERSION:
    raise RuntimeError(
        f"MiniStack {_installed} is installed, and the patches fit {VERSION} only. "
        "Read each patch against the new version, then change VERSION, or go back: see requirements.in beside the launcher."
    )


def replaces(module: ModuleType, name: str) -> Callable[[Function], Function]:
    """Decorator: puts a function in the place of `module.name`, also in the module's table of API actions."""
    stock = getattr(module, name)

    def put(function: Function) -> Function:
        setattr(module, name, function)
        for table in ACTION_TABLES:
            actions: dict[str, Any] = getattr(module, table, {})
            actions.update({action: function for action, handler in actions.items() if handler is stock})
        return function

    return put

"""The sandbox's emulator as Terraform needs it: by path, with the Python and the variables of `sandbox.emulator.process`.

Without Docker: an environment of MWAA is there at once, with no Airflow in it, and nothing else that Terraform makes runs anywhere.
Calls to a host of their own, as MWAA's `api.`, reach it as HTTP proxy.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import importlib
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import docker

from sandbox.emulator import launcher

_emulator = launcher.app


async def _as_proxy(scope: dict[str, Any], receive: Any, send: Any) -> None:
    address = urlsplit(scope["path"]) if scope["type"] == "http" else None
    if address and address.netloc:
        scope = {**scope, "path": address.path, "raw_path": address.path.encode()}
    await _emulator(scope, receive, send)


def main() -> None:
    docker.from_env = mock.MagicMock()
    launcher.app = _as_proxy
    for name in launcher.PATCHES:
        importlib.import_module(f"sandbox.emulator.patches.{name}")
    mwaa: Any = importlib.import_module("sandbox.emulator.patches.mwaa_environment")

    def start(environment: dict[str, Any]) -> tuple[Any, Any]:
        mwaa._assume(environment)
        environment["WebserverUrl"] = "127.0.0.1:1"
        return None, SimpleNamespace(id="none")

    mwaa._start = start
    launcher.main()


if __name__ == "__main__":
    main()

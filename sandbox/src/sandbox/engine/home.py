"""PULUMI_HOME of the sandbox: our plugins, under the names and versions that the engine looks for."""

import os
import shlex
from importlib import metadata
from pathlib import Path

from sandbox.paths import SOURCE

PROVIDERS = ("aws", "docker")


def prepare_home(home: Path, python: Path) -> None:
    """Writes the plugins into `home`; does nothing when they are there.

    Each is a script that starts our module with `python`, the interpreter that has the project's environment. The
    engine takes a plugin only from `plugins/<kind>-<name>-v<version>/`, where the version of a provider must be
    exactly that of the SDK that the program imports. A CLI that brings its own language host prefers that to ours.
    """
    for name in PROVIDERS:
        version = metadata.version(f"pulumi-{name}")
        _write_plugin(home, f"resource-{name}-v{version}", python, f"sandbox.providers.{name}")
    _write_plugin(home, f"language-python-v{metadata.version('pulumi')}", python, "sandbox.engine.language_host")


def _write_plugin(home: Path, plugin: str, python: Path, module: str) -> None:
    folder = home / "plugins" / plugin
    kind_and_name = plugin.rpartition("-v")[0]
    program = folder / f"pulumi-{kind_and_name}"
    path = shlex.quote(str(SOURCE)) + "${PYTHONPATH:+:$PYTHONPATH}"
    text = f'#!/bin/sh\nPYTHONPATH={path} exec {shlex.quote(str(python))} -m {module} "$@"\n'
    if program.is_file() and program.read_text() == text:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{program.name}.{os.getpid()}"
    temporary.write_text(text)
    temporary.chmod(0o755)
    temporary.replace(program)

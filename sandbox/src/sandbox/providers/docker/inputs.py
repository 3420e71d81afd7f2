"""What docker.Image accepts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.providers.docker.reference import Reference
from sandbox.providers.values import UNKNOWN, Properties, ProviderError, contains_unknown

PROPERTIES = {
    "": {"build", "buildOnPreview", "imageName", "registry", "skipPush"},
    "build": {"args", "context", "dockerfile", "network", "platform", "target"},
    "registry": {"password", "server", "username"},
}
"""What there is, by the property that it is in."""

NOT_MODELLED = {"addHosts", "builderVersion", "cacheFrom"}
"""In `build`: known to the official provider, not to this one."""


def part(inputs: Properties, name: str) -> dict[str, Any]:
    """An object among the inputs; empty when it is missing or not known yet."""
    value = inputs.get(name)
    return value if isinstance(value, dict) else {}


def with_defaults(inputs: Properties) -> Properties:
    """The inputs with the official provider's defaults for the build."""
    if inputs.get("build") == UNKNOWN:
        return inputs
    build = {"context": ".", **part(inputs, "build")}
    context = build["context"]
    build.setdefault("dockerfile", UNKNOWN if context == UNKNOWN else str(Path(context, "Dockerfile")))
    return {**inputs, "build": build}


def problems(inputs: Properties) -> dict[str, str]:
    """Property path -> what is wrong with it, of inputs with defaults."""
    build = part(inputs, "build")
    return dict([*_unknown_properties(inputs), *_name(inputs), *_paths(build), *_arguments(part(build, "args"))])


Problems = Iterator[tuple[str, str]]


def _unknown_properties(inputs: Properties) -> Problems:
    for parent, known in PROPERTIES.items():
        for name in part(inputs, parent) if parent else inputs:
            path = f"{parent}.{name}" if parent else name
            if parent == "build" and name in NOT_MODELLED:
                yield path, "the sandbox does not model it; leave it out"
            elif name not in known:
                yield path, f"there is no such property; there are {', '.join(sorted(known))}"


def _name(inputs: Properties) -> Problems:
    name = inputs.get("imageName", "")
    if contains_unknown(name):
        return
    try:
        reference = Reference.parse(name)
        if inputs.get("skipPush"):
            return
        reference.in_sandbox()
    except (ValueError, ProviderError) as error:
        yield "imageName", str(error)
        return
    if not reference.host:
        yield "imageName", f"{name!r} names no registry to push to; Docker Hub's is docker.io/{reference.repository}"


def _paths(build: Mapping[str, Any]) -> Problems:
    context, dockerfile = build.get("context", UNKNOWN), build.get("dockerfile", UNKNOWN)
    if UNKNOWN in (context, dockerfile):
        return
    if not Path(context).is_dir():
        yield "build.context", f"there is no folder {str(Path(context).resolve())!r}"
    elif not Path(dockerfile).is_file():
        reason = f"there is no file {str(Path(dockerfile).resolve())!r}"
        from_context = Path(context, dockerfile)
        hint = f"; it is a path from the project's folder: {str(from_context)!r}?" if from_context.is_file() else ""
        yield "build.dockerfile", reason + hint


def _arguments(arguments: Mapping[str, Any]) -> Problems:
    for name, value in arguments.items():
        if not isinstance(value, str):
            yield f"build.args.{name}", f"a build argument is a text, not {value!r}"

"""Which workstream runs the dbt project that another one's `dependencies.yml` names, so that its models can be read."""

import yaml

from image.runner import refs
from settings.errors import SettingsError
from settings.project import NAMESPACE
from settings.sections.workstream import WorkstreamSettings
from settings.stack import Settings


def load(settings: Settings) -> dict[str, dict[str, str]]:
    """The same, while Pulumi runs the program. Raises pulumi.RunError, which Pulumi prints without a traceback."""
    import pulumi  # noqa: PLC0415 - who only reads a stack file has no SDK

    try:
        return upstreams(settings)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def upstreams(settings: Settings) -> dict[str, dict[str, str]]:
    """By workstream: name of each other project that it reads models of: the workstream that runs that.

    Of several that run it, one that it starts after; else the entry says which (`refs`).

    Raises:
        SettingsError: nobody runs a project, or it is not plain who is meant.
        ValueError: a project can't be fetched.
    """
    reading = {name: _others(workstream) for name, workstream in settings.workstreams.items()}
    if not any(reading.values()):
        return {name: {} for name in reading}
    running: dict[str, list[str]] = {}
    for name, workstream in settings.workstreams.items():
        running.setdefault(_project_name(workstream), []).append(name)
    return {
        name: {other: _meant(name, settings.workstreams[name], other, running.get(other, [])) for other in others}
        for name, others in reading.items()
    }


def _others(workstream: WorkstreamSettings) -> list[str]:
    """Those that it reads something of; what it only names needs nobody."""
    return sorted({other for other, _, _ in refs.asked(workstream.build.folder)})


def _project_name(workstream: WorkstreamSettings) -> str:
    return yaml.safe_load((workstream.build.folder / "dbt_project.yml").read_text(encoding="utf-8"))["name"]


def _meant(name: str, workstream: WorkstreamSettings, other: str, candidates: list[str]) -> str:
    chosen = workstream.refs.get(other)
    followed = [each for each in candidates if each in workstream.upstreams[1]]
    for only in ([chosen] if chosen in candidates else [], candidates, followed):
        if chosen in (None, *candidates) and len(only) == 1:
            return str(only[0])
    if not candidates:
        fix = f"{refs.DEPENDENCIES} names the project {other!r}, and no workstream of this stack runs it: add one"
    else:
        fix = f"The project {other!r} is run by {', '.join(candidates)}: say whose tables are meant, for instance {candidates[0]}"
    raise SettingsError(f"{NAMESPACE}:workstreams.{name}.refs.{other} = {chosen!r}\n  {fix}.")

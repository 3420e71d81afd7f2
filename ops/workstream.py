"""`ops workstream`: the entries of a stack file."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ops import stack_file
from ops.context import examples, messages, stack_of
from ops.errors import OpsError
from ops.explained import Whole
from ops.survey import Survey, survey
from projects import git, pins
from projects.sources import Sources
from settings.project import REPOSITORY
from settings.sections.workstream import GIT_CACHE

app = typer.Typer(cls=Whole, no_args_is_help=True, help="The workstreams of a stack file.")

RULES = Path(".gitlab/ci/rules.yml")

WATCHED = "    - dbt_*/**/*\n"
"""Its line behind which those of other folders go."""

SEEDED = ["seed", "build --exclude-resource-type seed"]
"""For who reads seeds as sources."""


@app.callback()
def group() -> None:
    """Keeps `add` a verb of its own."""


@app.command(
    epilog=examples(
        "--stack dev workstream add sales --project dbt_project --select tag:sales",
        "--stack dev workstream add hr --project https://gitlab.example.com/data/hr.git --ref v1.2 --schedule '0 6 * * *'",
    )
)
def add(  # noqa: PLR0917 - typer's parameters are options
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and inner hyphens.")],
    project: Annotated[
        str, typer.Option(metavar="PROJECT", help="Folder of the dbt project, or the address of its Git repository.")
    ],
    ref: Annotated[str, typer.Option(metavar="REF", help="Of a Git repository: branch, tag or commit.")] = "main",
    path: Annotated[str, typer.Option(metavar="FOLDER", help="Of a Git repository: folder of the project in it.")] = ".",
    schema: Annotated[str | None, typer.Option(metavar="NAME", help="Snowflake schema; without it the name.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="TEAM", help="Team in charge; without it the stack's.")] = None,
    schedule: Annotated[
        str | None, typer.Option(metavar="CRON", help="Cron expression; without it runs are started by hand.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="NAME", help="Name of dbt's target.")] = None,
    select: Annotated[list[str] | None, typer.Option(metavar="SELECTOR", help="dbt selector of what to build; may repeat.")] = None,
    command: Annotated[list[str] | None, typer.Option(metavar="COMMAND", help="dbt command; may repeat; without it build.")] = None,
    var: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="dbt variable (YAML); may repeat.")] = None,
    env: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="For env_var(); may repeat.")] = None,
    secret: Annotated[
        list[str] | None, typer.Option(metavar="NAME=SECRET[:FIELD]", help="For env_var(), from Secrets Manager; may repeat.")
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The stack's file; without it Pulumi.<stack>.yaml here.")
    ] = None,
) -> None:
    """Read a dbt project and add a workstream that runs it to the stack file, whose comments stay.

    On a terminal it asks for what the project needs and it can't know; elsewhere it says what is missing.
    """
    stack = stack_of(context).name
    if stack is None:
        raise OpsError("Which stack?", "Name it: ops --stack dev workstream add ...")
    file = config_file or REPOSITORY / f"Pulumi.{stack}.yaml"
    values = stack_file.values_of(file)
    known = stack_file.section(values, stack_file.WORKSTREAMS)
    if name in known:
        raise OpsError(f"{file.name} has a workstream {name!r} already.", "Choose another name, or change its entry.")
    place, folder = _place(project, ref, path)
    found = _survey(folder)
    for line in found.lines():
        messages.print(line)
    given = {
        "project": place,
        "schema": schema or name.upper().replace("-", "_"),
        "owner": owner or stack_file.section(stack_file.section(values, "aws:defaultTags"), "tags").get("owner"),
        "schedule": schedule,
        "target": target or _target(found, values),
        "select": select or [],
        "commands": command or (SEEDED if found.seeded_sources else []),
        "vars": _asked(found.variables, {key: _value(value) for key, value in _pairs(var).items()}, "dbt variable"),
        "environment": _pairs(env),
        "secrets": {key: _secret(value) for key, value in _pairs(secret).items()},
    }
    _ask_environment(found, given)
    entry = {key: value for key, value in given.items() if value or key == "schedule"}
    stack_file.settings_of(stack, {**values, stack_file.WORKSTREAMS: {**known, name: entry}})
    try:
        file.write_text(stack_file.with_workstream(file.read_text(encoding="utf-8"), name, entry), encoding="utf-8")
    except ValueError as error:
        raise OpsError(f"{file.name}: {error}.", f"Add it yourself: {json.dumps({name: entry})}") from None
    messages.print(f"Added {name} to {file.name}.")
    if isinstance(place, str):
        _watch(folder)
    for missing in _missing(found, entry):
        messages.print(f"missing: {missing}")
    messages.print(f"Next: pulumi up --stack {stack}, then ops --stack {stack} run {name} --wait")


def at_a_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _place(project: str, ref: str, path: str) -> tuple[str | dict[str, str], Path]:
    """What the entry says of the project, and where its files are; pins what may move."""
    if not re.fullmatch(git.ADDRESS, project):
        if not (REPOSITORY / project).is_dir():
            raise OpsError(f"{project} is no folder beside Pulumi.yaml, and no address of a Git repository.", "Correct --project.")
        return project, REPOSITORY / project
    try:
        commit = git.resolve(project, ref)
        folder = git.fetch(project, commit, GIT_CACHE) / path
    except ValueError as error:
        raise OpsError(f"{error}.", "Correct --project or --ref, or mend the access.") from None
    if commit != ref:
        known = pins.read(REPOSITORY)
        pins.write(REPOSITORY, {**known, project: {**known.get(project, {}), ref: commit}})
        messages.print(f"Pinned {git.shown(project)} {ref} to {commit} in {pins.FILE}.")
    return {"git": project, "ref": ref, **({} if path == "." else {"path": path})}, folder


def _survey(folder: Path) -> Survey:
    if not (folder / "dbt_project.yml").is_file():
        raise OpsError(f"There is no dbt_project.yml in {folder.name}.", "Name the folder that has it: --project, or --path.")
    try:
        return survey(folder)
    except ValueError as error:
        raise OpsError(f"The project can't be read: {error}.", "Correct the file.") from None


def _target(found: Survey, values: Mapping[str, Any]) -> str | None:
    """The name that the project means production by, where the stack is production; who is asked may choose another."""
    proposed = found.production if values.get("dbt-platform:environment") == "production" else None
    if not found.targets or not at_a_terminal():
        return proposed
    return (
        typer.prompt(f"Target ({', '.join(found.targets)}, or the stack's environment)", default=proposed or "", err=True) or None
    )


def _asked(places: Mapping[str, str], given: dict[str, Any], what: str) -> dict[str, Any]:
    for name in places if at_a_terminal() else ():
        if name not in given and (answer := typer.prompt(f"{what} {name}, empty: later", default="", err=True)):
            given[name] = _value(answer)
    return given


def _ask_environment(found: Survey, given: dict[str, Any]) -> None:
    for name in found.environment if at_a_terminal() else ():
        if name not in given["environment"] and name not in given["secrets"]:
            answer = typer.prompt(f"{name}: a value, or secret:NAME[:FIELD]; empty: later", default="", err=True)
            if answer.startswith("secret:"):
                given["secrets"][name] = _secret(answer.removeprefix("secret:"))
            elif answer:
                given["environment"][name] = answer


def _pairs(given: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in given or []]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise OpsError(f"{wrong[0]!r} is no NAME=VALUE.", "Write it so: --env DBT_RAW_DATABASE=RAW")
    return {name: value for name, _, value in pairs}


def _value(text: str) -> Any:
    return yaml.safe_load(text)


def _secret(text: str) -> dict[str, str]:
    name, colon, field = text.rpartition(":") if not text.startswith("arn:") or text.count(":") > 6 else (text, "", "")
    return {"secret": name, "field": field} if colon else {"secret": text}


def _watch(folder: Path) -> None:
    """Let the pipeline see changes of the project: GitLab has no pattern for whatever the stacks name."""
    rules = REPOSITORY / RULES
    if not rules.is_file():
        return
    sources, text = Sources.of(folder), rules.read_text(encoding="utf-8")
    folders = [each.relative_to(REPOSITORY).as_posix() for each in (sources.project, *sources.packages)]
    new = [f"    - {each}/**/*\n" for each in folders if not each.startswith("dbt_") and f"- {each}/**/*" not in text]
    if new and WATCHED in text:
        rules.write_text(text.replace(WATCHED, WATCHED + "".join(new), 1), encoding="utf-8")
        messages.print(f"Added {', '.join(folders)} to {RULES}: a change there builds the image.")


def _missing(found: Survey, entry: Mapping[str, Any]) -> Iterator[str]:
    if found.refused:
        yield found.refused
    known = {*entry.get("environment", {}), *entry.get("secrets", {})}
    for name, place in found.environment.items():
        if name not in known:
            yield f"{place}: env_var('{name}') has no value: `environment` or `secrets` of the entry"
    for name, place in found.variables.items():
        if name not in entry.get("vars", {}):
            yield f"{place}: var('{name}') has no value: `vars` of the entry"
    for each in entry.get("secrets", {}).values():
        yield f"the secret {each['secret']} must be in AWS Secrets Manager before `pulumi up`"

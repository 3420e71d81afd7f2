"""`ops rollback`: let a workstream run what it ran before its last deployment."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from ops.context import WorkstreamName, here, stack_of
from ops.errors import OpsError
from ops.stack import Stack, Workstream

RESTORED = "restored-version"
"""Metadata of a configuration that a rollback wrote: S3's id of the version that it brought back."""


@dataclass(frozen=True)
class Version:
    """One version of a workstream's DAG configuration."""

    id: str
    restored: str | None
    """Id of the version that this one is a copy of; None for one that Pulumi wrote."""
    content: dict[str, Any]

    @property
    def task_definition(self) -> str:
        """Its family and revision."""
        return self.content["taskDefinition"].rpartition("/")[2]


def rollback(
    context: typer.Context,
    workstream: WorkstreamName,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Back to what Pulumi deployed last.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what ran and what runs now as JSON.")] = False,
) -> None:
    """Let a workstream run what it ran before: image, task definition and schedule of the deployment before this one.

    Once more goes one deployment further back. `pulumi up` leaves a rollback alone until the workstream or its image changes;
    `pulumi up --refresh` and --undo end it.
    """
    stack = stack_of(context)
    target = stack.workstream(workstream)
    before, now = (back_to_deployed if undo else go_back)(stack, target)
    if as_json:
        typer.echo(json.dumps({"workstream": target.name, "before": before, "now": now}))
        return
    said = (
        f"{target.name}: {now} instead of {before}. Airflow sees it within a minute, "
        f"runs that have begun go on as they are.\nTry it: ops run {target.name} --wait"
    )
    typer.echo(here(said))


def go_back(stack: Stack, workstream: Workstream) -> tuple[str, str]:
    """One deployment back; returns what ran, and what runs now. Raises OpsError if there is nothing to go back to."""
    history = _History(stack, workstream)
    chosen = history.before()
    runnable = _runnable(stack, chosen)
    with _clearing(stack, history):
        history.restore(chosen, runnable)
    return history.now.task_definition, runnable.rpartition("/")[2]


def back_to_deployed(stack: Stack, workstream: Workstream) -> tuple[str, str]:
    """What Pulumi deployed last; returns what ran, and what runs now. Raises OpsError if that is what runs."""
    history = _History(stack, workstream)
    with _clearing(stack, history):
        runnable = history.undo()
    return history.now.task_definition, runnable.rpartition("/")[2]


@contextmanager
def _clearing(stack: Stack, history: "_History") -> Iterator[None]:
    """Takes out of service what a rollback had registered, once something else runs."""
    superseded = history.registered()
    yield
    if superseded:
        stack.session.client("ecs").deregister_task_definition(taskDefinition=superseded)


class _History:
    """The versions of one workstream's configuration in the DAG bucket."""

    def __init__(self, stack: Stack, workstream: Workstream) -> None:
        self._s3 = stack.session.client("s3")
        self._place = {"Bucket": stack.output("dagBucket"), "Key": f"dags/config/{workstream.name}.json"}
        self._name = workstream.name
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._place["Bucket"], Prefix=self._place["Key"])
        found = [one for page in pages for one in page.get("Versions", []) if one["Key"] == self._place["Key"]]
        self._ids: list[str] = [one["VersionId"] for one in sorted(found, key=lambda one: one["LastModified"], reverse=True)]
        if not self._ids:
            raise OpsError(f"{workstream.name!r} has no configuration in the DAG bucket.", "Deploy it: `pulumi up`.")
        self.now = self._read(self._ids[0])

    def undo(self) -> str:
        """Brings back what Pulumi wrote last, as it was; returns its task definition's ARN. Raises OpsError if that is what runs.

        A copy that differed in anything would be drift, and be undone once more.
        """
        if self.now.restored is None:
            raise OpsError(f"{self._name!r} was not rolled back: there is nothing to undo.", "`ops rollback` goes back.")
        deployed = next(version for version in map(self._read, self._ids) if version.restored is None)
        self._s3.copy_object(**self._place, CopySource={**self._place, "VersionId": deployed.id})
        return deployed.content["taskDefinition"]

    def before(self) -> Version:
        """The last one that ran another task definition. Raises OpsError if there is none, or Airflow's DAG files can't read it."""
        start = self.now.restored or self.now.id
        older = self._ids[self._ids.index(start) :] if start in self._ids else []
        first, *rest = map(self._read, older) if older else [self.now]
        found = next((one for one in rest if one.restored is None and one.task_definition != first.task_definition), None)
        if found is None:
            fix = "S3 keeps former configurations for 90 days. Deploy an older commit instead: `git checkout COMMIT`, `pulumi up`."
            raise OpsError(f"{self._name!r} has nothing before {self.now.task_definition}.", fix)
        self._require_readable(found)
        return found

    def _require_readable(self, version: Version) -> None:
        """DAG files are the whole stack's, take no default for a key, and read what runs now: what that says they may ask for."""
        lacking = sorted(self.now.content.keys() - version.content.keys())
        written, read = (content.get("schemaVersion") for content in (version.content, self.now.content))
        if not lacking and written == read:
            return
        why = f"it lacks {', '.join(lacking)}" if lacking else f"its schemaVersion is {written}, not {read}"
        raise OpsError(
            f"The configuration of {version.task_definition} is another version of the platform's, "
            f"which Airflow's DAG files can't read: {why}. Nothing was changed.",
            "Deploy the older commit of the whole platform instead: `git checkout COMMIT`, `pulumi up`.",
        )

    def registered(self) -> str | None:
        """ARN of what runs now if a rollback registered it: nobody else would ever take it out of service."""
        now = self.now.content["taskDefinition"]
        known = self.now.restored in self._ids and self._read(str(self.now.restored)).content["taskDefinition"] != now
        return now if known else None

    def restore(self, version: Version, task_definition: str) -> None:
        """Writes an older configuration as the newest."""
        content = {**version.content, "taskDefinition": task_definition}
        self._s3.put_object(
            **self._place,
            Body=json.dumps(content, indent=2).encode(),
            ContentType="application/json",
            Metadata={RESTORED: version.id},
        )

    def _read(self, version: str) -> Version:
        found = self._s3.get_object(**self._place, VersionId=version)
        return Version(version, found["Metadata"].get(RESTORED), json.loads(found["Body"].read()))


def _runnable(stack: Stack, version: Version) -> str:
    """ARN of a task definition that ECS would run. Raises OpsError if its image is gone.

    A stack for development takes former revisions out of service: their like is registered again.
    """
    ecs = stack.session.client("ecs")
    arn = version.content["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    image = found["containerDefinitions"][0]["image"]
    if not has_image(stack, image):
        fix = "Deploy the older commit instead, which builds it again: `git checkout COMMIT`, `pulumi up`."
        raise OpsError(f"The image of {version.task_definition} is not in ECR any more: {image}.", fix)
    if found["status"] == "ACTIVE":
        return arn
    members = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    again = {key: value for key, value in found.items() if key in members and value}
    return ecs.register_task_definition(**again)["taskDefinition"]["taskDefinitionArn"]


def has_image(stack: Stack, image: str) -> bool:
    """Whether ECR has an image that is named `<account>.dkr.ecr.<region>.amazonaws.com/<repository>@<digest>`."""
    name, _, digest = image.partition("@")
    registry, _, repository = name.partition("/")
    ecr = stack.client("ecr")
    try:
        ecr.describe_images(registryId=registry.partition(".")[0], repositoryName=repository, imageIds=[{"imageDigest": digest}])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return False
    return True

"""What Airflow reads from S3: the DAG files as they are, and one rendered configuration per workstream."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components.airflow import DAG_FOLDER
from components.base import Component
from components.documents import as_json
from settings.project import PLATFORM_VERSION, REPOSITORY

IGNORE_FILE = ".airflowignore"
"""In which files Airflow looks for no DAGs (Airflow, "DAGs", `.airflowignore`)."""

VERSION_FILE = "platform-version.txt"
"""Which platform these files belong to, for the error of DAG files that are older than what lies beside them. In a file of its own,
so that a release changes one object and no workstream's.
"""


TEAMS_FILE = "teams.json"
"""Whose workstreams other stacks deploy: the DAG files hold a team's configurations to its own things (`dags/dbt_teams.py`)."""


@dataclass(frozen=True, kw_only=True)
class DagsArgs:
    bucket: pulumi.Input[str]
    """Its name."""
    configurations: Mapping[str, Mapping[str, Any]]
    """By workstream."""
    files: Sequence[Path] = ()
    """The DAG files, which are the platform's; none in a team's stack, whose platform has them already."""
    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of the platform, with their workstreams that are not called after them."""
    ready: Sequence[pulumi.Resource] = ()
    """What comes first: without versioning and encryption the first version of a file would have neither."""


class Dags(Component):
    """The contents of the DAG folder. MWAA shows a change after about a minute, without an update of the environment.

    Creates: an S3 object per DAG file, per workstream, for the platform's version, its teams, and for what Airflow need not read.
    What is gone here disappears from S3.
    """

    def __init__(self, name: str, args: DagsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        for path in args.files:
            # Relative, so that the state says the same on every machine; it holds the hash of a file, and a text twice.
            file = pulumi.FileAsset(path.relative_to(REPOSITORY))
            self._object(path.relative_to(REPOSITORY / DAG_FOLDER).as_posix(), "text/x-python", source=file)
        if args.files:
            self._object(IGNORE_FILE, "text/plain", source=pulumi.FileAsset(f"{DAG_FOLDER}/{IGNORE_FILE}"))
            self._object(VERSION_FILE, "text/plain", content=PLATFORM_VERSION)
        if args.teams:
            self._object(TEAMS_FILE, "application/json", content=json.dumps(args.teams, indent=2))
        for workstream, configuration in args.configurations.items():
            content = as_json(configuration, indent=2)
            self._object(f"config/{workstream}.json", "application/json", content=content)
        self.register_outputs({})

    def _object(
        self, name: str, content_type: str, *, content: pulumi.Input[str] | None = None, source: pulumi.Asset | None = None
    ) -> None:
        aws.s3.BucketObjectv2(
            name,
            bucket=self._args.bucket,
            key=f"{DAG_FOLDER}/{name}",
            content=content,
            source=source,
            content_type=content_type,
            opts=self.child(depends_on=list(self._args.ready)),
        )


def dag_files() -> list[Path]:
    """The Python files of the folder and of the packages in it; `dbt_causes` is a link, whose files go as they are."""
    folder = REPOSITORY / DAG_FOLDER
    return sorted([*folder.glob("*.py"), *folder.glob("dbt_*/*.py")])

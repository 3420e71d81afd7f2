"""DAG files follow the bucket: every object, deletions too, an unchanged file stays untouched.

Amazon MWAA User Guide, "Adding or updating DAGs" (the sync every 30 seconds is every 3 here) and "Installing Python
dependencies". MiniStack copies `*.py` once. The bucket is read as the execution role, so a missing permission shows.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import io
import tarfile
import time
from typing import Any, cast

import boto3
from botocore.client import BaseClient
from docker.models.containers import Container
from ministack.core.responses import get_region

from sandbox.emulator.patches.mwaa_airflow import AirflowStartError
from sandbox.emulator.roles import Session
from sandbox.emulator.settings import PORT

_CHECK_REQUIREMENTS = """
import sys
from importlib.metadata import PackageNotFoundError, version
from packaging.requirements import Requirement
for line in sys.argv[1].splitlines():
    line = line.partition(" #")[0].strip()
    if not line or line.startswith(("#", "--constraint", "-c ")):
        continue
    requirement = Requirement(line)
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        found = None
    if found is None or found not in requirement.specifier:
        print(f"{line}: the image has {found or 'none'}")
"""


class Bucket:
    """The source bucket of an environment, read with the execution role's permissions."""

    def __init__(self, environment: dict[str, Any], session: Session) -> None:
        self.name = environment["SourceBucketArn"].rpartition(":")[2]
        self.prefix = environment["DagS3Path"].strip("/") + "/"
        self.s3: BaseClient = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{PORT}",
            region_name=get_region(),
            aws_access_key_id=session.access_key,
            aws_secret_access_key=session.secret_key,
            aws_session_token=session.token,
        )
        self.synced: dict[str, str] = {}
        """Entity tag of each file that the container has."""

    def sync(self, container: Container) -> None:
        """Brings the container's DAG folder up to date.

        Raises:
            ClientError: the execution role may not read the bucket.
        """
        found = self._list()
        changed = [path for path, tag in found.items() if self.synced.get(path) != tag]
        gone = [path for path in self.synced if path not in found]
        if changed:
            container.put_archive("/opt/airflow", self._archive(changed))
        if gone:
            container.exec_run(["rm", "-f", *(f"/opt/airflow/dags/{path}" for path in gone)], user="root")
        self.synced = found

    def _list(self) -> dict[str, str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix)
        objects = [item for page in pages for item in page.get("Contents", [])]
        return {item["Key"].removeprefix(self.prefix): item["ETag"] for item in objects if not item["Key"].endswith("/")}

    def _archive(self, paths: list[str]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path in paths:
                body = self.s3.get_object(Bucket=self.name, Key=self.prefix + path)["Body"].read()
                entry = tarfile.TarInfo(f"dags/{path}")
                entry.size, entry.mtime = len(body), int(time.time())
                archive.addfile(entry, io.BytesIO(body))
        return buffer.getvalue()

    def check_requirements(self, environment: dict[str, Any], container: Container) -> None:
        """Compares requirements.txt with the image, because nothing can be installed offline.

        Raises:
            AirflowStartError: the image does not satisfy it.
            ClientError: the object, or that version of it, is missing or may not be read.
        """
        if not environment.get("RequirementsS3Path"):
            return
        version = environment.get("RequirementsS3ObjectVersion")
        wanted = {"VersionId": version} if version else {}
        body = self.s3.get_object(Bucket=self.name, Key=environment["RequirementsS3Path"], **wanted)["Body"].read()
        _, output = container.exec_run(["python", "-c", _CHECK_REQUIREMENTS, body.decode()])
        if unmet := cast("bytes", output).decode():
            raise AirflowStartError(f"The sandbox installs no packages, and requirements.txt wants: {unmet}")

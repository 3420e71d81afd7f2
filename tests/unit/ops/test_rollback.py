"""Which deployment `ops rollback` goes back to, for histories of a workstream's configuration."""

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.errors import OpsError
from ops.rollback import RESTORED, _History, has_image
from ops.stack import Stack, Workstream

SALES = Workstream(
    name="sales",
    dag_id="dbt_sales",
    log_group="g",
    log_stream_prefix="p",
    artifacts_uri="s3://a/sales",
    workload_identity="arn:r",
    task_definition="arn:t:3",
    connection="warehouse",
)


class Bucket:
    """A versioned bucket with one key in it."""

    def __init__(self, *revisions: int) -> None:
        self.versions: list[dict[str, Any]] = []
        for revision in revisions:
            self.put_object(Body=json.dumps({"taskDefinition": f"arn/sales:{revision}", "schedule": f"of {revision}"}).encode())

    def put_object(self, *, Body: bytes, Metadata: dict[str, str] | None = None, **_: Any) -> None:  # noqa: N803
        self.versions.append({"Body": Body, "Metadata": Metadata or {}})

    def copy_object(self, *, CopySource: dict[str, str], **_: Any) -> None:  # noqa: N803
        self.versions.append(self.versions[int(CopySource["VersionId"])])

    def get_object(self, *, VersionId: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self.versions[int(VersionId)]
        return {**found, "Body": io.BytesIO(found["Body"])}

    def get_paginator(self, _: str) -> Any:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        key = "dags/config/sales.json"
        listed = [{"Key": key, "VersionId": str(n), "LastModified": moment + timedelta(n)} for n in range(len(self.versions))]
        other = {"Key": f"{key}.bak", "VersionId": "9", "LastModified": moment + timedelta(99)}
        return SimpleNamespace(paginate=lambda **_: [{"Versions": [*listed, other]}, {}])


def history(bucket: Bucket) -> _History:
    stack = Stack()
    stack.__dict__["outputs"] = {"dagBucket": "dags"}
    stack.__dict__["session"] = SimpleNamespace(client=lambda _: bucket)
    return _History(stack, SALES)


def back(bucket: Bucket) -> str:
    """One rollback; what runs then."""
    one = history(bucket)
    version = one.before()
    one.restore(version, version.content["taskDefinition"])
    return history(bucket).now.content["taskDefinition"]


def test_it_goes_back_one_deployment_at_a_time():
    """A second rollback that brought the bad deployment back would cost the operator the night."""
    bucket = Bucket(1, 2, 2, 3)

    assert back(bucket) == "arn/sales:2"
    assert back(bucket) == "arn/sales:1"
    with pytest.raises(OpsError, match="nothing before"):
        back(bucket)


def test_it_brings_back_the_whole_configuration():
    """The former task with the new schedule would be a deployment that nobody has tested."""
    bucket = Bucket(1, 2)
    back(bucket)

    assert json.loads(bucket.versions[-1]["Body"])["schedule"] == "of 1"
    assert bucket.versions[-1]["Metadata"] == {RESTORED: "0"}


def test_it_can_be_undone_once():
    """What is left must be what Pulumi wrote, to the byte: else every night reports drift, and nobody can tell what runs."""
    bucket = Bucket(1, 2, 3)
    back(bucket)
    back(bucket)

    assert history(bucket).undo() == "arn/sales:3"

    assert bucket.versions[-1] == bucket.versions[2]
    with pytest.raises(OpsError, match="nothing to undo"):
        history(bucket).undo()
    assert back(bucket) == "arn/sales:2"


def test_what_a_rollback_registered_is_told_from_what_pulumi_made():
    """Pulumi's must stay for the next rollback; the other would outlive even `pulumi destroy`."""
    bucket = Bucket(1, 2, 3)
    assert history(bucket).registered() is None
    back(bucket)
    assert history(bucket).registered() is None

    history(bucket).restore(history(bucket).before(), "arn/sales:9")

    assert history(bucket).registered() == "arn/sales:9"


def test_a_deployment_after_a_rollback_is_what_the_next_one_leaves():
    """After the correction was deployed, "before" is the deployment before the correction."""
    bucket = Bucket(1, 2)
    back(bucket)
    bucket.put_object(Body=json.dumps({"taskDefinition": "arn/sales:3"}).encode())

    assert back(bucket) == "arn/sales:2"


@pytest.mark.parametrize(
    ("former", "why"),
    [
        ({"schemaVersion": 1, "region": "r"}, "lacks consoleLink, platformTopic"),
        ({"schemaVersion": 2, "region": "r", "platformTopic": "t", "consoleLink": None}, "schemaVersion is 2, not 1"),
    ],
)
def test_it_does_not_go_back_beyond_an_upgrade_of_the_platform(former: dict[str, Any], why: str):
    """Airflow's DAG files would refuse the file: the workstream would be gone from Airflow, on the night that somebody needs it."""
    bucket, now = Bucket(), {"schemaVersion": 1, "region": "r", "platformTopic": "t", "consoleLink": None}
    for revision, content in enumerate((former, now)):
        bucket.put_object(Body=json.dumps({"taskDefinition": f"arn/sales:{revision}", **content}).encode())

    with pytest.raises(OpsError, match=why):
        history(bucket).before()


def test_without_any_configuration_it_says_so():
    with pytest.raises(OpsError, match="no configuration"):
        history(Bucket())


@pytest.mark.parametrize(("answer", "there"), [(None, True), ("ImageNotFoundException", False)])
def test_an_image_is_looked_for_by_its_digest(answer: str | None, there: bool):
    """ECS would find out only when it starts the task."""
    asked: dict[str, Any] = {}

    class MissingError(ClientError):
        pass

    def describe(**request: Any) -> None:
        asked.update(request)
        if answer:
            raise MissingError({"Error": {"Code": answer, "Message": ""}}, "DescribeImages")

    exceptions = SimpleNamespace(ImageNotFoundException=MissingError, RepositoryNotFoundException=MissingError)
    stack = Stack()
    stack.__dict__["session"] = SimpleNamespace(client=lambda _: SimpleNamespace(describe_images=describe, exceptions=exceptions))

    assert has_image(stack, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/dbt@sha256:0") is there
    assert asked == {"registryId": "123456789012", "repositoryName": "team/dbt", "imageIds": [{"imageDigest": "sha256:0"}]}

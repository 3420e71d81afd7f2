"""Two tries of a run whose end S3 refused: the real runner, with dbt's answers in the place of dbt."""

import json
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.diagnosis_container import Ended, contain
from tests.unit.image.support import Bucket

BUILDS = {"where": "dbt_log", "message": ""}
"""A run of one model that succeeds."""


class Refusing(Bucket):
    """Takes everything but the end of a run."""

    refuses = True

    def put_object(self, *, Key: str, Body: bytes, **options: object) -> dict[str, str]:  # noqa: N803 - as boto3's
        if self.refuses and Key.endswith(("/report.html", "/summary.json")):
            answer: Any = {
                "Error": {"Code": "AccessDenied", "Message": "Access Denied"},
                "ResponseMetadata": {"HTTPStatusCode": 403},
            }
            raise ClientError(answer, "PutObject")
        return super().put_object(Key=Key, Body=Body, **options)


def built(ended: Ended) -> list[str]:
    events = [json.loads(line) for line in ended.log if line.startswith('{"time"')]
    return [event["node"] for event in events if event["event"] == "node_finished"]


def test_a_run_whose_end_alone_could_not_be_stored_builds_nothing_twice():
    """Its next try built all of it again: models that add rows had them twice, and the log said that dbt had failed."""
    bucket = Refusing()

    first = contain(BUILDS, bucket)
    bucket.refuses = False
    second = contain(BUILDS, bucket, DBT_TRY_NUMBER="2")

    assert (first.exit_code, built(first)) == (4, ["model.shop.orders"])
    assert any(line.startswith("dbt succeeded, but what it leaves could not be stored: 1 success") for line in first.log)
    assert (second.exit_code, built(second)) == (0, [])
    assert any("nothing was built again" in line for line in second.log)
    stored = json.loads(next(content for key, content in bucket.objects.items() if key.endswith("runs/run-1/2/summary.json")))
    assert stored["counts"] == {"success": 1}
    assert any(key.endswith("runs/run-1/2/report.html") for key in bucket.objects)

"""What a run fetches of the workstreams whose models its project reads."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runner import upstreams
from runner.artifacts import Artifacts
from runner.outcome import RunnerError
from runner.output import Output

from tests.unit.image.support import Bucket, environment
from tests.unit.image.test_refs import MANIFEST, reports


class Strict(Bucket):
    """S3 without the right to list: what is not there may not be read either (Amazon S3, "GetObject", Permissions)."""

    def get_object(self, *, Key: str, **_: object) -> dict[str, io.BytesIO]:  # noqa: N803
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
        return super().get_object(Key=Key)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(upstreams, "TARGET", tmp_path / "dbt" / "target")
    monkeypatch.delenv("RUNNER_REFS", raising=False)
    monkeypatch.setenv("RUNNER_REFS", "")
    return tmp_path


def fetch(project: Path, bucket: Bucket, **variables: str) -> list[dict[str, Any]]:
    run = environment(WORKSTREAM="reports", ARTIFACTS_URI="s3://artifacts/reports", **variables)
    upstreams.fetch_refs(run, Artifacts(run, Output(stream=io.StringIO()), bucket), project)
    file = os.environ["RUNNER_REFS"]
    return json.loads(Path(file).read_text()) if file else []


def test_the_last_success_of_the_other_workstream_says_where_its_tables_are(target: Path):
    """Its own artifacts say nothing about them."""
    bucket = Strict()
    bucket.objects["sales/state/manifest.json"] = json.dumps(MANIFEST).encode()
    project = reports(target / "reports", "ref('shop', 'orders')")

    found = fetch(project, bucket, DBT_UPSTREAMS='{"shop": "sales"}')

    assert [each["relation_name"] for each in found] == ["ANALYTICS.SALES.ORDERS", "ANALYTICS.SALES.CUSTOMERS"]


def test_what_has_not_succeeded_yet_is_told_with_its_workstream(target: Path):
    """`AccessDenied` would send people to IAM."""
    project = reports(target / "reports", "ref('shop', 'orders')")

    with pytest.raises(RunnerError, match="First: ops run sales") as refusal:
        fetch(project, Strict(), DBT_UPSTREAMS='{"shop": "sales"}')

    assert "ops run reports" in str(refusal.value)


def test_a_project_without_others_asks_nobody(target: Path):
    """Every start would wait for S3 once more."""
    assert fetch(target, Strict()) == []

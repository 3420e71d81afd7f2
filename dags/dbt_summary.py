"""What a run's `summary.json` tells airflow: what failed and why, and how many rows each mart has got."""

import json
from collections.abc import Mapping
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import Asset, AssetAlias
from dbt_configuration import Workstream

SCHEMA_VERSION = 1
"""Of `summary.json` (image/README.md)."""

FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
"""Statuses of dbt's results that fail a run."""

MESSAGE_LIMIT = 1000
"""Characters of a failure that Airflow's database keeps; the whole text is in the log and in the report."""

NAMED = 10
"""Skipped nodes at most that a failure names."""

MARTS_LIMIT = 100
"""Marts that a run publishes one by one."""

XCOM_KEY = "summary"


def marts(workstream: str) -> Asset:
    """All that a whole successful run refreshes; `schedule: <workstream>` starts another workstream on it."""
    return Asset(name=f"dbt-{workstream}", group="dbt")


def each_mart(workstream: str) -> AssetAlias:
    """Stands for what a run refreshes, `marts` or the marts one by one: which is known after the run only."""
    return AssetAlias(name=f"dbt-{workstream}-marts", group="dbt")


def folder(workstream: Workstream, run_id: str, try_number: str) -> str:
    """Where the container keeps the artifacts of a try: a key prefix without the last slash."""
    return f"{workstream.artifacts_prefix}/runs/{run_id}/{try_number}"


def fetch(workstream: Workstream, where: str) -> dict[str, Any]:
    """The summary in a try's folder.

    Raises:
        LookupError: there is none, Airflow may not read it, or it is of another version.
    """
    s3: Any = AwsBaseHook(client_type="s3", aws_conn_id=None, region_name=workstream.region).conn
    try:
        page = json.load(s3.get_object(Bucket=workstream.artifacts_bucket, Key=f"{where}/summary.json")["Body"])
    except s3.exceptions.ClientError as error:
        # Without s3:ListBucket, S3 answers AccessDenied for an object that is not there.
        raise LookupError(f"the container left none, or Airflow may not read it: {error}") from error
    if (version := page.get("schemaVersion")) != SCHEMA_VERSION:
        raise LookupError(f"the image writes version {version} and these DAG files read {SCHEMA_VERSION}")
    return page


def digest(page: Mapping[str, Any], limit: int, where: str = "") -> dict[str, Any]:
    """The part that Airflow keeps as the task's XCom.

    Args:
        page: The summary.
        limit: Failures at most.
        where: Address of the try's folder.
    """
    nodes = page["nodes"]
    failed = [node for node in nodes if node["status"] in FAILED]
    built = [node for node in nodes if node["resourceType"] == "model" and node["status"] == "success"]
    return {
        **{key: page[key] for key in ("outcome", "problem", "seconds", "counts")},
        "diagnosis": page.get("diagnosis"),  # an older image leaves none
        "failed": [
            {
                "name": node["name"],
                "resourceType": node["resourceType"],
                "path": node["path"],
                "message": node["message"][:MESSAGE_LIMIT],
                "sql": f"{where}/{node['compiled']}" if node.get("compiled") else None,
                "skipped": [other["name"] for other in nodes if node["id"] in other["skippedBecauseOf"]][:NAMED],
                "rerun": node.get("rerun"),
            }
            for node in failed[:limit]
        ],
        "failures": len(failed),
        "marts": {node["name"]: node["rows"] for node in built if "marts" in node["path"].split("/")[:-1]},
    }


def publish_each(workstream: str, summary: Mapping[str, Any], outlet_events: Any) -> None:
    """An asset event for each mart that was built, with its rows."""
    event = outlet_events[each_mart(workstream)]
    for mart, rows in list(summary["marts"].items())[:MARTS_LIMIT]:
        event.add(Asset(name=f"dbt-{workstream}.{mart}", group="dbt"), extra={"rows": rows})


def is_whole(params: Mapping[str, Any], workstream: Workstream) -> bool:
    """Whether a run builds all that the workstream stands for: a part of it must not start who waits for the whole."""
    return all(
        (params[name] or None) == (getattr(workstream, name) or None) for name in ("select", "exclude", "selector", "commands")
    )


def publish_all(workstream: str, summary: Mapping[str, Any], outlet_events: Any) -> None:
    """The event that other workstreams wait for; Airflow sends it only for a success. By the alias, because a task's own outlets
    are refreshed by each of its successes.
    """
    extra = {"rows": dict(summary["marts"]), "counts": summary["counts"]}
    outlet_events[each_mart(workstream)].add(marts(workstream), extra=extra)

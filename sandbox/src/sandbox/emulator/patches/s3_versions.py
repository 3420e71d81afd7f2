"""The next page of an object's versions begins after the last one of the page before, even if that one is deleted by now.

Amazon S3 API Reference, "ListObjectVersions" (`version-id-marker`); everybody who empties a bucket deletes page by page.
MiniStack looks for the marker among the versions that are left, and without it leaves out the rest of the object's.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.services import s3

from sandbox.emulator.patches import replaces

_stock_list = s3._list_object_versions


@replaces(s3, "_list_object_versions")
def list_object_versions(bucket: str, query: dict[str, Any]) -> Any:
    """ListObjectVersions."""
    marker = s3._qp(query, "version-id-marker")
    versions = s3._object_versions.get((bucket, s3._qp(query, "key-marker")))
    if not marker or not versions or any(version["version_id"] == marker for version in versions):
        return _stock_list(bucket, query)
    # Newest first is what MiniStack lists: those that were newer than the marker were on the pages before.
    versions.append({"version_id": marker})
    try:
        return _stock_list(bucket, query)
    finally:
        versions.pop()

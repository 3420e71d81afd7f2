"""A bucket says who pays for requests.

Amazon S3 API Reference, "GetBucketRequestPayment" (`?requestPayment`). MiniStack looks for another word, and answers with a list of
the bucket's objects.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.services import s3

from sandbox.emulator.patches import replaces

_stock_dispatch = s3._dispatch


@replaces(s3, "_dispatch")
def dispatch(method: str, bucket: str, key: str, *rest: Any) -> Any:
    """Any call of S3; `rest` is headers, body and query."""
    if method == "GET" and bucket and not key and "requestPayment" in rest[2]:
        return s3._get_bucket_request_payment(bucket)
    return _stock_dispatch(method, bucket, key, *rest)

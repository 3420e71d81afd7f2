"""Requests count as sent over TLS (`aws:SecureTransport`).

IAM User Guide, "AWS global condition context keys". The emulator stands in for HTTPS endpoints on an address that only
this machine reaches; without this, a bucket policy that refuses plain HTTP would refuse everything.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.core import iam_evaluator

from sandbox.emulator.patches import replaces

_stock = iam_evaluator._resolve_condition_key


@replaces(iam_evaluator, "_resolve_condition_key")
def resolve_condition_key(key: str, context: Any) -> Any:
    """The value of a condition key."""
    return "true" if key.lower() == "aws:securetransport" else _stock(key, context)

"""Restores: a timestamp arrives as it was stored, NULL and microseconds too (documentation: "Date & time data types").

snowduck sends NULL as 1970-01-01, and computes the fraction of a second in floating point, which fails for some values.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import pyarrow as pa
import pyarrow.compute as pc
from snowduck.server import arrow

from sandbox.warehouse.patches.base import expect_version

_UTC = 1440
"""Snowflake's way to say that an offset is 0: minutes, plus one day."""


def apply() -> None:
    """Convert in integers, with a null mask."""
    expect_version()
    arrow.timestamp_to_sf_struct = _to_struct


def _to_struct(column: "pa.Array | pa.ChunkedArray") -> "pa.Array":
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    zone = whole.type.tz
    if zone not in (None, "UTC"):
        raise ValueError(f"The warehouse's time zone is UTC, not {zone}.")
    micros = pc.fill_null(whole.cast(pa.timestamp("us", zone)).cast(pa.int64()), 0)
    seconds = pc.divide(pc.floor_temporal(micros.cast(pa.timestamp("us")), unit="second").cast(pa.int64()), 1_000_000)
    nanos = pc.multiply(pc.subtract(micros, pc.multiply(seconds, 1_000_000)), 1000).cast(pa.int32())
    parts = {"epoch": seconds, "fraction": nanos}
    if zone:
        parts["timezone"] = pa.array([_UTC] * len(whole), type=pa.int32())
    fields = [pa.field(name, part.type, nullable=False) for name, part in parts.items()]
    return pa.StructArray.from_arrays(list(parts.values()), fields=fields, mask=pc.is_null(whole))

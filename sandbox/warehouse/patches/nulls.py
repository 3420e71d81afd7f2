"""Restores: a NULL timestamp stays NULL (documentation: "Date & time data types").

snowduck builds Arrow's struct of a timestamp without a null mask, so that NULL arrives as 1970-01-01.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import pyarrow as pa
import pyarrow.compute as pc
from snowduck.server import arrow

from sandbox.warehouse.patches.base import expect_version


def apply() -> None:
    """Give the struct its mask."""
    expect_version()
    convert = arrow.timestamp_to_sf_struct

    def with_nulls(column: "pa.Array | pa.ChunkedArray") -> "pa.Array":
        struct = convert(column)
        if not column.null_count:
            return struct
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return pa.StructArray.from_arrays(struct.flatten(), fields=list(struct.type), mask=pc.is_null(whole))

    arrow.timestamp_to_sf_struct = with_nulls

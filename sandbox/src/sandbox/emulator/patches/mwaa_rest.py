"""InvokeRestApi hands on its query.

MWAA API Reference, "InvokeRestApi", QueryParameters. MiniStack drops them: the second page of a list is the first one again.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any
from urllib.parse import urlencode

from ministack.services import mwaa

from sandbox.emulator.patches import replaces

_stock_invoke = mwaa._invoke_rest_api


@replaces(mwaa, "_invoke_rest_api")
async def invoke_rest_api(method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]) -> Any:
    """With the query at the end of the path, where Airflow reads it."""
    asked = json.loads(body or b"{}")
    if parameters := asked.pop("QueryParameters", None):
        asked["Path"] = f"{asked['Path']}?{urlencode(parameters, doseq=True)}"
    return await _stock_invoke(method, path, headers, json.dumps(asked).encode(), query)

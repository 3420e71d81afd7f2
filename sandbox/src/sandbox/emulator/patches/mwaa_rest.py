"""InvokeRestApi hands on its query, and what Airflow refuses is an error.

MWAA API Reference, "InvokeRestApi": QueryParameters, and the errors RestApiClientException and RestApiServerException. MiniStack
drops the query, so that the second page of a list is the first one again, and answers 200 whatever Airflow says.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any
from urllib.parse import urlencode

from ministack.core.responses import error_response_json
from ministack.services import mwaa

from sandbox.emulator.patches import replaces

_stock_invoke = mwaa._invoke_rest_api


@replaces(mwaa, "_invoke_rest_api")
async def invoke_rest_api(method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]) -> Any:
    """With the query at the end of the path, where Airflow reads it; an error has Airflow's own answer in it."""
    asked = json.loads(body or b"{}")
    if parameters := asked.pop("QueryParameters", None):
        asked["Path"] = f"{asked['Path']}?{urlencode(parameters, doseq=True)}"
    answer = await _stock_invoke(method, path, headers, json.dumps(asked).encode(), query)
    said = json.loads(answer[2])
    status = said.get("RestApiStatusCode", 0)
    if status < 400:
        return answer
    kind = "RestApiClientException" if status < 500 else "RestApiServerException"
    return error_response_json(kind, f"Airflow answered {status}", 400, said)

"""An MWAA environment's tags can be read and changed.

MWAA API Reference, "TagResource", "UntagResource" and "ListTagsForResource". MiniStack lacks them.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any
from urllib.parse import unquote

from ministack.core.responses import error_response_json, json_response
from ministack.services import mwaa

from sandbox.emulator.patches import replaces

_stock_handle = mwaa.handle_request


@replaces(mwaa, "handle_request")
async def handle_request(method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]) -> Any:
    """`/tags/{ResourceArn}`, and whatever MiniStack answers."""
    if not path.startswith("/tags/"):
        return await _stock_handle(method, path, headers, body, query)
    arn = unquote(path.removeprefix("/tags/"))
    environment = mwaa._environments.get(arn.rpartition("/")[2])
    if environment is None or environment["Arn"] != arn:
        return error_response_json("ResourceNotFoundException", f"{arn} not found", 404)
    tags = environment.setdefault("Tags", {})
    if method == "POST":
        tags |= json.loads(body)["Tags"]
    elif method == "DELETE":
        keys = query["tagKeys"]
        for key in [keys] if isinstance(keys, str) else keys:
            tags.pop(key, None)
    else:
        return json_response({"Tags": tags})
    return json_response({})

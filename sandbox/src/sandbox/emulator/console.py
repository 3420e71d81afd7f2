"""The AWS console, as far as the product's links lead to it: log groups and streams, folders and objects of S3.

Put around the emulator; `consoleLink` of the stack hands over the address of a page of the real one. This machine only may look: a
container would read here what its role forbids.
"""

import asyncio
import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, unquote, unquote_plus, urlsplit

from sandbox.emulator.faults import App, Receive, Scope, Send, answer

PATH = "/_sandbox/console"

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;margin:1.5rem}}
h1{{font-size:1.2rem;overflow-wrap:anywhere}}pre{{overflow-x:auto}}li{{overflow-wrap:anywhere}}</style>
<p>The sandbox, in the place of the AWS console</p><h1>{title}</h1>{body}</html>"""

Answer = tuple[int, str, bytes]
"""Status, type and body."""


def link(emulator: str) -> str:
    """What a stack's `consoleLink` has to be, by the emulator's address."""
    return f"{emulator}{PATH}?page={{page}}"


@dataclass(frozen=True)
class Console:
    """An ASGI application around another."""

    app: App
    client: Callable[[str, str], Any]
    """boto3's client of a service in a region, as the account's root user."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
        elif not (scope.get("client") or ("",))[0].startswith("127."):
            await answer(send, 403, "text/plain", b"")
        else:
            asked = parse_qs(scope["query_string"].decode()).get("page", [""])[0]
            # The emulator answers the questions that this asks, so they must not hold it up.
            await answer(send, *await asyncio.to_thread(self._answer, asked))

    def _answer(self, address: str) -> Answer:
        try:
            return self._show(address)
        except Exception as error:  # noqa: BLE001 - what is wrong with the address is for whoever has followed it
            return _page(f"Not found: {error}", [], 404)

    def _show(self, address: str) -> Answer:
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        region = str(parts.hostname).partition(".")[0]
        if found := re.fullmatch(r"logsV2:log-groups/log-group/([^/]+)(?:/log-events/([^/]+))?", parts.fragment):
            group, stream = (unquote_plus(unquote(each.replace("$", "%"))) if each else "" for each in found.groups())
            logs = self.client("logs", region)
            return _stream(logs, group, stream) if stream else _group(logs, group, address)
        if found := re.fullmatch(r"/s3/(object|buckets)/([^/]+)", parts.path):
            s3, place = self.client("s3", region), {"Bucket": found[2]}
            whole = found[1] == "object"
            return _object(s3, place, query["prefix"]) if whole else _folder(s3, place, query["prefix"], parts.netloc)
        return _page("A page that the sandbox does not have", [f"<p>In AWS it is {html.escape(address)}</p>"], 404)


def _group(logs: Any, group: str, address: str) -> Answer:
    streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    names = [each["logStreamName"] for each in streams]
    return _page(group, _list((name, f"{address}/log-events/{_fragment(name)}") for name in names))


def _fragment(name: str) -> str:
    """A name as CloudWatch's console has it in its addresses."""
    return quote(quote(name, safe=""), safe="").replace("%", "$")


def _stream(logs: Any, group: str, stream: str) -> Answer:
    events = logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNames=[stream])
    lines = [
        f"{datetime.fromtimestamp(event['timestamp'] / 1000, UTC):%H:%M:%S}  {html.escape(event['message'])}"
        for page in events
        for event in page["events"]
    ]
    return _page(f"{group} {stream}", ["<pre>", "\n".join(lines), "</pre>"])


def _folder(s3: Any, place: dict[str, str], folder: str, console: str) -> Answer:
    pages = s3.get_paginator("list_objects_v2").paginate(**place, Prefix=folder)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return _page(folder, _list((key, f"https://{console}/s3/object/{place['Bucket']}?prefix={quote(key)}") for key in keys))


def _object(s3: Any, place: dict[str, str], key: str) -> Answer:
    found = s3.get_object(**place, Key=key)
    kind = "text/html" if key.endswith(".html") else "application/json" if key.endswith(".json") else "text/plain"
    return 200, f"{kind}; charset=utf-8", found["Body"].read()


def _list(items: Iterable[tuple[str, str]]) -> list[str]:
    shown = [f'<li><a href="{PATH}?page={quote(page, safe="")}">{html.escape(name)}</a>' for name, page in items]
    return ["<ul>", *shown, "</ul>"] if shown else ["<p>There is nothing yet.</p>"]


def _page(title: str, body: list[str], status: int = 200) -> Answer:
    text = _PAGE.format(title=html.escape(title), body="".join(body))
    return status, "text/html; charset=utf-8", text.encode()

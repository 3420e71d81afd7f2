"""The console that the sandbox has in the place of AWS's: where the product's own links lead, they have to show something."""

import asyncio
import io
import re
from html import unescape
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import pytest

from sandbox.emulator.console import PATH, Console, link

CONSOLE = "https://eu-west-1.console.aws.amazon.com"
GROUP = f"{CONSOLE}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fdbt$252Fsales"
STREAM = f"{GROUP}/log-events/dbt$252Fdbt$252F0123"
RUNS = f"{CONSOLE}/s3/buckets/artifacts?prefix=sales/runs/manual__2026-11-29T14%3A58%3A56%2B00%3A00/1/"
FOLDER = "sales/runs/manual__2026-11-29T14:58:56+00:00/1/"


class Aws:
    """A log group with one stream, and a bucket with one run."""

    def __init__(self) -> None:
        self.keys = {f"{FOLDER}report.html": b"<h1>the report</h1>", f"{FOLDER}summary.json": b"{}"}

    def client(self, service: str, region: str) -> Any:
        assert (service, region) in {("logs", "eu-west-1"), ("s3", "eu-west-1")}
        return self

    def describe_log_streams(self, *, logGroupName: str, **_: Any) -> Any:  # noqa: N803
        assert logGroupName == "/dbt/sales"
        return {"logStreams": [{"logStreamName": "dbt/dbt/0123"}]}

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **request: [getattr(self, operation)(**request)])

    def filter_log_events(self, *, logGroupName: str, logStreamNames: list[str]) -> Any:  # noqa: N803
        assert (logGroupName, logStreamNames) == ("/dbt/sales", ["dbt/dbt/0123"])
        return {"events": [{"timestamp": 1_790_000_000_000, "message": "1 of 2 OK <b>created</b>"}]}

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> Any:  # noqa: N803
        return {"Contents": [{"Key": key} for key in self.keys if Bucket == "artifacts" and key.startswith(Prefix)]}

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803
        return {"Body": io.BytesIO(self.keys[Key])}


def get(page: str, *, path: str = PATH, client: str = "127.0.0.1") -> tuple[int, str, str]:
    """Status, type and body of what a browser on this machine is shown."""
    sent: list[dict[str, Any]] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": [(b"content-type", b"text/xml")]})
        await send({"type": "http.response.body", "body": b"the emulator"})

    async def send(message: Any) -> None:
        sent.append(message)

    query = link("http://127.0.0.1:1").partition("?")[2].replace("{page}", quote(page, safe=""))
    scope = {"type": "http", "path": path, "query_string": query.encode(), "client": (client, 1)}
    asyncio.run(Console(behind, Aws().client)(scope, lambda: None, send))  # pyright: ignore[reportArgumentType]
    return sent[0]["status"], dict(sent[0]["headers"])[b"content-type"].decode(), sent[1]["body"].decode()


def test_a_container_s_log_is_shown():
    status, kind, text = get(STREAM)

    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert "1 of 2 OK &lt;b&gt;created&lt;/b&gt;" in text, "what a log says is no part of the page"
    assert "/dbt/sales dbt/dbt/0123" in text


def test_a_report_is_shown_as_what_it_is():
    """In AWS the object's page has a button for it."""
    assert get(f"{CONSOLE}/s3/object/artifacts?region=eu-west-1&prefix={quote(FOLDER)}report.html") == (
        200,
        "text/html; charset=utf-8",
        "<h1>the report</h1>",
    )


@pytest.mark.parametrize(("page", "seen"), [(GROUP, "1 of 2 OK"), (RUNS, "the report")])
def test_what_a_page_lists_can_be_opened(page: str, seen: str):
    """Names of streams and runs are full of slashes, colons and plus signs."""
    listed = re.findall(r'href="[^"]+page=([^"]+)"', get(page)[2])

    assert listed
    assert seen in get(unquote(unescape(listed[0])))[2]


@pytest.mark.parametrize("page", [f"{CONSOLE}/cloudwatch/home?region=eu-west-1#dashboards:name=dbt", "", "no address"])
def test_another_page_is_said_to_be_missing(page: str):
    status, _, text = get(page)

    assert status == 404
    assert "A page that the sandbox does not have" in text


def test_what_is_gone_is_said():
    assert get(f"{CONSOLE}/s3/object/artifacts?region=eu-west-1&prefix=gone")[0] == 404


def test_a_container_may_not_look():
    """A task would read in the console what its role keeps from it."""
    assert get(STREAM, client="172.17.0.5")[0] == 403


def test_everything_else_is_the_emulator_s():
    assert get("", path="/bucket/key")[2] == "the emulator"

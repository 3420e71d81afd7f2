"""A place for Pulumi's state that answers as slowly as S3 does from an office: what a deployment waits for, without an account.

Keeps objects in memory, and knows the five requests that Pulumi's backend makes (ListObjectsV2, GetObject, HeadObject, PutObject,
CopyObject) and DeleteObject.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

LATENCY = 0.05
"""Seconds until S3 answers a request (the issue of hundreds of workstreams: about 50 ms)."""

BANDWIDTH = 50e6 / 8
"""Bytes a second of an office's line, 50 Mbit/s."""

BUCKET = "growth"

CHANGED = "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>x</ETag>"
"""Of every object: Pulumi's backend wants it, and heeds it nowhere."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if "list-type" in (query := parse_qs(url.query)):
            self._answer(200, self._listed(query.get("prefix", [""])[0], query.get("delimiter", [""])[0]))
        else:
            found = self.objects.get(self._key())
            self._answer(404 if found is None else 200, found or b"")

    do_HEAD = do_GET  # noqa: N815 (the name in the base class)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if source := self.headers.get("x-amz-copy-source"):
            self.objects[self._key()] = self.objects[unquote(source).removeprefix("/").removeprefix(f"{BUCKET}/")]
            self._answer(200, b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        else:
            time.sleep(len(body) / BANDWIDTH)
            self.objects[self._key()] = body
            self._answer(200, b"")

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204, b"")

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}/")

    def _listed(self, prefix: str, delimiter: str) -> bytes:
        files, folders = "", set[str]()
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            folder, inside, _ = key.removeprefix(prefix).partition(delimiter) if delimiter else ("", "", "")
            if inside:
                folders.add(f"{prefix}{folder}{delimiter}")
            else:
                size = len(self.objects[key])
                files += f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size>{CHANGED}</Contents>"
        common = "".join(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders))
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{files}{common}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes) -> None:
        time.sleep(LATENCY)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
        pass


@contextmanager
def s3_like() -> Iterator[str]:
    """Serves on loopback; yields what goes into PULUMI_BACKEND_URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"objects": {}}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"s3://{BUCKET}?endpoint=http://127.0.0.1:{server.server_port}&s3ForcePathStyle=true&disableSSL=true&region=eu-west-1"
    finally:
        server.shutdown()

"""How the aws stand-in reaches AWS: connections that end too early."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox.providers.aws.session import Session

ANSWER = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


class DropsTheFirst(BaseHTTPRequestHandler):
    """An STS whose first answer ends in its middle."""

    calls = 0

    def do_POST(self) -> None:
        type(self).calls += 1
        status, body, length = (500, b"{", 1000) if self.calls == 1 else (200, ANSWER, len(ANSWER))
        self.send_response(status)
        self.send_header("content-length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    server = ThreadingHTTPServer(("127.0.0.1", 0), DropsTheFirst)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_answer_that_ends_in_its_middle_is_asked_for_again(endpoint: str):
    """botocore takes what came for all of it: a deployment would end in a parser's error."""
    session = Session(endpoint=endpoint, region="eu-west-1", default_tags={})

    assert session.account == "123456789012"
    assert DropsTheFirst.calls == 2

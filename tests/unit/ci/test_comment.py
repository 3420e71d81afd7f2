"""The comment in the merge request, against a GitLab that keeps notes in a list."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci.comment import MergeRequest
from ops.errors import OpsError

TOKEN = "project-access-token"


class GitLab(ThreadingHTTPServer):
    """The notes of one merge request (GitLab, "Notes API")."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.notes: list[dict[str, Any]] = [{"id": 1, "body": "Looks good to me."}]


class Handler(BaseHTTPRequestHandler):
    """GET, POST and PUT of notes."""

    @property
    def notes(self) -> list[dict[str, Any]]:
        assert isinstance(self.server, GitLab)
        return self.server.notes

    def do_GET(self) -> None:
        query = {name: int(value) for name, (value,) in parse_qs(urlsplit(self.path).query).items()}
        begin, size = (query["page"] - 1) * query["per_page"], min(query["per_page"], 100)
        more = len(self.notes) > begin + size
        self.answer(self.notes[begin : begin + size], {"X-Next-Page": str(query["page"] + 1) if more else ""})

    def do_POST(self) -> None:
        note = {"id": len(self.notes) + 1, **self.body()}
        self.notes.append(note)
        self.answer(note)

    def do_PUT(self) -> None:
        note = self.notes[int(self.path.rpartition("/")[2]) - 1]
        note.update(self.body())
        self.answer(note)

    def body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, content: object, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        permitted = self.headers["PRIVATE-TOKEN"] == TOKEN and self.path.startswith("/api/v4/projects/42/merge_requests/7/notes")
        self.send_response(200 if permitted else 401)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Says nothing."""


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with GitLab() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def merge_request(gitlab: GitLab, token: str) -> MergeRequest:
    environment = {
        "CI_API_V4_URL": f"http://127.0.0.1:{gitlab.server_port}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_COMMENT_TOKEN": token,
    }
    found = MergeRequest.of(environment)
    assert found
    return found


def test_a_second_push_rewrites_the_plan(gitlab: GitLab):
    """A comment for every push buries the review."""
    request = merge_request(gitlab, TOKEN)

    request.comment("preview of dev", "first")
    request.comment("preview of prod", "other")
    request.comment("preview of dev", "second")

    bodies = [note["body"] for note in gitlab.notes]
    assert len(bodies) == 3
    assert "second" in bodies[1]
    assert "first" not in "".join(bodies)


def test_a_plan_is_found_below_a_hundred_other_comments(gitlab: GitLab):
    """A long review would get a new plan with every push, each as long as the stack."""
    request = merge_request(gitlab, TOKEN)
    gitlab.notes += [{"id": number, "body": "And here?"} for number in range(2, 200)]

    request.comment("preview of dev", "first")
    request.comment("preview of dev", "second")

    assert [note["body"] for note in gitlab.notes[199:]] == ["<!-- preview of dev -->\nsecond"]


def test_a_refused_token_says_which_and_what_it_needs(gitlab: GitLab):
    """`401` alone does not say which of the project's tokens has expired."""
    with pytest.raises(OpsError, match="401") as refused:
        merge_request(gitlab, "expired").comment("preview of dev", "text")

    assert "GITLAB_COMMENT_TOKEN" in refused.value.fix


@pytest.mark.parametrize("missing", ["GITLAB_COMMENT_TOKEN", "CI_MERGE_REQUEST_IID"])
def test_without_token_or_merge_request_there_is_no_comment(missing: str):
    """The preview must work in a project that never made a token, and on a release."""
    environment = {"CI_MERGE_REQUEST_IID": "7", "GITLAB_COMMENT_TOKEN": TOKEN} | {missing: ""}

    assert MergeRequest.of(environment) is None

"""The plan of a preview as a comment in its merge request, where a token is given (a job's own token may not comment)."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from ops.errors import OpsError

LONGEST = 900_000
"""Characters; GitLab refuses a comment of more than a million."""


@dataclass(frozen=True, kw_only=True)
class MergeRequest:
    """Where the comment goes."""

    api: str
    """Of the merge request: `https://gitlab.example.com/api/v4/projects/42/merge_requests/7`."""
    token: str

    @staticmethod
    def of(environment: Mapping[str, str]) -> "MergeRequest | None":
        """The job's merge request; None when it has none, or GITLAB_COMMENT_TOKEN is not set."""
        token, number = environment.get("GITLAB_COMMENT_TOKEN"), environment.get("CI_MERGE_REQUEST_IID")
        if not token or not number:
            return None
        project = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}"
        return MergeRequest(api=f"{project}/merge_requests/{number}", token=token)

    def comment(self, topic: str, text: str) -> None:
        """Writes the comment on a topic, or rewrites the one that is there.

        Raises:
            OpsError: GitLab refused.
        """
        mark = f"<!-- {topic} -->"
        body = {"body": f"{mark}\n{text[:LONGEST]}"}
        old = next((note for note in self._notes() if note["body"].startswith(mark)), None)
        if old:
            self._call("PUT", f"/notes/{old['id']}", body)
        else:
            self._call("POST", "/notes", body)

    def _notes(self) -> Iterator[dict[str, Any]]:
        """All notes, as far as somebody reads on (GitLab, "REST API", "Pagination": at most 100 on a page)."""
        page: str | None = "1"
        while page:
            notes, headers = self._call("GET", f"/notes?per_page=100&page={page}")
            yield from notes
            page = headers.get("X-Next-Page")

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None) -> tuple[Any, Message]:
        request = urllib.request.Request(  # noqa: S310 (GitLab's own address, from GitLab)
            self.api + path,
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"PRIVATE-TOKEN": self.token, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.load(response), response.headers
        except urllib.error.URLError as error:
            raise OpsError(
                f"GitLab refused the comment in the merge request: {error}.",
                "GITLAB_COMMENT_TOKEN must be a project access token with the scope api and the role Reporter, not expired.",
            ) from None

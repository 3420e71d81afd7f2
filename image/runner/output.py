"""Standard output: one JSON object per line, and at the end a block of text for people. Secrets never get there."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import TextIO, TypeVar

from runner.progress import now

T = TypeVar("T")

MASK = "*****"

SHORTEST = 8
"""Characters of a value that is masked; anything shorter is no secret, and to mask it would garble the log."""


def escaped(text: str) -> str:
    r"""The text with halves of characters (of data, or of a file's name that is no UTF-8) written as `\ud800`."""
    return text.encode(errors="backslashreplace").decode()


class Output:
    """Writes lines; replaces every secret it was told, whole or as it would look in JSON."""

    def __init__(self, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
        self._secrets: list[str] = []
        self._stream = stream or sys.stdout
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """Mask this value from now on; a key also line by line, as a message may quote a part."""
        parts = {secret, json.dumps(secret)[1:-1], *(line for line in secret.splitlines() if not line.startswith("-----"))}
        self._secrets = sorted({*self._secrets, *(part for part in parts if len(part) >= SHORTEST)}, key=len, reverse=True)

    def scrub(self, text: str) -> str:
        """The text without secrets, as UTF-8 can hold it."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return escaped(text)

    def reveals(self, content: bytes) -> bool:
        """Whether a secret is in there."""
        return any(secret.encode() in content for secret in self._secrets)

    def event(self, name: str, **fields: object) -> None:
        """One JSON line; fields that are None or empty are left out."""
        kept = {key: value for key, value in fields.items() if value not in (None, "")}
        self.text(json.dumps({"time": now(), "event": name, **kept}, default=str))

    def text(self, text: str) -> None:
        """A line for people."""
        self._stream.write(self.scrub(text) + "\n")
        self._stream.flush()

    def if_possible(self, what: str, function: Callable[[], T]) -> T | None:
        """Something that saves time but that a run can do without: a warning where it fails."""
        try:
            return function()
        except Exception as error:  # noqa: BLE001 - S3 may fail in many ways, and none of them is worth a failed run
            self.event("warning", message=f"Could not {what}: {error}")
            return None

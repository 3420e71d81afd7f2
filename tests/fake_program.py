"""A program on the PATH that notes how it was called and answers what the test tells it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
arguments = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
answers = json.loads((folder / "answers").read_text())
said = (" ".join(arguments), " ".join(word for word in arguments if not word.startswith("-")))
output, code = next((answer for prefix, answer in answers.items() if any(words.startswith(prefix) for words in said)), ("", 0))
print(output)
sys.exit(code)
"""


@dataclass(frozen=True)
class FakeProgram:
    """What the caller of a program sees of it."""

    folder: Path

    @staticmethod
    def on_path(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> "FakeProgram":
        """Puts it first on the PATH, with its notes in a folder of its own."""
        folder = folder / f"fake-{name}"
        folder.mkdir()
        program = folder / name
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        fake = FakeProgram(folder)
        fake.answers({})
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        return fake

    def answers(self, answers: dict[str, Any]) -> None:
        """What it prints for a verb (as JSON), or (text, exit code); the first that fits, with the options or without."""
        texts = {verb: answer if isinstance(answer, tuple) else (json.dumps(answer), 0) for verb, answer in answers.items()}
        (self.folder / "answers").write_text(json.dumps(texts))

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call so far."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def verbs(self) -> list[str]:
        """The first argument of each call so far."""
        return [call[0] for call in self.calls]

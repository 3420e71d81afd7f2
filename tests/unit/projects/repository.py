"""A Git repository as a server has it: bare, in a folder."""

import subprocess
from pathlib import Path

IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]


class Repository:
    """Commits go straight into it."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder)
        self._work = folder.with_name(f"{folder.name}-work")
        subprocess.run(["git", *IDENTITY, "init", "--quiet", "--bare", str(folder)], check=True)
        subprocess.run(["git", *IDENTITY, "clone", "--quiet", str(folder), str(self._work)], check=True, capture_output=True)

    def commit(self, files: dict[str, str], tag: str | None = None) -> str:
        """Add a commit to `main` with these files, and perhaps a tag that has a message; its name."""
        for name, text in files.items():
            (self._work / name).parent.mkdir(parents=True, exist_ok=True)
            (self._work / name).write_text(text)
        return self.record(tag)

    def link(self, name: str, to: str) -> str:
        """Add a commit with a symbolic link; its name."""
        (self._work / name).symlink_to(to)
        return self.record()

    def record(self, tag: str | None = None) -> str:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", "a change")
        if tag:
            self._git("tag", "--annotate", "--message", tag, tag)
        self._git("push", "--quiet", "--tags", "origin", "HEAD:main")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", *IDENTITY, "-C", str(self._work), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

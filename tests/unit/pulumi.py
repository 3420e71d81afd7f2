"""A `pulumi` that only notes how it was called, and what it says of a stack."""

from pathlib import Path
from typing import Any

import pytest

from tests.fake_program import FakeProgram


def state(*, pending: list[dict[str, Any]] | None = None, resources: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """As `pulumi stack export` prints it."""
    return {"deployment": {"resources": resources or [], "pending_operations": pending or []}}


def healthy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    """The program, with a healthy stack `dev` without a resource in a backend of its own."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder}/backend")
    monkeypatch.delenv("CI_PROJECT_ID", raising=False)
    fake = FakeProgram.on_path("pulumi", folder, monkeypatch)
    fake.answers({"stack export": state(), "stack history": [], "preview": {"steps": []}})
    return fake

"""Restores: CURRENT_USER() and CURRENT_SESSION() name the session that asks (documentation: "Context functions")."""

import re

from sandbox.warehouse.patches.base import expect_version
from sandbox.warehouse.patches.session import Session
from sandbox.warehouse.patches.statements import rewrite

_FUNCTION = re.compile(r"\bcurrent_(user|session)\s*\(\s*\)", re.IGNORECASE)


def _identified(session: Session, sql: str) -> str:
    return _FUNCTION.sub(lambda call: f"'{session.user if call[1].lower() == 'user' else session.id}'", sql)


def apply() -> None:
    """Answer with the session's own user and number instead of DuckDB's."""
    expect_version()
    rewrite(_identified)

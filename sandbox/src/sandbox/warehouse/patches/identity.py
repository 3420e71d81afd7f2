"""Restores: CURRENT_USER(), CURRENT_SESSION() and CURRENT_WAREHOUSE() tell of the session that asks.

Documentation: "Context functions". A session without a usable warehouse gets NULL; snowduck invents one.
"""

import re

from sandbox.warehouse.patches.base import expect_version
from sandbox.warehouse.patches.session import Session
from sandbox.warehouse.patches.statements import rewrite

_FUNCTION = re.compile(r"\bcurrent_(user|session|warehouse)\s*\(\s*\)", re.IGNORECASE)


def _identified(session: Session, sql: str) -> str:
    values = {"user": session.user, "session": session.id, "warehouse": session.warehouse}

    def literal(call: re.Match[str]) -> str:
        value = values[call[1].lower()]
        return "null::varchar" if value is None else f"'{value}'"

    return _FUNCTION.sub(literal, sql)


def apply() -> None:
    """Answer with the session's own user and number instead of DuckDB's."""
    expect_version()
    rewrite(_identified)

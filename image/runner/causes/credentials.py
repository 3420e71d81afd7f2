"""How old the Snowflake credentials are, and until when they are good: the id of the secret's version says both.

Secrets Manager takes whatever id it is given with a new value, and tells it to whoever may describe the secret (API Reference,
PutSecretValue: ClientRequestToken). A tag would be one that Pulumi takes off again, and what is beside the key may nobody read
but the tasks.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .model import Cause, Diagnosis, diagnosis

NOTICE = timedelta(days=14)
"""How long before their end people are told."""

EXPIRE = Cause(
    id="credentials-expire",
    happened="The Snowflake credentials are good until {expires} only",
    why="Whoever put them said so; after that day no run can log in.",
    todo="Put new ones before: `ops credentials put --generate --slot 2` (1 if the old key is in slot 2), then run the statement "
    "that it prints in Snowflake. Both keys are valid until the old one is unset.",
    passes=False,
    source="Key-pair authentication, 'Configuring key-pair rotation' (Snowflake)",
)

_VERSION = re.compile(r"put-(?P<put>\d{8})-expires-(?P<expires>\d{8}|unknown)-")


@dataclass(frozen=True, kw_only=True)
class Age:
    """Of the credentials."""

    put: date | None
    """UTC; None: nobody knows."""
    expires: date | None = None
    """Last day on which they are good; None: nobody has said."""

    def __str__(self) -> str:
        """For people: nothing if nothing is known."""
        since = f", put {(_today() - self.put).days} days ago" if self.put else ""
        return since + (f", good until {self.expires}" if self.expires else "")

    def warning(self, names: Mapping[str, str]) -> Diagnosis | None:
        """From `NOTICE` before their end on."""
        if self.expires is None or self.expires - _today() > NOTICE:
            return None
        return diagnosis(EXPIRE, "", {**names, "expires": str(self.expires)})


def version_id(expires: date | None) -> str:
    """Of credentials that are put now."""
    return f"put-{_today():%Y%m%d}-expires-{f'{expires:%Y%m%d}' if expires else 'unknown'}-{uuid.uuid4().hex[:16]}"


def age(secret: Mapping[str, Any]) -> Age | None:
    """Of the current value, by what DescribeSecret tells of the secret; None: it has no value."""
    current = [version for version, stages in secret.get("VersionIdsToStages", {}).items() if "AWSCURRENT" in stages]
    if not current:
        return None
    if found := _VERSION.match(current[0]):
        return Age(put=_date(found["put"]), expires=None if found["expires"] == "unknown" else _date(found["expires"]))
    changed = secret.get("LastChangedDate")  # Somebody put them without `ops`.
    return Age(put=changed.astimezone(UTC).date() if changed else None)


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def _today() -> date:
    return datetime.now(UTC).date()

"""The table of causes: what the container, Airflow and `ops` know about failures, in one place.

The image has it as `runner.causes`, Airflow as `dbt_causes`; the latter is a link to the former. Standard library only.
"""

from collections.abc import Iterable, Mapping

from .aws import AWS, service
from .dbt import AFTER, BEFORE
from .model import PAGE, UNKNOWN, Cause, Diagnosis, Place, diagnosis, find, heard, last_words, names_of
from .snowflake import SNOWFLAKE

__all__ = [
    "BY_ID",
    "CAUSES",
    "PAGE",
    "UNKNOWN",
    "Cause",
    "Diagnosis",
    "Place",
    "diagnose",
    "diagnosis",
    "heard",
    "last_words",
    "names_of",
]

CAUSES: tuple[Cause, ...] = (*BEFORE, *SNOWFLAKE, *AFTER, *AWS, UNKNOWN)
"""From special to general."""

BY_ID: Mapping[str, Cause] = {cause.id: cause for cause in CAUSES}


def diagnose(where: Place | None, text: str, names: Mapping[str, str] | None = None, codes: Iterable[int] = ()) -> Diagnosis:
    """Why something failed.

    Args:
        where: Where the message is from; None: anywhere.
        text: The message, whole.
        names: For what is in braces in the advice (`names_of`, and those of Snowflake's objects).
        codes: Snowflake's number, if it is not in the message.
    """
    cause, found = find(CAUSES, where, text, codes) or (UNKNOWN, {})
    return diagnosis(cause, text, {**service(text), **(names or {}), **found})

"""The table of causes: what the container, Airflow and `ops` know about failures, in one place.

The image has it as `runner.causes`, Airflow as `dbt_causes`; the latter is a link to the former. Standard library only.
"""

from .credentials import Age, age, version_id
from .ecs import diagnose_error, diagnose_refused, diagnose_stopped
from .model import PAGE, UNKNOWN, Cause, Diagnosis, Place, diagnosis, heard, last_words, names_of, shortened
from .table import BY_ID, CAUSES, diagnose, guesses

__all__ = [
    "BY_ID",
    "CAUSES",
    "PAGE",
    "UNKNOWN",
    "Age",
    "Cause",
    "Diagnosis",
    "Place",
    "age",
    "diagnose",
    "diagnose_error",
    "diagnose_refused",
    "diagnose_stopped",
    "diagnosis",
    "guesses",
    "heard",
    "last_words",
    "names_of",
    "shortened",
    "version_id",
]

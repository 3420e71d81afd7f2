"""Says why an airflow task's container was refused, stopped or failed, in words that tell a person what to do."""

from dbt_causes import Diagnosis, diagnose_error, diagnose_refused, diagnose_stopped

__all__ = ["Diagnosis", "diagnose_error", "diagnose_refused", "diagnose_stopped"]

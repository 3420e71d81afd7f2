"""An airflow DAG that has each workstream write dbt's documentation anew, once a night: `ops open --docs` shows it.

A run of the workstream itself, so that it waits its turn and has the rights that the workstream has; nobody who waits for its marts
starts. Pause this DAG to have none of it, or start it to have it now.
"""

from datetime import timedelta
from pathlib import Path

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, CronTriggerTimetable
from dbt_command import DOCUMENTATION
from dbt_configuration import read

NIGHTLY = "17 1 * * *"
"""At a minute, and before the hours, at which workstreams like to start."""

found, _ = read(Path(__file__).parent / "config")
if found:
    with DAG(
        dag_id="dbt-catalogue",
        dag_display_name="dbt-catalogue: writes dbt's documentation of every workstream anew",
        doc_md=__doc__,
        # Without a date to start from, not at once in a new stack, where nothing is built yet. With False Airflow would make up for
        # the night that has just passed, for a tenth of a day (CronTriggerTimetable._calc_first_run).
        schedule=CronTriggerTimetable(NIGHTLY, timezone="UTC", run_immediately=timedelta(0)),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["dbt"],
    ):
        TriggerDagRunOperator.partial(
            task_id="document",
            map_index_template="{{ task.trigger_dag_id }}",
            trigger_run_id="catalogue__{{ dag_run.run_after.isoformat() }}",
            conf=DOCUMENTATION,
            logical_date=None,
            retries=3,
            skip_when_already_exists=True,  # by a try that was lost after it
        ).expand(trigger_dag_id=[workstream.dag_id for workstream in found])

"""A run by hand, with the parameters of the form."""

import json
import subprocess

import pytest

from sandbox.demo.demo import query
from tests.e2e.airflow import Airflow, DagRun, RefusedError


def ops(airflow: Airflow, *arguments: str) -> subprocess.CompletedProcess[str]:
    stack = airflow.stack
    return subprocess.run(
        ["ops", *arguments], env=stack.environment, cwd=stack.repository, capture_output=True, text=True, check=False
    )


def notes(airflow: Airflow) -> list[str]:
    return [note for (note,) in query(airflow.stack, "select note from ANALYTICS.CABLE.CALLS order by 1")[1]]


def test_a_run_does_what_its_parameters_say_and_takes_no_value_for_a_command(airflow: Airflow):
    """Somebody who repairs one model would rebuild the warehouse instead; or a var would be run by a shell or a template."""
    note = "$(touch /tmp/x); --full-refresh"
    variables = {"note": note, "template": "{{ run_id }}"}
    options = ("--select", "calls", "--select", "stop_1+", "--exclude", "stop_2+", "--vars", json.dumps(variables))

    done = ops(airflow, "run", "cable", "--wait", "--json", *options)

    assert done.returncode == 0, done.stderr
    run = DagRun(airflow, "cable", json.loads(done.stdout)["runId"])
    assert run.nodes() == {"calls": "success", "stop_1": "success"}
    assert notes(airflow) == [note]
    [task] = run.ecs_tasks()
    assert '"template": "{{ run_id }}"' in task["overrides"]["containerOverrides"][0]["command"][-1]

    again = airflow.trigger("cable", select=["calls"], full_refresh=True)

    assert again.ended() == "success"
    assert notes(airflow) == [""], "the incremental model was added to, not built anew"


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"select": ["--profiles-dir"]}, "--profiles-dir"),
        ({"select": "sales"}, "sales"),
        ({"full_refresh": "yes"}, "yes"),
        ({"vars": ["day"]}, "day"),
    ],
)
def test_a_malformed_parameter_is_refused_before_anything_runs(airflow: Airflow, params, named):
    """A wrong type would end up in dbt's command line, in the middle of the night."""
    before = len(airflow.runs("cable"))

    with pytest.raises(RefusedError) as refused:
        airflow.trigger("cable", **params)

    assert named in str(refused.value)
    assert len(airflow.runs("cable")) == before

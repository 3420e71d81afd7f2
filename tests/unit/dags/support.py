"""What the tests of the DAG files share. Import it before Airflow: it gives Airflow a home of its own."""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from components.dags import VERSION_FILE

HOME = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ |= {"AIRFLOW_HOME": HOME, "AIRFLOW__CORE__LOAD_EXAMPLES": "false", "AIRFLOW__CORE__UNIT_TEST_MODE": "true"}

DAGS = Path(__file__).parents[3] / "dags"


def configuration(name: str, **changes: Any) -> dict[str, Any]:
    """A complete `config/<name>.json`."""
    return {
        "schemaVersion": 1,
        "workstream": name,
        "dagId": f"dbt_{name}",
        "description": f"Models of {name}",
        "owner": "analytics",
        "tags": ["dbt", name],
        "schedule": None,
        "timezone": "Europe/Amsterdam",
        "poolSlots": 15,
        "failedModelTasks": 20,
        "retries": 2,
        "timeoutMinutes": 60,
        "region": "eu-west-1",
        "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/dbt",
        "capacityProvider": "FARGATE",
        "taskDefinition": f"arn:aws:ecs:eu-west-1:123456789012:task-definition/{name}:3",
        "commitPage": None,
        "consoleLink": None,
        "container": "dbt",
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "logGroup": f"/dbt/{name}",
        "logStreamPrefix": "dbt/dbt",
        "artifactsBucket": "artifacts",
        "artifactsPrefix": name,
        "alertTopic": "arn:aws:sns:eu-west-1:123456789012:alerts",
        "chatTopic": None,
        "platformTopic": "arn:aws:sns:eu-west-1:123456789012:platform",
        "platformChatTopic": None,
        "secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:snowflake",
        "select": [f"tag:{name}"],
        "exclude": [],
        "selector": None,
        "commands": ["build"],
        "fullRefresh": False,
        "onlyNew": False,
        "freshness": True,
        **changes,
    }


def form(**changes: Any) -> dict[str, Any]:
    """What the form of `configuration("sales")` says."""
    own = {
        "select": ["tag:sales"],
        "exclude": [],
        "selector": None,
        "commands": ["build"],
        "full_refresh": False,
        "only_new": False,
    }
    return {**own, "threads": None, "warehouse": None, "vars": {}, "date": None, **changes}


def dag_folder(target: Path, *configurations: dict[str, Any]) -> Path:
    """A DAG folder as it lies in the bucket: our files and one configuration per workstream."""
    shutil.copytree(DAGS, target, ignore=shutil.ignore_patterns("__pycache__", "config"))
    (target / "config").mkdir()
    (target / VERSION_FILE).write_text("4.2.0")
    for content in configurations:
        (target / "config" / f"{content['workstream']}.json").write_text(json.dumps(content))
    return target

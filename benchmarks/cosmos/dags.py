"""The same workstreams as Cosmos makes them: a DAG each, an airflow task per dbt model, each task a container on ECS."""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# (Cosmos lives in an environment of its own.)

import os
from datetime import UTC, datetime
from pathlib import Path

from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, TestBehavior

HERE = Path(__file__).parent

for number in range(int(os.environ["WORKSTREAMS"])):
    name = f"team_{number:03}"
    globals()[name] = DbtDag(
        dag_id=name,
        schedule="0 5 * * *",
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        project_config=ProjectConfig(
            manifest_path=HERE / "project" / "target" / "manifest.json",
            dbt_project_path=HERE / "project",
            project_name="made_for_a_test",
        ),
        profile_config=ProfileConfig(profile_name="platform", target_name="dev", profiles_yml_filepath=HERE / "profiles.yml"),
        render_config=RenderConfig(load_method=LoadMode.DBT_MANIFEST, test_behavior=TestBehavior.NONE),
        execution_config=ExecutionConfig(execution_mode=ExecutionMode.AWS_ECS),
        operator_args={
            "aws_conn_id": None,
            "cluster": "dbt",
            "task_definition": name,
            "container_name": "dbt",
            "launch_type": "FARGATE",
            "network_configuration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]}},
        },
    )

"""The DAG files in an Airflow that has what an MWAA environment has, and nothing else."""

import json
from pathlib import Path

import docker
import pytest

from sandbox.airflow import ensure_image
from sandbox.base import ensure_base
from sandbox.paths import CACHE
from tests.unit.dags.support import configuration, dag_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def image() -> str:
    """Airflow with the packages that MWAA's image for this version pins (sandbox/src/sandbox/airflow/requirements.txt)."""
    return ensure_image(ensure_base(CACHE, print), print)


def import_errors(image: str, folder: Path) -> list[dict[str, str]]:
    """What Airflow's own check says about the folder."""
    printed = docker.from_env().containers.run(
        image,
        ["-c", "airflow db migrate >/dev/null 2>&1; airflow dags list-import-errors --local --output json 2>/dev/null; true"],
        entrypoint="sh",
        # Airflow's DAG processor has the DAG folder on its path; its command line does not.
        environment={
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db",
            "PYTHONPATH": "/opt/airflow/dags",
        },
        volumes={str(folder): {"bind": "/opt/airflow/dags", "mode": "ro"}},
        remove=True,
    )
    last = printed.decode().splitlines()[-1]
    return [] if last == "No data found" else json.loads(last)


def test_mwaa_can_import_the_dags_and_says_so_where_it_can_not(tmp_path, image):
    """A package that only our own environment has would stop every workstream of the account."""
    tmp_path.chmod(0o755)
    folder = dag_folder(tmp_path / "dags", configuration("sales", schedule="0 5 * * *"), configuration("board"))
    (folder / "not_in_mwaa.py").write_text("# airflow dag\nimport dbt.version\n")

    (error,) = import_errors(image, folder)

    assert error["filepath"].endswith("not_in_mwaa.py")
    assert "No module named 'dbt'" in error["error"]

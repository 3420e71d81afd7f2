"""`dbt-platform:airflow`."""

from typing import Literal

from pydantic import Field

from components import rules
from components.sections.section import Section

DEFAULT_POOL_SLOTS = 128
"""Size of the pool that every Airflow has (`core.default_pool_task_slot_count`). MWAA ignores that option: it prepares the
database without the environment's configuration options (aws/amazon-mwaa-docker-images, `setup_environment.py`)."""

ConcurrentRuns = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 21, 25, 32, 42, 64]
"""The parts that 128 slots can be divided into."""

EnvironmentClass = Literal["mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"]


class AirflowSettings(Section):
    """Amazon MWAA."""

    version: Literal["3.3.1", "3.2.1", "3.0.6"] = Field(
        default="3.3.1", description="Airflow version. MWAA can't go back to an older one."
    )
    environment_class: EnvironmentClass = Field(
        default="mw1.small",
        description="Size of schedulers, workers and web servers; limits the number of workstreams: "
        + ", ".join(f"{name} {count}" for name, count in rules.DAGS_PER_CLASS.items())
        + ".",
    )
    concurrent_runs: ConcurrentRuns = Field(
        default=8,
        description="Number of workstreams that may run at the same time, so that they don't overload the warehouse; the others "
        "wait in Airflow. Takes effect within a minute.",
    )
    failed_model_tasks: int = Field(
        default=20,
        ge=0,
        le=50,
        description="Number of failed models and tests at most that a failed run shows as tasks of their own, beside "
        "one that counts the rest; 0: none.",
    )
    webserver: Literal["privateOnly", "publicOnly"] = Field(
        default="privateOnly",
        description="Airflow's page is reachable from inside the VPC only, or from the internet. Both ask for an IAM identity.",
    )

    @property
    def pool_slots(self) -> int:
        """Slots of Airflow's default pool that a run takes: one run more than `concurrent_runs` finds too few left.

        A pool of our own would have to be made in Airflow's database, which no file, option or role of MWAA can do at deployment.
        """
        return DEFAULT_POOL_SLOTS // (self.concurrent_runs + 1) + 1

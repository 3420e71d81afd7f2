"""`dbt-platform:airflow`."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import rules
from settings.environment_class import DAGS_PER_CLASS, TASKS_PER_WORKER
from settings.sections.section import Section

DEFAULT_POOL_SLOTS = 128
"""Size of the pool that every Airflow has (`core.default_pool_task_slot_count`). MWAA ignores that option: it prepares the
database without the environment's configuration options (aws/amazon-mwaa-docker-images, `setup_environment.py`)."""

ConcurrentRuns = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 21, 25, 32, 42, 64]
"""The parts that 128 slots can be divided into."""

USUAL_RUNS = 8
"""Where nothing is said and the workers have room for them."""

Version = Literal["3.3.1"]
"""MWAA has 3.2.1 and 3.0.6 too, but 3.2.1's `DeadlineAlert` takes no name, and 3.0.6 has neither deadlines nor
`CronDataIntervalTimetable` in `airflow.sdk`: every DAG would be an import error."""

EnvironmentClass = Literal["mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"]

PrivateRange = Annotated[
    IPv4Network, AfterValidator(rules.private_range), Field(description="Private IPv4 addresses, for instance 10.8.0.0/16.")
]

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

USUAL_FLEET = {"min_workers": 1, "max_workers": 10, "schedulers": 2, "min_webservers": 2, "max_webservers": 2}
"""What MWAA has when nothing is said (MWAA API Reference, "CreateEnvironment"); on mw1.micro it is one of each, always."""


class LogLevels(Section):
    """Least severe messages that each log keeps."""

    dag_processing: LogLevel = Field(default="INFO", description="Log of what reads the DAG files.")
    scheduler: LogLevel = Field(default="INFO", description="Log of the schedulers.")
    task: LogLevel = Field(default="INFO", description="Log of the tasks: dbt's output. WARNING and above would hide it.")
    webserver: LogLevel = Field(default="INFO", description="Log of Airflow's page.")
    worker: LogLevel = Field(default="INFO", description="Log of the workers.")


class AirflowSettings(Section):
    """Amazon MWAA."""

    version: Version = Field(
        default="3.3.1",
        description="Airflow version: the one that the DAG files are written for. On MWAA's older ones none of them loads. MWAA "
        "updates an environment within a major version; another major version is another environment, without the runs' history.",
    )
    environment_class: EnvironmentClass = Field(
        default="mw1.small",
        description="Size of schedulers, workers and web servers; limits the number of workstreams, and that of runs at the same "
        "time on each worker: "
        + ", ".join(f"{name} {count} and {TASKS_PER_WORKER[name]}" for name, count in DAGS_PER_CLASS.items())
        + ".",
    )
    concurrent_runs: ConcurrentRuns | None = Field(
        default=None,
        description="Number of workstreams that may run at the same time, so that they don't overload the warehouse; the others "
        "wait in Airflow. Null: 8, or as many as the workers have room for. Takes effect within a minute.",
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
    webserver_cidrs: list[PrivateRange] = Field(
        default=[],
        description="Private IPv4 ranges that may open Airflow's page, with webserver `privateOnly`: of your VPN, your office, a "
        'peered VPC. They also need a route: docs/operations.md, "Open Airflow\'s page". Empty: Airflow itself only.',
    )

    log_levels: LogLevels = LogLevels()
    maintenance_window: str = Field(
        default="SUN:03:30",
        pattern=r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)$",
        description="Day and time in UTC, on the hour or half past, when AWS may start its weekly maintenance: `SUN:03:30`.",
    )
    min_workers: int | None = Field(default=None, ge=1, le=25, description="Number of workers at least; null: 1.")
    max_workers: int | None = Field(
        default=None, ge=1, le=25, description="Number of workers at most; null: 10, on `mw1.micro` 1. Idle ones go by themselves."
    )
    schedulers: int | None = Field(
        default=None, ge=1, le=5, description="Number of schedulers, 2 or more; null: 2, on `mw1.micro` always 1."
    )
    min_webservers: int | None = Field(
        default=None, ge=1, le=5, description="Number of web servers at least, 2 or more; null: 2, on `mw1.micro` always 1."
    )
    max_webservers: int | None = Field(
        default=None, ge=1, le=5, description="Number of web servers at most; null: 2, on `mw1.micro` always 1."
    )
    startup_script: Annotated[str, AfterValidator(rules.shell_script)] | None = Field(
        default=None,
        description="Shell script in `dags/`, for instance `dags/startup.sh`, that MWAA runs before Airflow starts: the only way "
        "to variables and system packages of its own. A change of it restarts Airflow.",
    )

    console_link: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s{}]+\{page\}[^\s{}]*$",
        description="How Airflow, run reports and alerts lead to a page of AWS's console, whose encoded address takes the place of "
        "`{page}`. For people who log in by IAM Identity Center: `https://acme.awsapps.com/start/#/console?"
        "account_id=111111111111&role_name=Operator&destination={page}`. Null: straight to the page.",
    )

    @field_validator("webserver_cidrs")
    @classmethod
    def _visitors_need_a_private_page(cls, cidrs: list[IPv4Network], info: ValidationInfo) -> list[IPv4Network]:
        rules.visitors_need_a_private_page(info.data.get("webserver"), given=bool(cidrs))
        return cidrs

    @property
    def fleet(self) -> dict[str, int]:
        """How many of each the environment has, by the names above."""
        usual = dict.fromkeys(USUAL_FLEET, 1) if self.environment_class == "mw1.micro" else USUAL_FLEET
        return {name: getattr(self, name) or number for name, number in usual.items()}

    @property
    def runs(self) -> int:
        """How many workstreams may run at the same time."""
        return self.concurrent_runs or min(USUAL_RUNS, TASKS_PER_WORKER[self.environment_class] * self.fleet["max_workers"])

    @property
    def pool_slots(self) -> int:
        """Slots of Airflow's default pool that a run takes: one run more than `runs` finds too few left.

        A pool of our own would have to be made in Airflow's database, which no file, option or role of MWAA can do at deployment.
        """
        return DEFAULT_POOL_SLOTS // (self.runs + 1) + 1

"""`dbt-platform:airflow`."""

from typing import Literal

from pydantic import Field

from components import rules
from components.sections.section import Section

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
    webserver: Literal["privateOnly", "publicOnly"] = Field(
        default="privateOnly",
        description="Airflow's page is reachable from inside the VPC only, or from the internet. Both ask for an IAM identity.",
    )

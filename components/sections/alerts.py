"""`dbt-platform:alerts`."""

from typing import Annotated

from pydantic import Field

from components.sections.section import Section

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="An e-mail address.")]


class AlertSettings(Section):
    """Who learns of failures."""

    emails: list[Email] = Field(default=[], description="Addresses that get the alerts, each after confirming the subscription.")

"""`dbt-platform:alerts`."""

from typing import Annotated

from pydantic import Field, PositiveInt

from settings.sections.section import Section

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="An e-mail address.")]


class AlertSettings(Section):
    """Who learns of failures and of costs."""

    emails: list[Email] = Field(default=[], description="Addresses that get the alerts, each after confirming the subscription.")
    monthly_budget_usd: PositiveInt | None = Field(
        default=None,
        description="US dollars that everything with the stack's tags `project` and `environment` may cost in a month. The alerts "
        "tell when 80 % of it are forecast to be exceeded, and when it is spent. Null: no budget.",
    )

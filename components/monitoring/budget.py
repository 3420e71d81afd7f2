"""AWS Budgets: what a stack may cost in a month."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.names import names

COST_TAGS = ("project", "environment")
"""Tags that tell this stack's costs from others'. They count once they are activated as cost allocation tags."""

NOTIFICATIONS = {"FORECASTED": 80, "ACTUAL": 100}
"""Percent of the budget: one that warns while something can be done, one when it is spent."""


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    monthly_usd: int
    topic_arn: pulumi.Input[str]


class Budget(Component):
    """A monthly budget over everything with this stack's tags.

    Creates: an AWS budget with two notifications.
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        aws.budgets.Budget(
            name,
            name=names().platform,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_usd),
            limit_unit="USD",
            metrics="UnblendedCost",
            filter_expression={"ands": [{"tags": {"key": key, "values": [value]}} for key, value in _cost_tags().items()]},
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [args.topic_arn],
                }
                for kind, percent in NOTIFICATIONS.items()
            ],
            opts=self.child(),
        )
        self.register_outputs({})


def _cost_tags() -> dict[str, str]:
    tags = aws.get_default_tags().tags
    missing = [key for key in COST_TAGS if key not in tags]
    if missing:
        raise pulumi.RunError(
            f"dbt-platform:alerts has a monthlyBudgetUsd, but aws:defaultTags lacks {' and '.join(missing)}: "
            "without these tags nothing can tell this stack's costs from others'. Add them, or set monthlyBudgetUsd to null."
        )
    return {key: tags[key] for key in COST_TAGS}

"""`aws:defaultTags`."""

from typing import Any

from pydantic import Field

from settings.sections.section import Section

ASKED_FOR = ("project", "environment", "owner", "repository", "cost-center")
"""Tags without which the policy pack refuses a deployment (policy/controls/tags.py, which stands alone)."""


class DefaultTags(Section):
    """The tags of every resource."""

    tags: dict[str, Any] = Field(
        default={},
        max_length=10,
        description="Value of each tag, of ten at most: an object in S3 takes no more. The policies ask for "
        "`project`, `environment`, `owner`, `repository` and `cost-center`; the budget counts what has the first two. "
        "`environment` must go with `dbt-platform:environment`: `development` or `sandbox`, by which the policies let data be "
        "lost, or anything else in production.",
    )

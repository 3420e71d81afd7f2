"""`dbt-platform:mergeRequests`."""

from pydantic import Field

from settings.sections.section import Section


class MergeRequestSettings(Section):
    """What the pipeline of a merge request compares, of the models that it builds, with what the stack built last."""

    compare: bool = Field(default=True, description="Whether it compares at all; each comparison costs queries of the warehouse.")
    max_rows: int = Field(
        default=5_000_000,
        ge=0,
        description="Of a model with more rows, here or there, only the number of rows and the columns are compared.",
    )
    max_query_seconds: int = Field(default=60, ge=1, description="Seconds after which Snowflake ends a query of a comparison.")
    max_seconds: int = Field(
        default=600, ge=1, description="Seconds for all comparisons of a pipeline: what is left then is not compared."
    )
    show_sums: bool = Field(
        default=False,
        description="Whether the comment shows the sums of columns, which are values of your data, to whoever reads the merge "
        "request; otherwise it shows by which part a sum changed.",
    )

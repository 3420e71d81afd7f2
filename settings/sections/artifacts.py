"""`dbt-platform:artifacts`."""

from pydantic import Field

from settings.sections.section import Section


class ArtifactSettings(Section):
    """What the runs leave behind in S3."""

    retention_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="Days after which what a run left is deleted, also that of a workstream that is gone. Choose more than lie "
        "between two runs: the manifest of the last success, which slim CI compares with, is kept no longer.",
    )

"""`dbt-platform:artifacts`."""

from pydantic import Field

from components.sections.section import Section


class ArtifactSettings(Section):
    """What the runs leave behind in S3."""

    retention_days: int = Field(default=90, ge=1, le=3650, description="Days after which a run's artifacts are deleted.")

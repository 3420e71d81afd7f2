"""`dbt-platform:image`."""

from pydantic import Field

from components.sections.section import Section


class ImageSettings(Section):
    """The container image of the dbt projects."""

    base_image: str = Field(
        default="python:3.12-slim",
        pattern=r"^\S+$",
        description="Base image with Python 3.11 or 3.12 on Debian. Pin a digest to be exact.",
    )

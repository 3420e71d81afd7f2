"""`dbt-platform:image`."""

from pydantic import Field

from settings.sections.section import AccountId, Section


class ImageSettings(Section):
    """The container image of the dbt projects."""

    base_image: str = Field(
        default="python:3.12-slim",
        pattern=r"^\S+$",
        description="Base image with Python 3.11 or 3.12 on Debian. Pin a digest to be exact.",
    )
    promote_from: str | None = Field(
        default=None,
        pattern=r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+$",
        description="ECR repository of the stack that builds: its output `repositoryUrl`. This stack then builds nothing. It runs, "
        "by digest, what was built there from the same files and the same `baseImage`.",
    )
    shared_with: list[AccountId] = Field(
        default=[],
        description="AWS accounts whose stacks promote images from here. The repository then outlives the stack, and keeps more "
        "images.",
    )

"""`dbt-platform:image`."""

from pydantic import Field

from settings.sections.section import AccountId, Section

BASE_IMAGE = "python:3.12.14-slim-trixie@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea"
"""Where image/Dockerfile begins when nothing else is said, too. renovate.json raises both."""


class ImageSettings(Section):
    """The container image of the dbt projects."""

    base_image: str = Field(
        default=BASE_IMAGE,
        pattern=r"^\S+$",
        description="Base image with Python 3.11 or 3.12 on Debian. By digest: another one makes another image, which a tag that "
        "moves does not.",
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

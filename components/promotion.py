"""Amazon ECR: an image that another stack has built."""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_aws as aws

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository of any account."""

    url: str
    account_id: str
    region: str
    name: str
    partition: str

    @classmethod
    def parse(cls, url: str) -> "Repository":
        """`<account>.dkr.ecr.<region>.amazonaws.com/<name>`."""
        host, _, name = url.partition("/")
        account_id, _, _, region, *suffix = host.split(".")
        return cls(url=url, account_id=account_id, region=region, name=name, partition="aws-cn" if suffix[-1] == "cn" else "aws")

    @property
    def arn(self) -> str:
        """What policies call it."""
        return f"arn:{self.partition}:ecr:{self.region}:{self.account_id}:repository/{self.name}"

    def image(self, tag: str) -> pulumi.Output[str]:
        """`<repository>@sha256:...` of the image with this tag.

        A preview may come before the image, a merge request's always does: there it is unknown. Raises RunError when a
        deployment finds none.
        """
        try:
            found = aws.ecr.get_image(registry_id=self.account_id, repository_name=self.name, image_tag=tag, region=self.region)
        except Exception as error:
            # The SDK has no class for what a function of a provider answers.
            if "ImageNotFoundException" not in str(error):
                raise
            missing = f"{self.url} has no image {tag}: nobody has built these files there, with this image.baseImage."
            if not pulumi.runtime.is_dry_run():
                raise pulumi.RunError(f"{missing} Deploy this commit to the stack that builds first.") from None
            pulumi.log.warn(f"{missing} The digest is unknown until the stack that builds has this commit.")
            return _unknown()
        return pulumi.Output.from_input(f"{self.url}@{found.image_digest}")


def _unknown() -> pulumi.Output[str]:
    return pulumi.Output(set(), _now(""), _now(False))


def _now(value: Value) -> "asyncio.Future[Value]":
    future: asyncio.Future[Value] = asyncio.Future()
    future.set_result(value)
    return future

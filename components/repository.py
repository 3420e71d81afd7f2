"""Amazon ECR: the images that are there already, in this stack's repository or in that of another."""

from dataclasses import dataclass
from functools import cached_property

import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository of any account, there or not."""

    account_id: str
    region: str
    name: str
    partition: str

    @classmethod
    def parse(cls, url: str) -> "Repository":
        """`<account>.dkr.ecr.<region>.amazonaws.com/<name>`."""
        host, _, name = url.partition("/")
        account_id, _, _, region, *suffix = host.split(".")
        return cls(account_id=account_id, region=region, name=name, partition="aws-cn" if suffix[-1] == "cn" else "aws")

    @property
    def url(self) -> str:
        """What `docker push` calls it."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"{self.account_id}.dkr.ecr.{self.region}.{suffix}/{self.name}"

    @property
    def arn(self) -> str:
        """What policies call it."""
        return f"arn:{self.partition}:ecr:{self.region}:{self.account_id}:repository/{self.name}"

    def is_made(self) -> bool:
        """Is a repository of the stack's own account there yet?"""
        return self.name in aws.ecr.get_repositories(region=self.region).names

    @cached_property
    def digests(self) -> dict[str, str]:
        """Of every image with a tag, by the tag.

        All of them, because the provider words the absence of one (`get_image`) like any other mishap: "couldn't find resource"
        (terraform-provider-aws, `findImageDetails`). Raises the SDK's Exception where there is no such repository.
        """
        found = aws.ecr.get_images(registry_id=self.account_id, repository_name=self.name, region=self.region)
        return {image.image_tag: image.image_digest for image in found.image_ids if image.image_tag}

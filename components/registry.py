"""Amazon ECR: the repository that holds the dbt images."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.names import names
from components.repository import Repository

RELEASES_KEPT = 30
"""Images of one build that stay available for a rollback; about a month of daily releases."""

SHARED_KEPT = 1000
"""Where others run images from: one of them must not expire because development went on. Images share most layers."""

MOST_RULES = 50
"""Of one lifecycle policy (Amazon ECR, "Amazon ECR service quotas")."""


def image_tag(build: str, version: str) -> str:
    """The only dot ends the build's name, so that one build's pattern never matches another's images.

    With `shop-*` the images of `shop-emea` would count as newer ones of `shop`, even where a rule of their own keeps them.
    """
    return f"{build.replace('/', '-').replace('.', '-')}.{version}"


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    account: Account
    kms_key_arn: pulumi.Input[str]
    """Key that encrypts the layers."""
    builds: Sequence[str]
    """Names of what images are built of."""
    disposable: bool
    """Destroy may delete the images too; not while other accounts run them."""
    readers: Sequence[str] = ()
    """AWS accounts that may pull the images, as far as their own policies let them."""


class Registry(Component):
    """One immutable, scanned, encrypted repository.

    Creates: an ECR repository, its lifecycle policy, and a policy that lets the readers pull.
    Immutable tags make a task definition's digest and its tag say the same for ever (FSBP ECR.2).
    """

    url: pulumi.Output[str]
    """Where `docker push` goes: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`."""
    arn: pulumi.Output[str]
    repository: pulumi.Resource

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        disposable = args.disposable and not args.readers
        super().__init__(name, opts, protect=not disposable)
        self._place = Repository(
            account_id=args.account.id,
            region=args.account.region,
            name=names().repository(name),
            partition=args.account.partition,
        )
        repository = aws.ecr.Repository(
            name,
            name=self._place.name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.kms_key_arn}],
            force_delete=disposable,
            opts=self.child(),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=json.dumps({"rules": _expiry(args.builds, SHARED_KEPT if args.readers else RELEASES_KEPT)}),
            opts=self.child(),
        )
        if args.readers:
            aws.ecr.RepositoryPolicy(
                name, repository=repository.name, policy=json.dumps(_pull(args.account, args.readers)), opts=self.child()
            )
        self.repository = repository
        self.url = repository.repository_url
        self.arn = repository.arn
        self.register_outputs({"url": self.url, "arn": self.arn})

    def image(self, tag: str) -> pulumi.Output[str] | None:
        """`<repository>@sha256:...` of what has been pushed under the tag, by whichever deployment; None when nothing has.

        ECR refuses a second push, of the same bytes too (aws/containers-roadmap#2380).
        """
        digest = self._place.digests.get(tag) if self._place.is_made() else None
        return pulumi.Output.concat(self.url, "@", digest) if digest else None


def _pull(account: Account, readers: Sequence[str]) -> dict[str, object]:
    """Amazon ECR, "Private repository policies": these statements name no resource."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:{account.partition}:iam::{reader}:root" for reader in readers]},
        "Action": [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "ecr:GetDownloadUrlForLayer",
            "ecr:ListImages",
        ],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _expiry(builds: Sequence[str], kept: int) -> list[dict[str, object]]:
    """For each build its newest images, however often the others are built: a quiet one's only image is still run.

    Where there are more builds than rules, images of the rest just stay. What has no tag is part of an image that has expired.
    """
    patterns = sorted({image_tag(build, "*") for build in builds})[: MOST_RULES - 1]
    newest = [
        {"tagStatus": "tagged", "tagPatternList": [pattern], "countType": "imageCountMoreThan", "countNumber": kept}
        for pattern in patterns
    ]
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}
    return [
        {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}
        for priority, selection in enumerate([*newest, untagged], start=1)
    ]

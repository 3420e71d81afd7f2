"""Tags: every cost and every alarm has somebody to ask."""

from collections.abc import Iterator

from pulumi_policy import Severity

from .control import OWN, Finding, resource_control
from .ecs import TASK_DEFINITION
from .resource import UNKNOWN, Resource

REQUIRED = ("project", "environment", "owner", "repository", "cost-center")

UNTAGGABLE = frozenset(
    {
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:s3/bucketAcl:BucketAcl",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:secretsmanager/secretRotation:SecretRotation",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
    }
)
"""AWS has no tags for these; a type that is not here is taken to have them."""


@resource_control("tags-present", Severity.LOW, OWN, types=[])
def tags_present(resource: Resource) -> Iterator[Finding]:
    """Everything says whose it is."""
    untagged = resource.type in UNTAGGABLE or not resource.type.startswith("aws:") or resource.get("tags") is UNKNOWN
    required = () if untagged else REQUIRED
    missing = [name for name in required if not resource.tags.get(name)]
    if missing:
        yield Finding(resource, "tags", f"lack {', '.join(missing)}", "Add them to aws:defaultTags in the stack file")
    if resource.type == TASK_DEFINITION and not untagged and not resource.tags.get("workstream"):
        yield Finding(resource, "tags", "lack workstream", "Add it: the running tasks inherit it, and so does their bill")

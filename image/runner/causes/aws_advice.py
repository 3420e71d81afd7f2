"""Pages of the Amazon ECS Developer Guide, and advice that several causes give."""

STOPPED = "Stopped tasks error messages"
PULL = "CannotPullContainer task errors"
RESOURCE = "ResourceInitializationError"
API = "API error messages"
FAILURES = "API failure reasons"

REFRESH = "`pulumi up --refresh --stack {stack}`"
"""Without `--refresh` Pulumi believes that what was deleted behind its back is there, and changes nothing."""

TEMPORARY = "A temporary fault; the next try usually works. If it stays, look at the AWS Health page of the region."
WAYS = (
    "Often temporary, and the next try works. If it stays, check that the private subnets reach {service}: the route to the NAT "
    "gateway or the interface endpoint (for S3 the gateway endpoint), DNS of the VPC, and egress 443 in the security group."
)
ORGANISATION = (
    "No `pulumi up` helps, and no retry: ask the administrators of your AWS organisation for an exception for the action and the "
    "role that the message names."
)
EXECUTION_ROLE = f"Check the workstream's execution role: {REFRESH} restores its policy if it was changed by hand."

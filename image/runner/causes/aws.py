"""What AWS refuses, and why it stops a task. Sources are pages of the Amazon ECS Developer Guide unless they say otherwise."""

import re
from collections.abc import Mapping

from .aws_denied import DENIED, LIMITS, ROLES
from .aws_images import IMAGES, PULLS
from .aws_network import CONNECTIONS, NETWORK
from .aws_requests import REQUESTS
from .aws_secrets import SECRETS
from .aws_tasks import INTERRUPTED, LOGS, MEMORY, REST
from .model import Cause

_SERVICES = (
    (r"between the task and (AWS |Amazon )?(?P<name>[A-Z][A-Za-z ]+?)[.,]", ""),
    (r"secretsmanager|secrets manager|from asm", "Secrets Manager"),
    (r"layer-bucket|\bs3\b|\.s3\.|httpReadSeeker", "S3"),
    (r"cloudwatch|logger args|logging driver|\blogs[.:]", "CloudWatch Logs"),
    (r"\bkms\b", "KMS"),
    (r"\becr\b|CannotPull|registry", "ECR"),
    (r"\bsts\b", "STS"),
    (r"network interface|security group|subnet|\bec2\b", "EC2"),
)


def service(text: str) -> Mapping[str, str]:
    """The service that a message is about, as a name for the advice; ECS unless it says another."""
    for sign, name in _SERVICES:
        if found := re.search(sign, text, re.IGNORECASE):
            return {"service": name or found["name"]}
    return {"service": "ECS"}


AWS: tuple[Cause, ...] = (
    *DENIED,
    *LIMITS,
    *SECRETS,
    *IMAGES,
    MEMORY,
    *INTERRUPTED,
    *NETWORK,
    *ROLES,
    *CONNECTIONS,
    *LOGS,
    *PULLS,
    *REQUESTS,
    *REST,
)
"""From special to general: a deny of the organisation before a plain one, a limit of requests before what is gone."""

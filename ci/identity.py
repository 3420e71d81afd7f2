"""A job's AWS identity: its GitLab token becomes the web identity file that every AWS SDK reads.

GitLab, "ID token authentication": the token lives as long as the job's timeout. The SDKs exchange it for credentials of
an hour, again and again, so an `up` that outlives the token dies with a half-written state: it must not start.
"""

import base64
import binascii
import json
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.errors import OpsError

SAFE_GITLAB = (18, 2, 2)
"""Before it, a merge request from a fork that ran in the project had the project's path and the fork's branch in its token: on a
GitLab of one's own a fork's branch `main` could deploy (gitlab-org/gitlab#548165, #561735)."""

STATIC_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE")
"""The SDKs prefer any of these to the web identity."""


def adopt(environment: Mapping[str, str], minutes: int, now: float | None = None) -> Path:
    """Writes the token's file, and returns it.

    Args:
        environment: The job's, with AWS_ID_TOKEN, AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE; and CI_SERVER_VERSION, which
            every job of a GitLab has.
        minutes: How long the job may need the identity.
        now: Seconds since 1970; the clock's when left out.

    Raises:
        OpsError: something is missing, the token ends too early, or GitLab is too old for its tokens to be trusted.
    """
    _require_safe_gitlab(environment.get("CI_SERVER_VERSION", ""))
    token = _required(environment, "AWS_ID_TOKEN", "The job needs `extends: .aws` (.gitlab/ci/templates.yml).")
    _required(environment, "AWS_ROLE_ARN", "Set it as a CI/CD variable of this job's environment: docs/gitlab.md, step 6.")
    file = Path(_required(environment, "AWS_WEB_IDENTITY_TOKEN_FILE", "The job needs `extends: .aws` (.gitlab/ci/templates.yml)."))
    for name in STATIC_KEYS:
        if environment.get(name):
            raise OpsError(
                f"{name} is set: the AWS SDKs would use it and not the job's own identity.", "Remove this CI/CD variable."
            )
    left = (_expiry(token) - (time.time() if now is None else now)) / 60
    if left < minutes:
        raise OpsError(
            f"The job's AWS identity ends in {left:.0f} minutes, and the job may need it for {minutes}.",
            f"Give the job `timeout: {minutes + 30}m` or more, and see that the runner's maximum job timeout is no shorter.",
        )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.write(token)
    return file


def claims(token: str) -> dict[str, Any]:
    """What a token says about its job. AWS verifies the signature; here it only decides whether to begin.

    Raises:
        ValueError: it is no JSON web token.
    """
    _, payload, _ = token.split(".")
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _require_safe_gitlab(version: str) -> None:
    """`18.2.2` or `18.2.2-ee`; nothing outside of GitLab."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if numbers and numbers < SAFE_GITLAB:
        raise OpsError(
            f"GitLab {version} gives a fork's merge request the identity of this project: a fork could deploy.",
            "Upgrade to GitLab 18.2.2 or newer.",
        )


def _expiry(token: str) -> float:
    try:
        return float(claims(token)["exp"])
    except (ValueError, KeyError, binascii.Error) as error:
        raise OpsError(f"AWS_ID_TOKEN is no JSON web token that expires ({error}).", "Do the job's `id_tokens` set it?") from None


def _required(environment: Mapping[str, str], name: str, fix: str) -> str:
    value = environment.get(name)
    if not value:
        raise OpsError(f"{name} is not set.", fix)
    return value

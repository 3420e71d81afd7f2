"""An AWS account that `bootstrap/` has set up, and the tokens of GitLab's jobs."""

import base64
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.demo.lifecycle import Tools
from sandbox.demo.stack import Stack

PROJECT = {"project": "data/platform", "projectId": "42"}
ENVIRONMENTS = {
    "dev": {"branch": "main", "tags": {"project": "dbt-platform", "environment": "development"}},
    "prod": {"tag": "v*", "tags": {"project": "dbt-platform", "environment": "production"}},
    "dev-marketing": {"branch": "main"},
}
"""All in one account, which separates them least; the last is a team's on the platform `dev`."""

REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
"""What the services call it when IAM does not allow a call."""


def token(ref: str = "main", kind: str = "branch", issuer: str = "https://gitlab.com", **claims: str) -> str:
    """What GitLab gives a job, but for the signature."""
    path = claims.pop("path", PROJECT["project"])
    body = {
        "iss": issuer,
        "aud": "sts.amazonaws.com",
        "sub": f"project_path:{path}:ref_type:{kind}:ref:{ref}",
        "project_id": PROJECT["projectId"],
        "ref_protected": "true",
        "exp": time.time() + 7200,
        **claims,
    }
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, body, "unsigned"))


def configuration(account: str, **gitlab: str) -> dict[str, Any]:
    """Of the bootstrap, for the account with this number."""
    return {
        "aws:allowedAccountIds": [account],
        "dbt-platform-bootstrap:gitlab": {**PROJECT, **gitlab},
        "dbt-platform-bootstrap:environments": ENVIRONMENTS,
    }


@dataclass(frozen=True, kw_only=True)
class Bootstrapped:
    """The account, and the bootstrap's stack in it."""

    stack: Stack
    outputs: dict[str, Any]
    tools: Tools

    @property
    def state_bucket(self) -> str:
        return self.variables("dev")["PULUMI_BACKEND_URL"].removeprefix("s3://").partition("?")[0]

    def variables(self, scope: str) -> dict[str, str]:
        """The CI variables that GitLab was given for an environment, with the state's bucket at its address here."""
        found = {each["key"]: each["value"] for each in self.outputs["variables"] if each["environmentScope"] == scope}
        local = f"&endpoint=127.0.0.1:{self.stack.state.emulator_port}&disableSSL=true&s3ForcePathStyle=true"
        return {**found, "PULUMI_BACKEND_URL": found["PULUMI_BACKEND_URL"] + local}

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.stack.state.account}:role/ci/dbt-platform/{name}"

    def assume(self, role: str, job: str) -> dict[str, str]:
        """Credentials of a role for a job with this token, as boto3 takes them."""
        sts = boto3.client(
            "sts",
            endpoint_url=self.stack.state.emulator_url,
            region_name=self.stack.state.region,
            config=Config(signature_version=UNSIGNED),
        )
        made = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="job", WebIdentityToken=job)["Credentials"]
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }

    def roles_of(self, job: str) -> set[str]:
        """Names of the roles that a job with this token gets."""
        found = set()
        for name in ("preview", *(f"deploy-{environment}" for environment in ENVIRONMENTS)):
            with suppress(ClientError):
                self.assume(self.role(name), job)
                found.add(name)
        return found

    def client(self, role: str, service: str) -> Any:
        job = token("v1.0.0", "tag") if role == "deploy-prod" else token()
        return boto3.client(
            service,  # pyright: ignore[reportArgumentType, reportCallIssue]
            endpoint_url=self.stack.state.emulator_url,
            region_name=self.stack.state.region,
            config=Config(retries={"max_attempts": 0}, inject_host_prefix=False),
            **self.assume(self.role(role), job),
        )

"""What goes wrong for an operator, in words that say what to do."""

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

SIGN_IN = "Sign in first: `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID with its secret and token."


_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

_BAD_CREDENTIALS = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
"""Codes beside ExpiredToken's; EC2 and S3 have names of their own (their API references, "Error codes")."""


class OpsError(Exception):
    """A failure with its fix; printed without a traceback, exit code 1."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}\n{fix}")
        self.problem = problem
        self.fix = fix


def from_aws(error: BotoCoreError | ClientError) -> OpsError:
    """An error of boto3 as an operator needs it."""
    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, _NO_CREDENTIALS):
        return OpsError(f"There are no usable AWS credentials: {error}", SIGN_IN)
    if isinstance(error, NoRegionError):
        return OpsError("No AWS region is chosen.", "Set AWS_REGION, for instance AWS_REGION=eu-west-1: that of the stack's file.")
    if isinstance(error, EndpointConnectionError):
        return OpsError(f"AWS can't be reached: {error}", "Check the network, the VPN, and AWS_ENDPOINT_URL if it is set.")
    return OpsError(f"AWS can't be asked: {error}", "Check the network and the AWS configuration, then try again.")


def _refused(error: ClientError) -> OpsError:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code.startswith("ExpiredToken") or code in _BAD_CREDENTIALS:
        return OpsError(f"AWS does not accept these credentials: {message}", SIGN_IN)
    if code.startswith(("AccessDenied", "UnauthorizedOperation")):
        return OpsError(f"You may not do this: {message}", "Use a role that may, or ask for that action.")
    return OpsError(f"{error.operation_name} failed: {code}: {message}", "Correct what AWS says, then try again.")


_OF_PULUMI = {
    r"PULUMI_ACCESS_TOKEN": "Log in to where the state is: `pulumi login --local`, or `pulumi login s3://...` (docs/gitlab.md).",
    r"get credentials|no EC2 IMDS role|ExpiredToken": SIGN_IN,
    r"passphrase": "Set PULUMI_CONFIG_PASSPHRASE to what the stack was made with, or PULUMI_CONFIG_PASSPHRASE_FILE.",
    r"no Pulumi.yaml": "Go to the repository's folder.",
    r"no stack named": "`pulumi stack ls` says which there are: --stack NAME. Is it another state, see PULUMI_BACKEND_URL?",
}
"""Words of the Pulumi CLI: what to do."""


def from_pulumi(said: str) -> OpsError:
    """An error of Pulumi's, out of what it wrote to standard error, without its warnings."""
    found = re.search(r"^error: (.*)", said, re.DOTALL | re.MULTILINE)
    problem = (found[1] if found else said).strip()
    select = "Select a stack (`pulumi stack select`) in the repository's folder, or name it: --stack NAME"
    return OpsError(
        f"Pulumi says: {problem}", next((fix for words, fix in _OF_PULUMI.items() if re.search(words, problem)), select)
    )

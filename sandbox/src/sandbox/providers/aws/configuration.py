"""The provider's configuration (`aws:...` in a stack file): what is honoured, what is harmless, what is refused."""

import os
from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws.api import readable_errors
from sandbox.providers.aws.session import Session, loopback_endpoint
from sandbox.providers.values import UNKNOWN, Properties, ProviderError

HARMLESS = {
    "retryMode",
    "s3UsePathStyle",
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "version",
}
"""Keys that change nothing against an emulator: how carefully the real provider calls AWS."""

HONOURED = {"allowedAccountIds", "defaultTags", "maxRetries", "region"}

RETRIES = 5
"""When the program says nothing. The real provider tries 25 times, for minutes (`max_retries` of hashicorp/aws): here a service
that is gone does not come back, and nobody should wait for it."""


def session_for(config: Properties) -> Session:
    """A session as the configuration wants it; raises ProviderError naming each key that can't be honoured."""
    endpoint = loopback_endpoint(os.environ)
    refused = sorted(name for name in config if name not in HARMLESS | HONOURED and not name.startswith("__"))
    if refused:
        raise ProviderError(
            f"The sandbox's aws provider does not model the configuration {_keys(refused)}; "
            f"it knows {_keys(HONOURED)} (and ignores {_keys(HARMLESS)})"
        )
    region = config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise ProviderError("No region: set aws:region in the stack's configuration, or AWS_REGION")
    retries = int(config.get("maxRetries") or RETRIES)
    session = Session(endpoint=endpoint, region=region, default_tags=default_tags(config.get("defaultTags")), retries=retries)
    _check_account(session, config.get("allowedAccountIds"))
    return session


def default_tags(setting: Any) -> dict[str, str]:
    """`{tags: {...}}` of the setting, without values that a preview does not know."""
    if setting in (None, UNKNOWN):
        return {}
    unknown = sorted(set(setting) - {"tags"})
    if unknown:
        raise ProviderError(f"aws:defaultTags has the unknown key {unknown[0]!r}; write aws:defaultTags: {{tags: {{...}}}}")
    return {name: str(value) for name, value in (setting.get("tags") or {}).items()}


def _check_account(session: Session, allowed: Any) -> None:
    with readable_errors("aws provider"):
        account = session.account
    if allowed not in (None, UNKNOWN) and account not in map(str, allowed):
        raise ProviderError(
            f"aws:allowedAccountIds allows {', '.join(map(str, allowed))}, but the credentials are of account {account}"
        )


def _keys(names: Any) -> str:
    return ", ".join(_sorted(names))


def _sorted(names: Any) -> Iterator[str]:
    return (f"aws:{name}" for name in sorted(names))

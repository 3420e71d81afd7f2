"""Whoever comes with a token of an OIDC provider gets a role only as AWS would give it.

IAM User Guide, "Available keys for AWS OIDC federation": of a token of gitlab.com a trust policy sees more claims than of
other issuers; MiniStack shows `aud` and `sub` of all. STS API Reference, AssumeRoleWithWebIdentity: the account must know the
issuer, and the audience must be one of its client ids; MiniStack asks neither. Nobody verifies the token's signature.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.services import cognito, iam, sts

from sandbox.emulator.patches import replaces

_GITLAB = ("namespace_id", "pipeline_source", "project_id", "ref_protected")

_stock_principal = sts._web_identity_principal


@replaces(sts, "_web_identity_principal")
def web_identity_principal(token: str, provider_id: str, role_arn: str) -> tuple[str, dict[str, Any]]:
    """The issuer as a principal, empty when this account does not trust it, and the condition keys of the token."""
    principal, keys = _stock_principal(token, provider_id, role_arn)
    if ":oidc-provider/" not in principal:
        return principal, keys
    host = principal.partition(":oidc-provider/")[2]
    provider = iam._oidc_providers.get(principal)
    if provider is None or keys.get(f"{host}:aud") not in provider["ClientIDList"]:
        return "", {}
    claims = cognito._decode_id_token_unverified(token) if host == "gitlab.com" else {}
    return principal, keys | {f"{host}:{name}": claims[name] for name in _GITLAB if name in claims}

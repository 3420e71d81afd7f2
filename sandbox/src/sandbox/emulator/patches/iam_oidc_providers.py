"""Changing an OIDC provider: its client ids and its tags.

IAM API Reference, AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider, TagOpenIDConnectProvider,
UntagOpenIDConnectProvider; MiniStack can only make and delete one.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from collections.abc import Callable
from typing import Any

from ministack.services import iam

Change = Callable[[dict[str, Any], Any], None]


def _add_client_id(provider: dict[str, Any], params: Any) -> None:
    provider["ClientIDList"] = list(dict.fromkeys([*provider["ClientIDList"], iam._p(params, "ClientID")]))


def _remove_client_id(provider: dict[str, Any], params: Any) -> None:
    provider["ClientIDList"] = [one for one in provider["ClientIDList"] if one != iam._p(params, "ClientID")]


def _tag(provider: dict[str, Any], params: Any) -> None:
    tags = {tag["Key"]: tag for tag in [*provider.get("Tags", []), *iam._extract_tags(params)]}
    provider["Tags"] = list(tags.values())


def _untag(provider: dict[str, Any], params: Any) -> None:
    gone = iam._extract_tag_keys(params)
    provider["Tags"] = [tag for tag in provider.get("Tags", []) if tag["Key"] not in gone]


def _action(name: str, change: Change) -> Callable[[Any], Any]:
    def handle(params: Any) -> Any:
        arn = iam._p(params, "OpenIDConnectProviderArn")
        provider = iam._oidc_providers.get(arn)
        if provider is None:
            return iam._error(404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", ns="iam")
        change(provider, params)
        # Stored anew: the store may hand out copies.
        iam._oidc_providers[arn] = provider
        return iam._xml(200, f"{name}Response", "", ns="iam")

    return handle


for _name, _change in {
    "AddClientIDToOpenIDConnectProvider": _add_client_id,
    "RemoveClientIDFromOpenIDConnectProvider": _remove_client_id,
    "TagOpenIDConnectProvider": _tag,
    "UntagOpenIDConnectProvider": _untag,
}.items():
    iam._IAM_HANDLERS[_name] = _action(_name, _change)

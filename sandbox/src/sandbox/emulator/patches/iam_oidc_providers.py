"""An OIDC provider has no port in its address; and its client ids and tags can be changed.

IAM API Reference, CreateOpenIDConnectProvider ("The URL should not contain a port number"), AddClientIDToOpenIDConnectProvider,
RemoveClientIDFromOpenIDConnectProvider, TagOpenIDConnectProvider, UntagOpenIDConnectProvider; MiniStack makes one of any address,
and can otherwise only delete it.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

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


_stock_create = iam._IAM_HANDLERS["CreateOpenIDConnectProvider"]


def _create(params: Any) -> Any:
    url = iam._p(params, "Url")
    if urlsplit(url).port is not None:
        return iam._error(400, "InvalidInput", f"Invalid Open ID Connect Provider URL: {url} has a port", ns="iam")
    return _stock_create(params)


iam._IAM_HANDLERS["CreateOpenIDConnectProvider"] = _create

for _name, _change in {
    "AddClientIDToOpenIDConnectProvider": _add_client_id,
    "RemoveClientIDFromOpenIDConnectProvider": _remove_client_id,
    "TagOpenIDConnectProvider": _tag,
    "UntagOpenIDConnectProvider": _untag,
}.items():
    iam._IAM_HANDLERS[_name] = _action(_name, _change)

"""Where the provider's API calls go: a loopback endpoint, one region, one account."""

import functools
import ipaddress
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from botocore.model import ServiceModel

from sandbox.providers.values import ProviderError

ENDPOINT = "AWS_ENDPOINT_URL"

CLIENT_CONFIG = Config(
    inject_host_prefix=False,  # MWAA's `api.` before an IP address is no host
    proxies={},  # a proxy of the host must not see, or break, calls to the loopback interface
    s3={"addressing_style": "path"},
    max_pool_connections=32,
)


class Session:
    """Clients of the emulator, and what they say about who we are."""

    def __init__(self, *, endpoint: str, region: str, default_tags: Mapping[str, str], retries: int = 2) -> None:
        self.region = region
        self.default_tags = dict(default_tags)
        self._endpoint, self._retries = endpoint, retries
        self._botocore = botocore.session.get_session()
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}
        self._config = CLIENT_CONFIG.merge(Config(retries={"mode": "standard", "max_attempts": retries}))
        self._http = URLLib3Session(proxies={}, max_pool_connections=32)

    @functools.cache  # noqa: B019 - one session lives as long as the process
    def at(self, region: str) -> "Session":
        """The same in another region."""
        return Session(endpoint=self._endpoint, region=region, default_tags=self.default_tags, retries=self._retries)

    @functools.cached_property
    def account(self) -> str:
        """The account that the credentials belong to."""
        return self.client("sts").get_caller_identity()["Account"]

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, ..."""
        return self._botocore.get_partition_for_region(self.region)

    @property
    def dns_suffix(self) -> str:
        """`amazonaws.com` in the partition `aws`."""
        resolver = self._botocore.get_component("endpoint_resolver")
        return resolver.get_partition_dns_suffix(self.partition)

    def client(self, service: str) -> Any:
        """A shared client; botocore's clients may be used by several threads, but not made by several at once."""
        with self._lock:
            if service not in self._clients:
                made: Any = self._botocore.create_client(
                    service, region_name=self.region, endpoint_url=self._endpoint, config=self._config
                )
                made.meta.events.register_last("before-send", functools.partial(_send_for_a_whole_answer, self._http))
                self._clients[service] = made
            return self._clients[service]

    @functools.cache  # noqa: B019 - one session lives as long as the process
    def model(self, service: str) -> ServiceModel:
        """Botocore's description of a service, which needs no client."""
        with self._lock:
            return self._botocore.get_service_model(service)


def _send_for_a_whole_answer(http: URLLib3Session, request: Any, **_: Any) -> Any:
    """The answer, or an error that is tried again when the connection ended in its middle.

    The SDK of the real provider does so; botocore takes what came of an error for all of it.
    """
    answer = http.send(request)
    failed = answer.status_code >= 300 and request.method != "HEAD"
    if failed and len(answer.content) < int(answer.headers.get("content-length", 0)):
        raise ConnectionClosedError(endpoint_url=request.url)
    return answer


@functools.cache
def _regions() -> set[str]:
    known = botocore.session.get_session()
    return {name for partition in known.get_available_partitions() for name in known.get_available_regions("ec2", partition)}


def region(name: str) -> str:
    """The name of a region that there is; raises ValueError."""
    if name not in _regions():
        raise ValueError(f"Invalid AWS Region: {name}")
    return name


def loopback_endpoint(environment: Mapping[str, str]) -> str:
    """The emulator's URL; refuses anything that could be a real AWS endpoint."""
    url = environment.get(ENDPOINT, "")
    host = urlsplit(url).hostname or ""
    if urlsplit(url).scheme in ("http", "https") and (host == "localhost" or _is_loopback(host)):
        return url
    raise ProviderError(
        f"{ENDPOINT} is {url!r}: the sandbox's aws provider talks to an emulator on this machine only, "
        "set it to a URL like http://127.0.0.1:4566"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network("127.0.0.0/8")
    except ValueError:
        return False

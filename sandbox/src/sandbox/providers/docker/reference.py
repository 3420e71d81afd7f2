"""Names of images, and where the sandbox has the registry that they name."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.providers.values import ProviderError

ECR = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
"""Host of a private registry (Amazon ECR user guide, "Amazon ECR private registries")."""


@dataclass(frozen=True)
class Reference:
    """A name like `host/repository:tag`; the host is empty in a short name, the tag is `latest` when there is none."""

    host: str
    repository: str
    tag: str

    @staticmethod
    def parse(name: str) -> "Reference":
        """Raises ValueError when Docker would not take the name."""
        first, slash, rest = name.partition("/")
        # Docker takes the first part for a host when it has a dot or a port, or is localhost
        host, path = (first, rest) if slash and (first == "localhost" or re.search(r"[.:]", first)) else ("", name)
        match = re.fullmatch(r"([a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*)(?::(\w[\w.-]{0,127}))?", path)
        if match is None:
            raise ValueError(f"{name!r} is not the name of an image, such as registry.example.com/repository:tag")
        return Reference(host, match[1], match[2] or "latest")

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}:{self.tag}" if self.host else f"{self.repository}:{self.tag}"

    @property
    def name(self) -> str:
        """Without the tag."""
        return f"{self.host}/{self.repository}" if self.host else self.repository

    def in_sandbox(self) -> "Reference":
        """The same image under the address where it can be pushed to.

        A registry of Amazon ECR is served by the emulator, at the address of all AWS services. Docker talks to
        addresses of this machine without TLS. Other registries are themselves.
        """
        if not ECR.fullmatch(self.host):
            return self
        endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
        if endpoint.hostname not in {"127.0.0.1", "localhost"}:
            shown = endpoint.geturl() or "not set"
            raise ProviderError(
                f"{self.name} is in Amazon ECR, and AWS_ENDPOINT_URL is {shown}: the sandbox pushes only to this machine."
            )
        return Reference(endpoint.netloc, self.repository, self.tag)

"""Stand-in for the `docker` plugin: the same resources over the API of Docker's daemon."""

import docker

from sandbox.providers.docker.daemon import connect
from sandbox.providers.docker.image import Image
from sandbox.providers.protocol import Provider
from sandbox.providers.values import Properties, ProviderError

CONFIGURATION = {"host", "version"}
"""What may be configured; the engine adds the version itself."""


class DockerProvider(Provider):
    """Connects when it is configured, as the official provider does, also for a preview."""

    def __init__(self) -> None:
        super().__init__("docker", {"docker:index/image:Image": Image(self.client)}, {})
        self._client: docker.APIClient | None = None

    def client(self) -> docker.APIClient:
        """The daemon that the configuration names."""
        if self._client is None:
            raise ProviderError("The docker provider was not configured")
        return self._client

    def configure(self, config: Properties) -> None:
        if unknown := set(config) - CONFIGURATION:
            raise ProviderError(f"The sandbox does not model docker:{', docker:'.join(sorted(unknown))} of the docker provider")
        self._client = connect(config.get("host"))

"""The plugin process: `python -m sandbox.providers.docker`."""

from sandbox.providers.docker.provider import DockerProvider
from sandbox.providers.server import serve

serve(DockerProvider())

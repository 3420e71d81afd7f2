# ruff: noqa: ARG002, A002 - signatures are those of Resource
"""docker:index/image:Image: builds an image and pushes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from sandbox.providers.docker.context import digest
from sandbox.providers.docker.daemon import build, push
from sandbox.providers.docker.inputs import part, problems, with_defaults
from sandbox.providers.docker.reference import Reference
from sandbox.providers.protocol import Difference, InvalidInputs, Operation, Resource, changed
from sandbox.providers.values import UNKNOWN, Properties, contains_unknown


class Image(Resource):
    """An image, built when its context or its arguments change, as by the official provider.

    Like there, `Read` takes the state's word for it, and `Delete` leaves the tags where they are.
    """

    def __init__(self, client: Callable[[], docker.APIClient]) -> None:
        self.client = client

    def check(self, operation: Operation, old: Properties, new: Properties) -> Properties:
        """Fills in the defaults and, like the official provider, `build.contextDigest`."""
        inputs = with_defaults(new)
        if failures := problems(inputs):
            raise InvalidInputs(failures)
        build = part(inputs, "build")
        paths = [build.get("context", UNKNOWN), build.get("dockerfile", UNKNOWN)]
        found = UNKNOWN if UNKNOWN in paths else digest(Path(paths[0]), Path(paths[1]))
        return {**inputs, "build": {**build, "contextDigest": found}}

    def diff(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Difference:
        """New credentials are no reason to build again."""
        return Difference(changed=changed(_without_credentials(old), _without_credentials(new)))

    def create(self, operation: Operation, inputs: Properties) -> tuple[str, Properties]:
        outputs = self._build_and_push(operation, inputs)
        return "" if operation.preview else inputs["imageName"], outputs

    def read(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> tuple[Properties, Properties]:
        return inputs, state

    def update(self, operation: Operation, id: str, old: Properties, state: Properties, new: Properties) -> Properties:
        return self._build_and_push(operation, new)

    def delete(self, operation: Operation, id: str, inputs: Properties, state: Properties) -> None:
        pass

    def _build_and_push(self, operation: Operation, inputs: Properties) -> Properties:
        name, options = inputs["imageName"], inputs["build"]
        outputs = {
            "baseImageName": name,
            "context": options.get("context"),
            "dockerfile": options.get("dockerfile"),
            "imageName": name,
            "platform": options.get("platform"),
            "registryServer": part(inputs, "registry").get("server", ""),
        }
        on_preview = inputs.get("buildOnPreview") and not contains_unknown([name, options])
        if not operation.preview or on_preview:
            build(self.client(), name, options, operation.status)
        return {**outputs, "repoDigest": UNKNOWN if operation.preview else self._digest(operation, inputs)}

    def _digest(self, operation: Operation, inputs: Properties) -> str:
        """What `repoDigest` is: `repository@sha256:...` of the pushed image, or the id of one that stays here."""
        client = self.client()
        if inputs.get("skipPush"):
            return client.inspect_image(inputs["imageName"])["Id"]
        wanted = Reference.parse(inputs["imageName"])
        credentials = {name: value for name, value in part(inputs, "registry").items() if name != "server"}
        with _tagged(client, wanted) as target:
            return f"{wanted.name}@{push(client, str(target), credentials or None, operation.status)}"


@contextmanager
def _tagged(client: docker.APIClient, wanted: Reference) -> Iterator[Reference]:
    """The image under the name by which its registry can be reached from here, for as long as that is needed."""
    target = wanted.in_sandbox()
    if target == wanted:
        yield wanted
        return
    client.tag(str(wanted), target.name, target.tag)
    try:
        yield target
    finally:
        client.remove_image(str(target), noprune=True)


def _without_credentials(inputs: Properties) -> Properties:
    return {**inputs, "registry": part(inputs, "registry").get("server")}

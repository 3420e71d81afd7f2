"""The stand-in for docker.Image: what it accepts, when it builds, where it pushes."""

import os
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from sandbox.providers.docker.context import digest
from sandbox.providers.docker.daemon import connect
from sandbox.providers.docker.image import Image
from sandbox.providers.docker.provider import DockerProvider
from sandbox.providers.docker.reference import Reference
from sandbox.providers.protocol import InvalidInputs, Operation
from sandbox.providers.values import UNKNOWN, ProviderError

REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dbt"
DIGEST = f"sha256:{'a' * 64}"


class Daemon:
    """Stands for Docker's API: remembers what it was asked, answers what a test sets."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.build_events: list[dict[str, Any]] = [{"stream": "Step 1/1 : FROM scratch\n"}, {"aux": {"ID": "sha256:1"}}]
        self.push_events: list[dict[str, Any]] = [{"status": "Pushed"}, {"aux": {"Tag": "v1", "Digest": DIGEST, "Size": 1}}]

    def build(self, **options: Any) -> list[dict[str, Any]]:
        self.asked.append(("build", options))
        return self.build_events

    def push(self, repository: str, tag: str, **options: Any) -> list[dict[str, Any]]:
        self.asked.append(("push", (f"{repository}:{tag}", options["auth_config"])))
        return self.push_events

    def tag(self, name: str, repository: str, tag: str) -> None:
        self.asked.append(("tag", (name, f"{repository}:{tag}")))

    def remove_image(self, name: str, **_: Any) -> None:
        self.asked.append(("remove", name))

    def inspect_image(self, _: str) -> dict[str, str]:
        return {"Id": "sha256:local"}

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def image(daemon, monkeypatch) -> Image:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    return Image(lambda: daemon)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A project with a Dockerfile."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch")
    (tmp_path / "model.sql").write_text("select 1")
    return tmp_path


def operation(**options: Any) -> Operation:
    return Operation(urn="urn", name="image", **options)


def inputs(**changes: Any) -> dict[str, Any]:
    registry = {"server": "s", "username": "AWS", "password": "p"}
    return {"imageName": f"{REPOSITORY}:v1", "registry": registry, "skipPush": False, "buildOnPreview": False, **changes}


def checked(image: Image, **changes: Any) -> dict[str, Any]:
    return image.check(operation(), {}, inputs(**changes))


CHANGES = {
    "contents": lambda folder: (folder / "model.sql").write_text("select 2"),
    "a new file": lambda folder: (folder / "new.sql").touch(),
    "a name": lambda folder: (folder / "model.sql").rename(folder / "other.sql"),
    "permissions": lambda folder: (folder / "model.sql").chmod(0o755),
    "a link's target": lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("elsewhere")),
    "the Dockerfile": lambda folder: (folder / "Dockerfile").write_text("FROM other"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_in_the_image_changes_the_digest(what, folder):
    """A change that does not reach production."""
    (folder / "link").symlink_to("model.sql")
    before = digest(folder, folder / "Dockerfile")

    CHANGES[what](folder)

    assert digest(folder, folder / "Dockerfile") != before


OTHERS = {
    "times": lambda folder: os.utime(folder / "model.sql", (1, 1)),
    "an ignored file": lambda folder: (folder / "dbt.log").touch(),
    "an ignored folder": lambda folder: ((folder / "target").mkdir(), (folder / "target" / "manifest.json").touch()),
    "an empty folder": lambda folder: (folder / "empty").mkdir(),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_not_in_the_image_does_not(what, folder):
    """A new image, and new task definitions, of every deployment."""
    (folder / ".dockerignore").write_text("# dbt\n\n**/*.log\n target \n!keep.log\n")
    before = digest(folder, folder / "Dockerfile")

    OTHERS[what](folder)

    assert digest(folder, folder / "Dockerfile") == before


def test_exceptions_of_dockerignore_count(folder):
    (folder / ".dockerignore").write_text("*\n!keep")
    before = digest(folder, folder / "Dockerfile")

    (folder / "keep").touch()

    assert digest(folder, folder / "Dockerfile") != before


def test_a_dockerfile_outside_the_context_counts(folder):
    context = folder / "context"
    context.mkdir()
    before = digest(context, folder / "Dockerfile")

    (folder / "Dockerfile").write_text("FROM other")

    assert digest(context, folder / "Dockerfile") != before


def test_the_digest_does_not_depend_on_where_the_folder_is(folder, tmp_path_factory):
    """Two people, or a pipeline, would undo each other's deployments."""
    other = tmp_path_factory.mktemp("other")
    for name in ("Dockerfile", "model.sql"):
        (other / name).write_text((folder / name).read_text())

    assert digest(other, other / "Dockerfile") == digest(folder, folder / "Dockerfile")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("dbt", ("", "dbt", "latest")),
        ("team/dbt:v1", ("", "team/dbt", "v1")),
        ("localhost/dbt", ("localhost", "dbt", "latest")),
        ("localhost:5000/a/b:v1", ("localhost:5000", "a/b", "v1")),
        (f"{REPOSITORY}:sales-1.2_3", ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "dbt", "sales-1.2_3")),
    ],
)
def test_names_are_read_as_docker_reads_them(name, parts):
    reference = Reference.parse(name)

    assert (reference.host, reference.repository, reference.tag) == parts
    assert str(reference) in (name, f"{name}:latest")


@pytest.mark.parametrize(
    "name", ["", "Upper/case", "dbt:", "dbt:a b", f"{REPOSITORY}@{DIGEST}", "https://registry.example.com/dbt"]
)
def test_other_names_are_refused(name, image, folder):
    """Docker would refuse them after the build."""
    with pytest.raises(InvalidInputs) as error:
        checked(image, imageName=name)

    assert repr(name) in error.value.failures["imageName"]


@pytest.mark.parametrize("endpoint", ["", "https://ecr.eu-west-1.amazonaws.com", "http://10.0.0.1:4566"])
def test_the_sandbox_never_pushes_to_a_real_registry(endpoint, image, folder, monkeypatch):
    """A test would move a tag that production uses."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    with pytest.raises(InvalidInputs, match="only to this machine"):
        checked(image)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"imageNames": []}, "imageNames", "there is no such property"),
        ({"build": {"contxt": "."}}, "build.contxt", "context"),
        ({"build": {"cacheFrom": {}}}, "build.cacheFrom", "does not model"),
        ({"registry": {"token": ""}}, "registry.token", "there is no such property"),
        ({"build": {"context": "nowhere"}}, "build.context", "nowhere"),
        ({"build": {"dockerfile": "nowhere"}}, "build.dockerfile", "nowhere"),
        ({"build": {"args": {"A": 1}}}, "build.args.A", "a text, not 1"),
        ({"imageName": "dbt:v1"}, "imageName", "docker.io/dbt"),
    ],
)
def test_wrong_inputs_are_refused_by_name(changes, path, reason, image):
    """A mistyped property that is ignored looks as if it worked."""
    with pytest.raises(InvalidInputs) as error:
        checked(image, **changes)

    assert list(error.value.failures) == [path]
    assert reason in error.value.failures[path]


def test_a_dockerfile_given_from_its_context_gets_a_hint(image, folder):
    """The official provider's most frequent question."""
    (folder / "image").mkdir()
    (folder / "image" / "Dockerfile.dbt").touch()

    with pytest.raises(InvalidInputs, match=r"'image/Dockerfile\.dbt'"):
        checked(image, build={"context": "image", "dockerfile": "Dockerfile.dbt"})


def test_the_defaults_are_the_official_ones(image, folder):
    build = checked(image)["build"]

    assert (build["context"], build["dockerfile"]) == (".", "Dockerfile")
    assert build["contextDigest"] == digest(folder, folder / "Dockerfile")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "unknown", [{"imageName": UNKNOWN}, {"registry": UNKNOWN}, {"build": UNKNOWN}, {"build": {"context": UNKNOWN}}]
)
def test_a_first_preview_does_not_know_everything(unknown, image, daemon):
    """The repository's address is known only after it was created."""
    known = checked(image, **unknown)

    _, outputs = image.create(operation(preview=True), known)

    assert outputs["repoDigest"] == UNKNOWN
    assert not daemon.asked


@pytest.mark.usefixtures("folder")
def test_only_what_is_built_or_named_makes_a_difference(image):
    old = checked(image)

    def difference(**changes: Any) -> list[str]:
        return list(image.diff(operation(), "id", old, {}, checked(image, **changes)).changed)

    assert difference() == []
    assert difference(registry={"server": "s", "username": "AWS", "password": "new"}) == []
    assert difference(registry={"server": "other"}) == ["registry"]
    assert difference(build={"args": {"A": "1"}}) == ["build"]
    assert difference(imageName=f"{REPOSITORY}:v2") == ["imageName"]


@pytest.mark.usefixtures("folder")
def test_the_push_goes_to_the_emulator_and_the_digest_names_ecr(image, daemon):
    """ECS pulls by the name that AWS knows."""
    image_id, outputs = image.create(operation(), checked(image))

    assert daemon.asked[1:] == [
        ("tag", (f"{REPOSITORY}:v1", "127.0.0.1:4566/dbt:v1")),
        ("push", ("127.0.0.1:4566/dbt:v1", {"username": "AWS", "password": "p"})),
        ("remove", "127.0.0.1:4566/dbt:v1"),
    ]
    assert outputs["repoDigest"] == f"{REPOSITORY}@{DIGEST}"
    assert (image_id, outputs["imageName"], outputs["registryServer"]) == (f"{REPOSITORY}:v1", f"{REPOSITORY}:v1", "s")


@pytest.mark.usefixtures("folder")
def test_the_credentials_are_no_output(image):
    """Outputs are not secret, as their inputs were."""
    _, outputs = image.create(operation(), checked(image, registry={"server": "s", "username": "u", "password": "hunter2"}))

    assert "hunter2" not in str(outputs)


@pytest.mark.usefixtures("folder")
def test_a_failed_push_says_why_and_leaves_no_other_name(image, daemon):
    daemon.push_events = [{"error": "denied: no such repository"}]

    with pytest.raises(ProviderError, match="dbt:v1 failed: denied: no such repository"):
        image.create(operation(), checked(image))

    assert daemon.verbs()[-1] == "remove"


@pytest.mark.usefixtures("folder")
def test_a_push_without_a_digest_is_an_error(image, daemon):
    """A made-up digest would be found out only when a task starts."""
    daemon.push_events = [{"status": "Pushed"}]

    with pytest.raises(ProviderError, match="without a digest"):
        image.create(operation(), checked(image))


@pytest.mark.usefixtures("folder")
def test_a_failed_build_shows_the_step_and_only_the_end_of_the_output(image, daemon):
    noise = [{"stream": f"line {number}\n"} for number in range(100)]
    step = {"stream": "Step 2/3 : RUN dbt deps\n"}
    daemon.build_events = [{"stream": "Step 1/3 : FROM base\n"}, step, *noise, {"error": "returned a non-zero code: 2"}]

    with pytest.raises(ProviderError) as error:
        image.create(operation(), checked(image))

    text = str(error.value)
    assert "failed at Step 2/3 : RUN dbt deps\nreturned a non-zero code: 2" in text
    assert "line 99" in text
    assert "line 69" not in text


@pytest.mark.usefixtures("folder")
def test_a_refused_build_is_an_error_for_people(image, daemon, monkeypatch):
    def refuse(**_: Any) -> None:
        raise APIError("invalid reference format")

    monkeypatch.setattr(daemon, "build", refuse)

    with pytest.raises(ProviderError, match="invalid reference format"):
        image.create(operation(), checked(image))


@pytest.mark.usefixtures("folder")
def test_a_build_reaches_the_package_index_unless_the_program_says_otherwise(image, daemon):
    """From Docker's bridge a proxy on this machine is out of reach."""
    image.create(operation(), checked(image, skipPush=True))
    image.create(operation(), checked(image, skipPush=True, build={"network": "none"}))

    assert [options["network_mode"] for verb, options in daemon.asked if verb == "build"] == ["host", "none"]


@pytest.mark.usefixtures("folder")
def test_the_steps_of_a_build_are_shown(image):
    """Minutes without a sign of life."""
    shown: list[str] = []

    image.create(operation(status=shown.append), checked(image))

    assert shown == ["Step 1/1 : FROM scratch", "pushing 127.0.0.1:4566/dbt:v1"]


@pytest.mark.usefixtures("folder")
def test_a_preview_builds_only_on_request_and_never_pushes(image, daemon):
    image.create(operation(preview=True), checked(image))
    assert daemon.verbs() == []

    image.update(operation(preview=True), "id", {}, {}, checked(image, buildOnPreview=True))
    assert daemon.verbs() == ["build"]


@pytest.mark.usefixtures("folder")
def test_without_push_the_digest_is_the_local_id(image, daemon):
    _, outputs = image.create(operation(), checked(image, skipPush=True))

    assert outputs["repoDigest"] == "sha256:local"
    assert daemon.verbs() == ["build"]


def test_the_address_of_a_silent_daemon_is_named(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    with pytest.raises(ProviderError, match=r"unix:///nowhere\.sock(.|\n)*Start it"):
        connect()
    with pytest.raises(ProviderError, match=r"unix:///configured\.sock"):
        connect("unix:///configured.sock")


def test_configuration_that_is_not_modelled_is_refused():
    """A certificate that is ignored would connect without it."""
    with pytest.raises(ProviderError, match="docker:certPath"):
        DockerProvider().configure({"certPath": "/certs"})

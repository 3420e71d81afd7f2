"""The base image: which one is taken, and that a failure leaves nothing behind."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from sandbox.base import ensure_base, image
from sandbox.errors import SandboxError


class Docker:
    """Stands for Docker: the names of its images, and whether a pull works."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.pull_fails = False
        self.images = self.api = self

    def get(self, name: str) -> None:
        if name not in self.names:
            raise ImageNotFound(name)

    def pull(self, name: str) -> None:
        if self.pull_fails:
            raise APIError("toomanyrequests", explanation="rate limit")
        self.names.add(name)

    def import_image(self, source: str, repository: str, tag: str, changes: list[str]) -> None:
        assert Path(source).read_text() == "files"
        self.names.add(f"{repository}:{tag}")
        self.changes = changes


@pytest.fixture
def docker(monkeypatch) -> Docker:
    fake = Docker()
    monkeypatch.setattr(image.docker, "from_env", lambda: fake)
    return fake


@pytest.fixture
def debian(monkeypatch, tmp_path) -> list[list[str]]:
    """Stands for mmdebstrap: the arguments of its runs. The host's certificates are a file in tmp_path."""
    runs: list[list[str]] = []

    def run(command: list[Any], **_: Any) -> subprocess.CompletedProcess[str]:
        runs.append([str(word) for word in command])
        Path(command[-1]).write_text("files")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(image.subprocess, "run", run)
    monkeypatch.setattr(image, "ensure_program", lambda program, *_: program)
    monkeypatch.setattr(image, "reachable", lambda _: False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificates"))
    (tmp_path / "certificates").write_text("company's authority")
    return runs


def no_report(_: str) -> None:
    pass


def test_an_official_image_that_is_there_is_taken_without_asking_the_network(docker, debian, tmp_path, monkeypatch):
    docker.names.add("python:3.12-slim")
    monkeypatch.setattr(image, "reachable", lambda _: pytest.fail("asked the network"))

    assert ensure_base(tmp_path, no_report) == "python:3.12-slim"


def test_the_official_image_is_pulled_where_docker_hub_answers(docker, debian, tmp_path, monkeypatch):
    monkeypatch.setattr(image, "reachable", lambda _: True)

    assert ensure_base(tmp_path, no_report) == "python:3.12-slim"
    assert not debian


def test_a_failed_pull_is_said_and_debian_is_made(docker, debian, tmp_path, monkeypatch):
    """Docker Hub's rate limit would end the set-up."""
    docker.pull_fails = True
    monkeypatch.setattr(image, "reachable", lambda _: True)
    said: list[str] = []

    tag = ensure_base(tmp_path, said.append)

    assert tag.startswith("dbt-platform/base:")
    assert any("rate limit" in line for line in said)


def test_debian_is_made_once(docker, debian, tmp_path):
    first = ensure_base(tmp_path, no_report)

    assert ensure_base(tmp_path, no_report) == first
    assert len(debian) == 1


def test_other_certificates_make_another_image(docker, debian, tmp_path):
    """With the old ones, no package index could be reached any more."""
    first = ensure_base(tmp_path, no_report)

    (tmp_path / "certificates").write_text("company's new authority")

    assert ensure_base(tmp_path, no_report) != first


def test_everything_knows_that_the_image_is_the_sandboxs(docker, debian, tmp_path):
    """`make clean` could not tell it from the user's own images."""
    ensure_base(tmp_path, no_report)

    assert "LABEL dbt-platform.sandbox=base" in docker.changes


def test_a_failure_leaves_nothing_and_says_what_to_do(docker, debian, tmp_path, monkeypatch):
    """Half a file system under the right name would fail in every later build."""

    def fail(command: list[Any], **_: Any) -> subprocess.CompletedProcess[str]:
        Path(command[-1]).write_text("half of it")
        return subprocess.CompletedProcess(command, 1, stderr="E: no mirror")

    monkeypatch.setattr(image.subprocess, "run", fail)
    cache = tmp_path / "cache"

    with pytest.raises(SandboxError, match="no mirror") as error:
        ensure_base(cache, no_report)

    assert error.value.fix
    assert not docker.names
    assert not list(cache.iterdir())


def test_missing_certificates_are_named(docker, debian, tmp_path):
    (tmp_path / "certificates").unlink()

    with pytest.raises(SandboxError, match=str(tmp_path / "certificates")):
        ensure_base(tmp_path, no_report)

"""What a sandbox leaves in Docker goes, whoever else removes it at the same time."""

import pytest
from docker.errors import APIError

from sandbox import docker_leftovers
from sandbox.docker_leftovers import Removal, remove_leftovers
from sandbox.errors import SandboxError


class Daemon:
    """Docker while another process removes the only container: to remove it is a conflict at first, and its volume is in use."""

    def __init__(self, conflicts: int) -> None:
        self.conflicts = conflicts
        self.things: dict[str, Removal] = {"container dbt": self._remove_container, "volume data": self._remove_volume}

    def labelled(self, _label: str) -> dict[str, Removal]:
        return dict(self.things)

    def _remove_container(self) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise APIError("removal of container dbt is already in progress")
        del self.things["container dbt"]

    def _remove_volume(self) -> None:
        if len(self.things) > 1:
            raise APIError("remove data: volume is in use")
        del self.things["volume data"]


def test_what_another_process_removes_at_the_same_time_is_waited_for(monkeypatch):
    daemon = Daemon(conflicts=2)
    monkeypatch.setattr(docker_leftovers, "labelled", daemon.labelled)

    assert remove_leftovers("label") == ["container dbt", "volume data"]

    assert not daemon.things


def test_what_docker_keeps_is_named(monkeypatch):
    monkeypatch.setattr(docker_leftovers, "labelled", Daemon(conflicts=10**6).labelled)
    monkeypatch.setattr(docker_leftovers, "REMOVAL_SECONDS", 0.2)

    with pytest.raises(SandboxError, match="Docker does not remove container dbt, volume data"):
        remove_leftovers("label")

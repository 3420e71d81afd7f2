"""Peak memory of a sandbox: its processes, its containers and the commands that use it."""

import threading

import docker
import psutil
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from sandbox.state import LABEL, State

MEBIBYTE = 1024 * 1024


class PeakMemory:
    """Samples in the background until the `with` block ends; `mebibytes` is the highest sum seen."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.mebibytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        client = docker.from_env()
        while not self._ended.wait(1):
            containers = client.containers.list(filters={"label": f"{LABEL}={self.state.id}"}, ignore_removed=True)
            used = sum(_container_memory(container) for container in containers) + self._process_memory()
            self.mebibytes = max(self.mebibytes, used // MEBIBYTE)

    def _process_memory(self) -> int:
        stand_ins = [process.find() for name, process in self.state.processes.items() if name != "Docker daemon"]
        roots = [psutil.Process(), *filter(None, stand_ins)]
        family = {process.pid: process for root in roots for process in (root, *root.children(recursive=True))}
        return sum(_proportional_set_size(process) for process in family.values())


def _proportional_set_size(process: psutil.Process) -> int:
    """In bytes; shared pages are divided among the processes that map them, so that the sum is honest."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def _container_memory(container: Container) -> int:
    """In bytes, without the page cache that the kernel can drop (what `docker stats` shows)."""
    try:
        stats = container.stats(stream=False, one_shot=True)
    except (APIError, NotFound, ValueError):  # it ended before or while Docker answered
        return 0
    memory = stats["memory_stats"] if isinstance(stats, dict) else {}
    return memory.get("usage", 0) - memory.get("stats", {}).get("inactive_file", 0)

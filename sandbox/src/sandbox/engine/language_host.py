# ruff: noqa: N802, ARG002 - names and signatures are those of the protocol
"""Python language host for a Pulumi CLI that was built without one, on the SDK's own LanguageServer.

The engine starts `python -m sandbox.engine.language_host ... <engine address>` with the interpreter of the project's
environment, reads the port from the first line of output, and asks for the program to be run (up, preview, refresh,
destroy) or for a plugin written in Python (policy packs).
"""

import os
import queue
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.engine.plugin import serve_plugin

Chunk = language_pb2.RunPluginResponse


class Host(LanguageServer):
    """Runs programs in this process and plugins as children.

    Based on a private class, because the SDK has no public one; its version is locked with the project.
    """

    def __init__(self, engine: str) -> None:
        super().__init__(lambda: None)
        self.engine = engine

    def Handshake(self, request: Any, context: Any) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def GetProgramDependencies(self, request: Any, context: Any) -> language_pb2.GetProgramDependenciesResponse:
        return language_pb2.GetProgramDependenciesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[language_pb2.InstallDependenciesResponse]:
        return iter(())  # the environment of this interpreter is complete: uv has made it from the lock

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        folder = request.info.program_directory
        program = str(Path(folder, request.info.entry_point))
        os.chdir(request.pwd or folder)
        if program not in sys.path:
            sys.path.insert(0, program)

        def run() -> None:
            runpy.run_path(program, run_name="__main__")

        self.program = run
        request.args[:] = [self.engine]  # where LanguageServer.Run looks for it
        response = super().Run(request, context)
        return language_pb2.RunResponse(bail=bool(response.error))  # the error is logged already: say it once

    def RunPlugin(self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext) -> Iterator[Chunk]:
        folder = request.info.program_directory
        module = ["-m", "pulumi.policy", request.args[0], folder]
        arguments = module if request.kind == "analyzer" else ["-u", folder, *request.args]
        plugin = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=request.pwd,
            env={**os.environ, **dict(item.split("=", 1) for item in request.env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(plugin.terminate)
        yield from _output(plugin)
        yield Chunk(exitcode=plugin.wait())


def _output(plugin: subprocess.Popen[bytes]) -> Iterator[Chunk]:
    """What the plugin writes, as it comes, until both streams end."""
    chunks: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()

    def pump(stream: IO[bytes] | None, name: str) -> None:
        while stream and (data := os.read(stream.fileno(), 65536)):
            chunks.put(Chunk(stdout=data) if name == "stdout" else Chunk(stderr=data))
        chunks.put(None)

    for stream, name in ((plugin.stdout, "stdout"), (plugin.stderr, "stderr")):
        threading.Thread(target=pump, args=(stream, name), daemon=True).start()
    for _ in range(2):
        yield from iter(chunks.get, None)


def main() -> None:
    """Runs the language host until the engine ends it."""
    host = Host(engine=sys.argv[-1])
    serve_plugin(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()

"""What every plugin process does: serve gRPC on a free port until the engine wants it to end."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent import futures

import grpc

MESSAGE_LIMIT = 400 << 20
"""Bytes; the engine's own limit of a message."""


def serve_plugin(add_service: Callable[[grpc.Server], None], interceptors: Sequence[grpc.ServerInterceptor] = ()) -> None:
    """Runs the plugin. The engine reads the port from the first line of output.

    The engine ends a plugin with SIGINT, in the plugin's own process group, and waits five seconds for it: a plugin
    that ignores the signal makes every `pulumi` command slower by that. One whose engine was killed ends by itself.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(32),
        interceptors=list(interceptors),
        options=[("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)],
    )
    add_service(server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    engine = os.getppid()
    server.start()
    print(port, flush=True)
    while not ended.wait(timeout=1) and os.getppid() == engine:
        pass
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a normal exit would wait for a program that waits for the engine

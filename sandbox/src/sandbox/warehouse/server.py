"""The HTTP server: snowduck's connector routes, patched, on the addresses that were asked for.

Left out on purpose: snowduck's SQL REST API and streaming ingestion, which would answer without a log-in.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import signal
import socket
from collections.abc import Sequence

import uvicorn
from snowduck.server.connector_api import get_connector_api_routes
from snowduck.server.middleware import ErrorHandlingMiddleware, TokenValidationMiddleware
from snowduck.server.shared import shared_connector
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from sandbox.warehouse.access import Access
from sandbox.warehouse.patches import contracts, identity, login, privileges, row_counts, statements, timestamps


async def _health(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def _app(access: Access) -> Starlette:
    for patch in (statements, identity, contracts, timestamps, row_counts):
        patch.apply()
    login.apply(access)
    privileges.apply(access)
    snowflake = Starlette(
        routes=get_connector_api_routes(),
        middleware=[Middleware(TokenValidationMiddleware), Middleware(ErrorHandlingMiddleware)],
    )
    return Starlette(routes=[Route("/health", _health), Mount("/", app=snowflake)])


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what computes first: a thread that DuckDB keeps busy would hold up the end of the process."""
        await statements.cancel(lambda _: True)
        await super().shutdown(sockets)


def serve(addresses: Sequence[str], port: int, *, admin_password: str) -> None:
    """Serve on every address until SIGTERM or SIGINT, then write everything to disk."""
    access = Access(shared_connector._info_schema_manager, admin_password)
    # uvicorn raises the signal again after its clean end; without a handler that would end us before the checkpoint.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    sockets = [socket.create_server((address, port)) for address in addresses]
    config = uvicorn.Config(_app(access), log_level="warning", timeout_graceful_shutdown=2)
    _Server(config).run(sockets=sockets)
    shared_connector.close()

"""The real Pulumi engine, for the sandbox."""

from sandbox.engine.cli import ensure_cli
from sandbox.engine.home import prepare_home

__all__ = ["ensure_cli", "prepare_home"]

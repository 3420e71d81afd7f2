"""The base image of everything that the sandbox builds."""

from sandbox.base.image import ensure_base

__all__ = ["ensure_base"]

"""The AWS emulator: MiniStack in an environment of its own, mended where it differs from AWS."""

from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
"""Started by path with the Python of the environment that holds `REQUIREMENTS`."""

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""Locked with hashes; MiniStack pins a botocore that nothing else here can use."""

"""What the emulator's process was told by `sandbox.emulator.process`."""

import os

SANDBOX_ID = os.environ["SANDBOX_ID"]
PORT = int(os.environ["GATEWAY_PORT"])
BIND = os.environ["EMULATOR_BIND"].split(",")
REGISTRY = f"127.0.0.1:{PORT}"
"""Where the Docker daemon finds the emulator's ECR; by number, because Docker pulls without TLS only from loopback."""

LABELS = {"dbt-platform.sandbox": SANDBOX_ID}
"""On all that the emulator makes in Docker, so that it can be found and removed after a crash."""

LABEL = f"dbt-platform.sandbox={SANDBOX_ID}"
"""The same, as a filter."""

HOST = "host.docker.internal"
"""This machine, seen from a container."""

ENDPOINT = f"http://{HOST}:{PORT}"
"""This emulator, seen from a container."""

EXTRA_HOSTS = {HOST: "host-gateway"}
"""Makes `HOST` resolve in a container."""

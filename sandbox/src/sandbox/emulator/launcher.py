"""Runs MiniStack with the patches of `sandbox.emulator.patches`, on the addresses it was told.

Start it by path with the Python of its own environment and the variables that `sandbox.emulator.process` sets.
"""
# pyright: reportMissingImports=false
# (MiniStack and hypercorn live in the emulator's own environment.)

import asyncio
import functools
import importlib
import signal
import sys

import boto3
import docker
from docker.errors import DockerException
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from sandbox.docker_leftovers import remove_images, remove_leftovers
from sandbox.emulator.console import Console
from sandbox.emulator.faults import Faults
from sandbox.emulator.settings import BIND, LABEL, PORT, REGISTRY

PATCHES = (
    "api_limits",
    "chatbot",
    "cloudwatch_alarms",
    "docker_ownership",
    "ec2_dependencies",
    "ec2_flow_logs",
    "ec2_nat_gateways",
    "ec2_prefix_lists",
    "ec2_vpc_endpoints",
    "ecr_describe_images",
    "ecr_layers",
    "ecr_registry",
    "ecs_events",
    "ecs_stop",
    "ecs_tags",
    "ecs_tasks",
    "ecs_validation",
    "in_use",
    "iam_budgets",
    "iam_condition_keys",
    "iam_kms",
    "iam_oidc_providers",
    "iam_pass_role",
    "iam_resources",
    "iam_roles",
    "iam_service_linked",
    "iam_tags",
    "iam_web_identity",
    "logs_kms",
    "mwaa_environment",
    "mwaa_rest",
    "mwaa_tags",
    "s3_request_payment",
    "s3_versions",
    "secretsmanager_versions",
    "sns_pending",
    "sns_publishers",
)
"""In the order in which they are put in place. Where several wrap the same function the last is asked first: who may call comes
before what the call says, so `iam_pass_role` is below `ecs_validation` and `ecs_tags`, and `iam_roles` below `iam_resources`.
"""


def main() -> None:
    """Serves until SIGTERM or SIGINT, then removes what it made in Docker."""
    try:
        docker.from_env(timeout=60).ping()
    except DockerException as error:
        sys.exit(f"Docker does not answer, and tasks and Airflow run in it: {error}")
    for name in PATCHES:
        importlib.import_module(f"sandbox.emulator.patches.{name}")
    print("patched:", ", ".join(PATCHES))
    try:
        asyncio.run(_serve())
    finally:
        remove_leftovers(LABEL)
        remove_images(f"{REGISTRY}/")  # what was pulled from here


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"{address}:{PORT}" for address in BIND]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    client = functools.partial(boto3.client, endpoint_url=f"http://127.0.0.1:{PORT}")
    await serve(Console(Faults(app), client), config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    main()

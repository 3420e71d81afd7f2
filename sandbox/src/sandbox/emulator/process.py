"""Starts the emulator as a process of its own."""

import os
from pathlib import Path

from sandbox import processes
from sandbox.emulator import LAUNCHER
from sandbox.network import answers
from sandbox.paths import SOURCE
from sandbox.state import Process


def start(
    python: Path,
    log: Path,
    *,
    sandbox_id: str,
    account: str,
    region: str,
    port: int,
    bind: tuple[str, ...],
    airflow_image: str,
    secret_key: str,
    launcher: Path = LAUNCHER,
    begun: processes.Begun = lambda _: None,
) -> Process:
    """Starts it and waits until it serves.

    Args:
        python: Interpreter of the environment that holds `sandbox.emulator.REQUIREMENTS`.
        sandbox_id: Value of the label `dbt-platform.sandbox` on every container and volume that it makes.
        account: Twelve digits; also the access key of the account's root user.
        bind: Addresses to listen on: loopback first, then the address at which containers reach the host.
        airflow_image: What an MWAA environment runs.
        secret_key: Secret access key of the root user.
        launcher: What starts it.
        begun: Is told of the process before it begins.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
    environment = {
        **inherited,
        "PYTHONPATH": str(SOURCE),
        "PYTHONUNBUFFERED": "1",
        "SANDBOX_ID": sandbox_id,
        "EMULATOR_BIND": ",".join(bind),
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "MINISTACK_DOCKER_TIMEOUT": "60",
        "MWAA_AIRFLOW_IMAGE": airflow_image,
        # Listeners of services that nothing here uses.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    health = f"http://127.0.0.1:{port}/_ministack/health"
    return processes.start("AWS emulator", [python, launcher], environment, log, ready=lambda: answers(health), begun=begun)

"""The AWS emulator: MiniStack in an environment of its own, mended where it differs from AWS."""

import os
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
"""Started by path with the Python of the environment that holds `REQUIREMENTS`."""

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""Locked with hashes; MiniStack pins a botocore that nothing else here can use."""

_REPOSITORY = Path(__file__).resolve().parent.parent.parent


def environment(
    *, sandbox_id: str, account: str, region: str, port: int, bind: tuple[str, ...], airflow_image: str, secret_key: str
) -> dict[str, str]:
    """The whole environment of the emulator's process.

    Args:
        sandbox_id: Value of the label `dbt-platform.sandbox` on every container and volume that it makes.
        account: Twelve digits; also the access key of the account's root user.
        bind: Addresses to listen on: loopback first, then the address at which containers reach the host.
        airflow_image: What an MWAA environment runs.
        secret_key: Secret access key of the root user.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_"))}
    return {
        **inherited,
        "PYTHONPATH": str(_REPOSITORY),
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


def health_url(port: int) -> str:
    """Answers 200 when the emulator serves."""
    return f"http://127.0.0.1:{port}/_ministack/health"

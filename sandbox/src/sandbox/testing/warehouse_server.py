"""A warehouse for tests: started on a free port, set up for dbt, ended with the test module."""

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import snowflake.connector
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector import SnowflakeConnection

from sandbox import warehouse
from sandbox.network import answers, free_port, wait_until
from sandbox.virtualenvs import ensure_virtualenv

PASSWORD = "admin-password"
ACCOUNT = "sandbox-account"
NAMES = {"user": "DBT", "role": "TRANSFORMER", "database": "ANALYTICS", "warehouse": "TRANSFORMING"}

_ROWS = "table(generator(rowcount => 10000000))"
HUGE = f"select count(*) as x from {_ROWS} as a cross join {_ROWS} as b"
"""Centuries of computing."""


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def der(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public(key: rsa.RSAPrivateKey) -> str:
    """As ALTER USER takes it."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def rows(session: SnowflakeConnection, sql: str) -> list[Any]:
    """What a statement returns."""
    cursor = session.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running warehouse; `key` is registered for its user DBT."""

    process: subprocess.Popen[bytes]
    port: int
    database: Path
    key: rsa.RSAPrivateKey

    def connect(self, key: rsa.RSAPrivateKey | None = None, **options: Any) -> SnowflakeConnection:
        """Logged in as dbt does, with a key pair, unless the options say otherwise."""
        defaults: dict[str, Any] = {"account": ACCOUNT, "host": "127.0.0.1", "port": self.port, "protocol": "http"}
        if "password" not in options:
            defaults |= {**NAMES, "private_key": der(key or self.key)}
        return snowflake.connector.connect(**(defaults | options))

    def admin(self) -> SnowflakeConnection:
        return self.connect(user=warehouse.ADMIN, password=PASSWORD)

    def run(self, sql: str) -> list[Any]:
        """Rows of a statement, as the administrator."""
        with self.admin() as session:
            return rows(session, sql)

    def computes(self) -> bool:
        """Whether it begins to compute: what was sent has arrived, and uses the processor."""
        process = psutil.Process(self.process.pid)
        before = process.cpu_times().user
        return wait_until(lambda: process.cpu_times().user > before + 2, 60)


def start(port: int, database: Path, bind: tuple[str, ...] = ("127.0.0.1",)) -> subprocess.Popen[bytes]:
    """The process of a warehouse that answers."""
    python = ensure_virtualenv("warehouse", warehouse.REQUIREMENTS, print)
    environment = os.environ | warehouse.environment(bind=bind, admin_password=PASSWORD)
    with database.with_suffix(".log").open("ab") as log:
        command = [str(python), str(warehouse.LAUNCHER), str(port), str(database)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    ready = wait_until(lambda: process.poll() is not None or answers(warehouse.health_url("127.0.0.1", port)), 180)
    assert ready, database.with_suffix(".log").read_text()
    assert process.poll() is None, database.with_suffix(".log").read_text()
    return process


@contextmanager
def running(folder: Path, bind: tuple[str, ...] = ("127.0.0.1",)) -> Iterator[Server]:
    """A warehouse in `folder`, set up for dbt."""
    port, database, key = free_port(*bind), folder / "warehouse.duckdb", new_key()
    server = Server(process=start(port, database, bind), port=port, database=database, key=key)
    try:
        for sql in warehouse.setup_statements(**NAMES):
            server.run(sql)
        server.run(f"alter user DBT set rsa_public_key = '{public(key)}'")
        yield server
    finally:
        server.process.terminate()
        server.process.wait(10)

"""The base image, really made and built on."""

import io
import time

import docker

from sandbox.base import ensure_base
from sandbox.paths import CACHE

DOCKERFILE = r"""
FROM {base}
RUN echo 'idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3' > requirements.txt
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
RUN /venv/bin/pip install --no-cache-dir uv && /venv/bin/uv pip install --no-cache --reinstall --python /venv -r requirements.txt
RUN useradd --uid 50000 dbt
USER dbt
RUN TZ=Europe/Amsterdam /venv/bin/python -c "import idna, ssl, sqlite3, time; assert time.tzname == ('CET', 'CEST')"
"""


def test_packages_can_be_installed_on_it():
    """Every image of the sandbox is built on it: without certificates, time zones or venv none could be."""
    client = docker.from_env()
    dockerfile = io.BytesIO(DOCKERFILE.format(base=ensure_base(CACHE, print)).encode())

    image, _ = client.images.build(fileobj=dockerfile, network_mode="host", rm=True, forcerm=True)

    client.images.remove(image.id, force=True)


def test_a_second_call_costs_nothing():
    """It is made at every start."""
    ensure_base(CACHE, print)
    start = time.monotonic()

    ensure_base(CACHE, print)

    assert time.monotonic() - start < 5

"""What `make` gives to everything that it starts."""

import os
import subprocess

from settings.project import REPOSITORY


def test_python_keeps_its_bytecode():
    """Images of Python switch that off: each start of dbt, of the program and of its plugins would take twice as long."""
    done = subprocess.run(
        ["make", "--no-print-directory", "--eval", "told: ; @env", "told"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert "UV" in names
    assert "PYTHONDONTWRITEBYTECODE" not in names

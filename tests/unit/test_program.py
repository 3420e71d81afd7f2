"""The whole program under mocks, with each stack file that is committed."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import config

from components.base import REPOSITORY
from tests.unit.conftest import Stack

STACKS = ["dev", "prod", "sandbox"]


def configuration(name: str) -> dict[str, str]:
    """A stack file's values as Pulumi hands them to a program."""
    values: dict[str, Any] = yaml.safe_load((REPOSITORY / f"Pulumi.{name}.yaml").read_text())["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def run_program(stack: Stack, name: str) -> Stack:
    config.set_all_config(configuration(name))
    runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")
    return stack


@pytest.mark.parametrize("name", STACKS)
def test_every_committed_stack_file_deploys(stack: Stack, name: str):
    """Someone who copies a stack file starts from something that works."""
    run_program(stack, name)

    assert stack.only("aws:mwaa/environment:Environment")

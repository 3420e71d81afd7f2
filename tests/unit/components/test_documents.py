"""Documents with values that only AWS knows."""

import json

import pulumi
import pytest

from components.documents import as_json
from tests.unit.recorder import Stack


def test_a_document_reads_as_before(stack: Stack):
    """Other spaces in a policy would show a change of every role, and in a container's definition a new revision of all."""
    arn = pulumi.Output.from_input("arn:1")
    value = {"a": [arn, "é", 1, None], "b": {"c": pulumi.Output.concat(arn, ":*"), "d": arn.apply(lambda known: [known])}}

    for indent in (None, 2):
        plain = stack.value(pulumi.Output.json_dumps(value, indent=indent))
        assert stack.value(as_json(value, indent=indent)) == plain
    assert json.loads(stack.value(as_json(value)))["b"] == {"c": "arn:1:*", "d": ["arn:1"]}


def test_a_secret_keeps_its_document_secret(stack: Stack):
    """In the state it would be readable to whoever may read that."""
    document = as_json({"key": pulumi.Output.secret("hunter2")})

    assert stack.value(document.is_secret())


def test_what_is_no_json_is_refused_where_it_is_written():
    """An object's address in a policy would be found out by AWS, or by nobody."""
    with pytest.raises(TypeError, match="object is neither JSON nor an output"):
        as_json({"key": object()})

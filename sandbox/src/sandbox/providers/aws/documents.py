"""What is the same of JSON documents in properties."""

import json
from typing import Any

from sandbox.providers.aws.shapes import unordered


def same_document(text: Any) -> Any:
    """Form of a policy: layout, order in lists, and a list of one mean nothing to IAM, nor to ECR, whose rules are numbered."""
    if not isinstance(text, str):
        return text
    try:
        return _plain(json.loads(text))
    except ValueError:
        return text


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case [single]:
            return _plain(single)
        case list():
            return unordered([_plain(item) for item in value])
    return value

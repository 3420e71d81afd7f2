"""A list goes on with the token that the page before it gave, and with no other.

The API references of the services: their word for a token that is none. MiniStack takes any, or fails.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.emulator import calls
from sandbox.emulator.limits.problems import Parameters, Problem

REFUSED: dict[str, Problem] = {
    "ecr": ("InvalidParameterException", "Invalid parameter at 'nextToken'"),
    "ecs": ("InvalidParameterException", "Invalid token."),
    "events": ("ValidationException", "NextToken is invalid."),
    "logs": ("InvalidParameterException", "The specified nextToken is invalid."),
    "mwaa": ("ValidationException", "NextToken is invalid."),
    "s3": ("InvalidArgument", "The continuation token provided is incorrect"),
    "secretsmanager": ("InvalidNextTokenException", "The NextToken value is invalid."),
    "sns": ("InvalidParameter", "Invalid parameter: NextToken"),
}
"""Service -> AWS's word for a token that it did not give."""

PARAMETERS = ("nextToken", "NextToken", "ContinuationToken")

GIVEN = re.compile(
    r'"(?:nextToken|NextToken|nextForwardToken|nextBackwardToken)": ?"([^"]+)"|<Next(?:Continuation)?Token>([^<]+)</Next'
)


@dataclass
class Pages:
    """The tokens that were given."""

    held: set[str] = field(default_factory=set)

    def problem(self, service: str, call: Parameters) -> Problem | None:
        """Why a call is refused for its token."""
        token = next((call[name] for name in PARAMETERS if call.get(name)), None)
        return REFUSED.get(service) if token and token not in self.held else None

    def keep(self, service: str, operation: str, answer: bytes | str) -> None:
        """The tokens in the answer of a call that lists."""
        shape: Any = calls.model(service).operation_model(operation).input_shape if service in REFUSED else None
        if shape and set(PARAMETERS).intersection(shape.members):
            text = answer if isinstance(answer, str) else answer.decode()
            self.held.update(html.unescape(one or other) for one, other in GIVEN.findall(text))

"""A call with a token comes again without an effect: clients repeat one whose answer was lost.

ECS API Reference, "Ensuring idempotency"; EC2 Developer Guide, "Ensuring idempotency in Amazon EC2 API requests". Which
parameter is the token botocore says, and its clients make one up for each call. Secrets Manager's tokens are ids of versions
(`patches/secretsmanager_versions.py`). MiniStack makes a second task, or gateway.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from sandbox.emulator import calls
from sandbox.emulator.limits.problems import Parameters, Problem

MISMATCH = {
    "ec2": ("IdempotentParameterMismatch", "Request uses the same client token as a previous, but non-identical request."),
    "ecs": ("ConflictException", "The request used a client token that was used already, with other parameters."),
}
"""Services whose tokens are kept, and what they say of one that comes with something else."""


@dataclass
class Tokens:
    """Answers by token."""

    held: dict[Hashable, tuple[Parameters, Any]] = field(default_factory=dict)

    def answer(self, where: Hashable, service: str, operation: str, parameters: Parameters) -> Any:
        """What a call with this token was answered; None when it is new, or has no token.

        Args:
            where: Account and region.
        """
        return self._before(where, service, operation, parameters)[1]

    def mismatch(self, where: Hashable, service: str, operation: str, parameters: Parameters) -> Problem | None:
        """Why a call with a token that was used already is refused."""
        before, answer = self._before(where, service, operation, parameters)
        return MISMATCH[service] if answer is not None and before != parameters else None

    def keep(self, where: Hashable, service: str, operation: str, parameters: Parameters, answer: Any) -> None:
        """The answer of a call that had its effect."""
        token = _token(service, operation, parameters)
        if token is not None:
            self.held[where, service, operation, token] = (parameters, answer)

    def _before(self, where: Hashable, service: str, operation: str, parameters: Parameters) -> tuple[Parameters, Any]:
        return self.held.get((where, service, operation, _token(service, operation, parameters)), ({}, None))


def _token(service: str, operation: str, parameters: Parameters) -> str | None:
    shape: Any = calls.model(service).operation_model(operation).input_shape if service in MISMATCH else None
    name = next((name for name, member in shape.members.items() if member.metadata.get("idempotencyToken")), "") if shape else ""
    return parameters.get(name) or None

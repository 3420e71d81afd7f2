"""Why a run failed: a diagnosis for each thing that went wrong in it."""

import re
from collections.abc import Mapping
from dataclasses import replace

from runner.causes import BY_ID, Diagnosis, diagnosis
from runner.connection import diagnose_snowflake
from runner.environment import Environment, named
from runner.outcome import ExitCode
from runner.progress import Node, Result

NOT_STORED = "The artifacts could not be stored"
"""How a problem begins that comes on top of whatever else went wrong."""

HOOK = "Hook "
"""How a problem begins that is one of the project's `on-run-start` and `on-run-end`."""

_ENDED = {ExitCode.DEADLINE: "deadline", ExitCode.CANCELLED: "cancelled"}
_FAILED_TESTS = {"test": "test-failed", "unit_test": "unit-test-failed"}
"""Kind of node: cause of the status `fail`, whose message a project may word itself."""


def of_node(environment: Environment, node: Node, result: Result) -> Diagnosis:
    """Why one node failed."""
    if result.status == "fail" and node.kind in _FAILED_TESTS:
        return diagnosis(BY_ID[_FAILED_TESTS[node.kind]], result.message, named(environment))
    return of_text(environment, result.message)


def of_text(environment: Environment, text: str) -> Diagnosis:
    """What a message of dbt, Snowflake, Python or the runner means."""
    return diagnose_snowflake(environment.warehouse, text, names=named(environment))


def of_problem(environment: Environment, text: str) -> Diagnosis:
    """Why something failed outside of the nodes. The causes are written for models; a hook's statement fails like one of theirs."""
    found = of_text(environment, text)
    if not text.startswith(HOOK):
        return found
    why, resolution = (re.sub(r"\b(in|of) the model\b", r"\1 the hook", said) for said in (found.why, found.resolution))
    return replace(found, why=why, resolution=resolution)


def of_run(environment: Environment, code: ExitCode, problem: str, nodes: Mapping[str, Diagnosis]) -> list[Diagnosis]:
    """All reasons, each cause once: how it ended or what failed outside of the nodes, the nodes' own, what could not be stored."""
    if code == ExitCode.SUCCESS:
        return []
    reasons: dict[str, Diagnosis] = {}
    run, *stored = re.split(rf"\n?(?={NOT_STORED})", problem)
    if code in _ENDED:
        reasons[_ENDED[code]] = diagnosis(BY_ID[_ENDED[code]], run, named(environment))
    texts = [run] if run and code not in _ENDED else []
    for found in (
        *(of_problem(environment, text) for text in texts),
        *nodes.values(),
        *(of_text(environment, text) for text in stored),
    ):
        reasons.setdefault(found.cause, found)
    return list(reasons.values()) or [of_text(environment, problem)]

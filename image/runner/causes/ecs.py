"""Why an ECS task was refused, stopped or failed: finds the cause in what AWS answers, and in what the container left."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .model import UNKNOWN, Diagnosis, Place, diagnosis, heard
from .table import BY_ID, diagnose

EXIT_CODES = {
    3: "deadline",
    4: "artifacts",
    125: "container-not-started",
    126: "entry-point",
    127: "entry-point",
    130: "cancelled",
    **dict.fromkeys((131, 132, 133, 134, 135, 136, 139, 159), "crashed"),
    137: "killed",
    143: "cancelled",
}
"""Exit code of the container: cause, if nobody says more (Amazon ECS, "Exit codes"; 3 and 4: the runner's own)."""

OURS = frozenset({1, 2, 4})
"""Exit codes of the runner that say only that it failed; its last block says of what."""

STOP_CODES = {
    "SpotInterruption": "spot-interruption",
    "TerminationNotice": "host-retired",
    "ServiceSchedulerInitiated": "host-retired",
    "InfrastructureHealth": "host-retired",
    "UserInitiated": "stopped",
}
"""Stop code that says more than the container's exit code: cause."""


def diagnose_stopped(
    task: Mapping[str, Any],
    container: str,
    *,
    log: Iterable[str] = (),
    summary: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> Diagnosis | None:
    """Why a stopped task did not succeed; None if it did.

    AWS's own text says most, then a stop from outside, then what the runner left, then the exit code.

    Args:
        task: One entry of DescribeTasks.
        container: Name of the one that runs dbt.
        log: Its last lines.
        summary: `diagnosis` of its `summary.json`, if it left one.
        names: For the commands in the advice.
    """
    inside = next((c for c in task.get("containers", []) if c.get("name") == container), {})
    exit_code = inside.get("exitCode")
    if exit_code == 0:
        return None
    stop_code = task.get("stopCode", "")
    reason = ". ".join(text.rstrip(".") for text in (task.get("stoppedReason"), inside.get("reason")) if text)
    codes = f"stop code {stop_code or 'none'}, exit code {'none' if exit_code is None else exit_code}"
    detail = f"{reason or 'AWS gives no reason'} ({codes})"
    said = diagnose("task", reason, names)
    if said.cause != UNKNOWN.id:
        return _with(said, detail)
    if stop_code in STOP_CODES:
        return diagnosis(BY_ID[STOP_CODES[stop_code]], detail, names)
    if exit_code is None:
        return diagnosis(BY_ID["not-started"], detail, names)
    return _from_inside(exit_code, detail, list(log), summary, names)


def diagnose_refused(code: str, message: str, names: Mapping[str, str] | None = None) -> Diagnosis:
    """Why ECS did not accept a request: code and message of its error, or the reason of its first `failures` entry.

    ECS wraps throttling in InvalidParameterException, so code and message count as one text.
    """
    return diagnose("request", ": ".join(text for text in (code, message) if text), names)


def diagnose_error(error: Exception, names: Mapping[str, str] | None = None) -> Diagnosis:
    """Why AWS could not be asked: an error of botocore's, or of its waiters."""
    response = getattr(error, "response", None)
    answered = response.get("Error") if isinstance(response, Mapping) else None
    if answered:
        return diagnose_refused(answered.get("Code", ""), answered.get("Message", ""), names)
    return diagnose_refused(type(error).__name__, str(error), names)


def _from_inside(
    exit_code: int, detail: str, log: list[str], summary: Mapping[str, Any] | None, names: Mapping[str, str] | None
) -> Diagnosis:
    """What the container itself says: in its summary, in its last block, or in whatever it wrote before it died."""
    told = (summary["cause"], summary["retry"]) if summary else heard(log)
    if told:
        cause, transient = told
        found = diagnosis(BY_ID.get(cause, UNKNOWN), detail, names)
        texts = {name: summary[name] for name in ("summary", "why", "resolution")} if summary else {}
        return _with(found, detail, cause=cause, transient=transient, **texts)
    if exit_code in EXIT_CODES:
        return diagnosis(BY_ID[EXIT_CODES[exit_code]], detail, names)
    places: tuple[Place, Place] = ("run", "task") if exit_code in OURS else ("task", "run")
    for place in places:
        guessed = diagnose(place, "\n".join(log), names)
        if log and guessed.cause != UNKNOWN.id:
            return _with(guessed, detail)
    return _with(diagnosis(UNKNOWN, detail, names), detail, summary=f"The container ended with exit code {exit_code}")


def _with(found: Diagnosis, detail: str, **changes: Any) -> Diagnosis:
    return replace(found, detail=detail, **changes)

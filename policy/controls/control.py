"""What a control is: an id, a title, and a function that finds what is wrong."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pulumi_policy import (
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from .exceptions import is_exempt
from .resource import Resource, Stack

OWN = "dbt-platform"
"""Id of a control that neither Security Hub nor Checkov has."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and what to do about it."""

    resource: Resource
    property: str
    problem: str
    """Reads on from the property: `is true`."""
    fix: str

    def __str__(self) -> str:
        return f"{self.resource.name} ({self.resource.type}): {self.property} {self.problem}. {self.fix}."


ResourceCheck = Callable[[Resource], Iterable[Finding]]
StackCheck = Callable[[Stack], Iterable[Finding]]


def resource_control(
    name: str, severity: Severity, *ids: str, types: Sequence[str]
) -> Callable[[ResourceCheck], ResourceValidationPolicy]:
    """A control of each resource of these types by itself, checked before the resource is made. No types: all resources.

    Its title is the function's docstring. `ids` are those of AWS Foundational Security Best Practices (`ECS.4`) and of
    Checkov (`CKV_AWS_334`), or OWN; severities are Security Hub's, and ours in its sense.
    """

    def policy(check: ResourceCheck) -> ResourceValidationPolicy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if not types or args.resource_type in types:
                _report(name, check(Resource.from_sdk(args)), report)

        return ResourceValidationPolicy(name, _description(check, ids), validate, severity=severity, tags=list(ids))

    return policy


def stack_control(name: str, severity: Severity, *ids: str) -> Callable[[StackCheck], StackValidationPolicy]:
    """A control of how resources belong together, checked when all of them are known; otherwise as `resource_control`."""

    def policy(check: StackCheck) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            _report(name, check(Stack(args.resources)), report)

        return StackValidationPolicy(name, _description(check, ids), validate, severity=severity, tags=list(ids))

    return policy


def _description(check: Callable, ids: Sequence[str]) -> str:
    return f"{(check.__doc__ or '').removesuffix('.')} [{', '.join(ids)}]"


def _report(control: str, findings: Iterable[Finding], report: ReportViolation) -> None:
    for finding in findings:
        if not is_exempt(control, finding.resource):
            report(str(finding), finding.resource.urn)

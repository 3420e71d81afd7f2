"""What texts in a call must be that have a language of their own: policies, patterns, schedules, dashboards."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.grammars import dashboards, lifecycles, policies, schedules, schemas
from sandbox.grammars.documents import misshapen

Check = Callable[[Any], str | None]
"""What is wrong with a text, as `code: words`."""


def _shaped(code: str, schema: schemas.Schema, check: Check) -> Check:
    """A check of a JSON text that has a schema too."""

    def problem(value: Any) -> str | None:
        found = next(misshapen("$", value, schema), None)
        return f"{code}: {': '.join(found)}" if found else check(value)

    return problem


_SESSION = policies.problem_of(replace(policies.IDENTITY, longest=None))
_MANAGED = policies.problem_of(policies.MANAGED)
_TRUST = policies.problem_of(policies.TRUST)
_KEY = policies.problem_of(policies.KEY)
_ENDPOINT = policies.problem_of(policies.ENDPOINT)

DOCUMENTS: dict[tuple[str, str], dict[str, Check]] = {
    ("cloudwatch", "PutDashboard"): {"DashboardBody": _shaped("InvalidParameterInput", schemas.DASHBOARD, dashboards.body)},
    ("ec2", "CreateVpcEndpoint"): {"PolicyDocument": _ENDPOINT},
    ("ec2", "ModifyVpcEndpoint"): {"PolicyDocument": _ENDPOINT},
    ("ecr", "PutLifecyclePolicy"): {
        "lifecyclePolicyText": _shaped("InvalidParameterException", schemas.IMAGE_LIFECYCLE, lifecycles.image_policy)
    },
    ("ecr", "SetRepositoryPolicy"): {"policyText": policies.problem_of(policies.REPOSITORY)},
    ("events", "PutRule"): {"EventPattern": schedules.pattern, "ScheduleExpression": schedules.schedule},
    ("iam", "CreatePolicy"): {"PolicyDocument": _MANAGED},
    ("iam", "CreatePolicyVersion"): {"PolicyDocument": _MANAGED},
    ("iam", "CreateRole"): {"AssumeRolePolicyDocument": _TRUST},
    ("iam", "PutRolePolicy"): {"PolicyDocument": policies.problem_of(policies.IDENTITY)},
    ("iam", "UpdateAssumeRolePolicy"): {"PolicyDocument": _TRUST},
    ("kms", "CreateKey"): {"Policy": _KEY},
    ("kms", "PutKeyPolicy"): {"Policy": _KEY},
    ("s3", "PutBucketPolicy"): {"Policy": policies.problem_of(policies.BUCKET)},
    ("secretsmanager", "PutResourcePolicy"): {"ResourcePolicy": policies.problem_of(policies.SECRET)},
    ("sts", "AssumeRole"): {"Policy": _SESSION},
    ("sts", "AssumeRoleWithWebIdentity"): {"Policy": _SESSION},
}
"""Service and operation -> parameter -> check."""


def problems(service: str, operation: str, call: dict[str, Any]) -> Iterator[str]:
    """Why AWS would refuse the texts of a call, each as `code: words`."""
    for name, check in DOCUMENTS.get((service, operation), {}).items():
        reason = check(call[name]) if call.get(name) else None
        if reason:
            yield reason

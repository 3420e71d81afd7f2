"""The policy pack: what each control finds, what it leaves alone, and what it says about a stack that does not exist yet."""

import pytest

from policy.controls import POLICIES
from settings.project import REPOSITORY
from tests.unit.policy.cases import access, compute, data
from tests.unit.policy.cases.case import Case, in_first_preview, violations

CASES = [*compute.CASES, *data.CASES, *access.CASES]
BY_NAME = {policy.name: policy for policy in POLICIES}

cases = pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.control}" for number, case in enumerate(CASES)])


def test_every_control_has_a_case_and_a_name_of_its_own():
    """A control that nobody has seen fail may never fail."""
    assert {case.control for case in CASES} == set(BY_NAME)
    assert len(BY_NAME) == len(POLICIES)


def table() -> str:
    """All controls, as docs/policy.md lists them."""
    rows = ["| Control | What it asks | Ids | Severity |", "|---|---|---|---|"]
    for policy in POLICIES:
        title = policy.description.partition(" [")[0]
        rows.append(f"| `{policy.name}` | {title} | {', '.join(policy.tags or [])} | {policy.severity and policy.severity.value} |")
    return "\n".join(rows)


def test_the_page_lists_every_control():
    """Somebody who asks what is enforced reads the page, not the code."""
    assert table() in (REPOSITORY / "docs" / "policy.md").read_text(), f"docs/policy.md should have:\n{table()}"


@cases
def test_finds_what_is_wrong(case: Case):
    """The message names resource, property and fix, or the reader would have to search for them."""
    found = violations(BY_NAME[case.control], case.wrong)

    assert any(case.says in message for message in found), found
    assert all(any(message.startswith(f"{fake.name} ({fake.type}): ") for fake in case.wrong) for message in found)


@cases
def test_leaves_alone_what_is_right(case: Case):
    """A false alarm stops a deployment."""
    assert violations(BY_NAME[case.control], case.right) == []


@cases
def test_a_first_preview_raises_no_false_alarm(case: Case):
    """Before the first deployment most values are unknown: an alarm there could never be satisfied."""
    assert violations(BY_NAME[case.control], in_first_preview(case.right)) == []


@cases
def test_unknown_values_of_a_wrong_stack_are_no_error(case: Case):
    """An exception in a policy ends the whole preview with a traceback."""
    violations(BY_NAME[case.control], in_first_preview(case.wrong))

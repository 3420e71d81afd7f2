"""Against what each resource type is checked: `python -m sandbox.testing.witnesses` writes the table into docs/sandbox.md."""

import functools
import json
import re

from sandbox.emulator import call_rules, documents
from sandbox.emulator import limits as call_limits
from sandbox.paths import REPOSITORY
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.refusals import account, cloudformation, limits, references, strangers
from sandbox.providers.aws.table import ResourceType
from sandbox.testing import upstream

PAGE = REPOSITORY / "docs" / "sandbox.md"
BEGIN, END = "<!-- types: begin -->\n", "<!-- types: end -->\n"

HEAD = """\
| Resource type | Properties | of these by AWS's API model | Values limited by AWS's pages | \
Values limited by CloudFormation's schema | Must exist | Rules between properties | Of what is not modelled | \
Asked of the account | Changes compared with AWS's provider | Made by it in |
|---|---|---|---|---|---|---|---|---|---|---|
"""

RECORDED = REPOSITORY / "sandbox" / "tests" / "unit" / "aws_provider_schema.json"
"""What the provider said that pulumi-aws wraps, of how many properties, and where it made what (`tests/witness/changes.py`)."""


def table() -> str:
    """One row a type; numbers of rules, and what they come to."""
    rows = [_cells(kind) for kind in CATALOGUE.values()]
    sums = [sum(int(row[column]) for row in rows) for column in range(1, 8)]
    asked, compared, made = (
        sum(row[8] == "yes" for row in rows),
        sum(int(row[9]) for row in rows),
        sum(row[10] != "-" for row in rows),
    )
    total = ["**all**", *map(str, (*sums, asked, compared, made))]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in (*rows, total)) + f"\n{_words(sum(sums[1:]) + asked)}\n"


def _words(rules: int) -> str:
    texts = [check for checks in documents.DOCUMENTS.values() for check in checks]
    operations = {*call_rules.RULES, *call_limits.LIMITS, *documents.DOCUMENTS}
    calls = sum(len(each) if isinstance(each, tuple) else 1 for table in call_rules.RULES.values() for each in table.values())
    return (
        f"In all {rules} rules for {len(CATALOGUE)} resource types; and beside the models of all calls "
        f"{calls + len(call_limits.LIMITS) + len(texts)} rules for {len(operations)} operations at run time."
    )


def _cells(kind: ResourceType) -> list[str]:
    bare = kind.token.removeprefix("aws:")
    modelled = sum(isinstance(each.rule, str) for each in kind.properties.values())
    numbers = (
        len(kind.properties),
        modelled,
        len(limits.LIMITS.get(bare, {})),
        len(list(cloudformation.places(kind.token, kind.properties))),
        len(references.PLACES.get(bare, {})) + (bare in references.POLICIES),
        len(kind.checks)
        + sum((each.check.__name__ != "_nothing") + (each.schema is not None) for each in kind.properties.values()),
        len(strangers.LIMITS.get(bare, {})) + len(strangers.TOGETHER.get(bare, ())),
    )
    said = _recorded()[upstream.resource_type(kind.token, _recorded())]
    fits = "yes" if bare in account.FITS else "-"
    return [f"`{bare.partition(':')[0]}`", *map(str, numbers), fits, str(len(said["asked"])), ", ".join(said["made_in"]) or "-"]


@functools.cache
def _recorded() -> dict[str, dict[str, list[str]]]:
    return json.loads(RECORDED.read_text())


def page(text: str) -> str:
    """The page with the table as it is now."""
    return re.sub(f"(?s){BEGIN}.*{END}", lambda _: f"{BEGIN}{table()}{END}", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))

"""What a change of one property does: the plan of the provider that pulumi-aws wraps, and the preview of the aws stand-in.

`python -m tests.witness.changes` records of each type what the tests ask that have no provider (`FACTS`).
"""

import functools
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.providers.aws.handler import TableResource
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.session import Session
from sandbox.providers.protocol import Operation
from sandbox.testing import upstream
from settings.project import REPOSITORY
from tests.unit.recorder import REGION, Registration, Stack
from tests.witness import plugin, terraform
from tests.witness.plugin import Plugin
from tests.witness.terraform import Terraform
from tests.witness.test_program import programs
from tests.witness.translation import NEWER, module
from tests.witness.variations import REMOVED, Properties, Subject, subjects

FACTS = REPOSITORY / "sandbox/tests/unit/aws_provider_schema.json"

OWN = {"id", "tags_all"}
"""Names of Terraform's and of the provider's own."""

MADE = {"moto": ("sandbox", "private", "bootstrap"), "sandbox": ("sandbox", "bootstrap")}
"""Where Terraform makes which programs (`test_account.py`, `test_emulator.py`)."""

SETTINGS = {
    "region": REGION,
    "access_key": "test",
    "secret_key": "test",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": "true",
}
"""No plan asks AWS."""


@contextmanager
def witness(folder: Path) -> Iterator["Witness"]:
    """A witness as long as its provider runs."""
    found = Terraform(folder)
    found.prepare({})
    described = found.described()
    schemas = described["resource_schemas"]
    with plugin.running(terraform.binary(), schemas) as provider:
        provider.configure(described["provider"]["block"], SETTINGS)
        yield Witness(provider, schemas, programs())


class Witness:
    """The real provider, and ours, asked the same of a resource as the program makes it."""

    def __init__(self, provider: Plugin, schemas: Mapping[str, Any], stacks: Mapping[str, Stack]) -> None:
        self._provider, self._schemas = provider, schemas
        self._registered = {name: list(stack.registrations()) for name, stack in stacks.items()}
        self._registrations = [each for some in self._registered.values() for each in some]

    def differences(self, token: str) -> dict[tuple[str, str], str]:
        """Type and change -> what the real provider would do, and what ours says."""
        found = {}
        for subject, answers in self._asked(token):
            for label, theirs in answers.items():
                ours = _ours(token, subject.inputs, subject.changes[label])
                if theirs != ours:
                    found[token, f"{subject.property} {label}"] = f"{theirs}, not {ours}"
        return found

    def facts(self, token: str) -> dict[str, list[str]]:
        """What is recorded of a type in `FACTS`."""
        kind = self.kind(token)
        attributes, blocks = (self._schemas[kind]["block"].get(part, {}) for part in ("attributes", "block_types"))
        replacing = [
            next(name for name in upstream.properties(kind, subject.property) if name in {**attributes, **blocks})
            for subject, answers in self._asked(token)
            if "replace" in [said for label, said in answers.items() if label != REMOVED]
        ]
        required = [name for name, each in attributes.items() if each.get("required")]
        both = [name for name, each in attributes.items() if each.get("optional") and each.get("computed") and name not in OWN]
        return {
            "asked": sorted(subject.property for subject, _ in self._asked(token)),
            "made_in": [place for place, names in MADE.items() if self._is_in(token, names)],
            "force_new": sorted(replacing),
            "optional_computed": sorted(both),
            "required": sorted([*required, *(name for name, each in blocks.items() if each.get("min_items"))]),
        }

    def _is_in(self, token: str, names: tuple[str, ...]) -> bool:
        return any(each.type == token for name in names for each in self._registered[name])

    def kind(self, token: str) -> str:
        """A type's name in Terraform."""
        return upstream.resource_type(token, self._schemas)

    @functools.cache  # noqa: B019 - one witness lives as long as its provider
    def _asked(self, token: str) -> list[tuple[Subject, Mapping[str, str]]]:
        kind, asked = self.kind(token), subjects(token, self._registrations)
        return [(subject, self._theirs(kind, subject)) for subject in asked if (kind, subject.property) not in NEWER]

    def _theirs(self, kind: str, subject: Subject) -> Mapping[str, str]:
        made = self._provider.planned(kind, self._config(kind, subject, subject.inputs))
        state = plugin.applied(self._schemas[kind]["block"], made.state)

        def said(inputs: Properties) -> str:
            planned = self._provider.planned(kind, self._config(kind, subject, inputs), state, made.private)
            return "replace" if planned.replaced_for else "nothing" if planned.state == state else "update"

        assert said(subject.inputs) == "nothing"
        return {label: said(inputs) for label, inputs in subject.changes.items()}

    def _config(self, kind: str, subject: Subject, inputs: Properties) -> Properties:
        told = module([Registration(type=subject.token, name="one", inputs=dict(inputs))], self._schemas)
        return next(iter(told["resource"][kind].values()))


def _ours(token: str, old: Properties, new: Properties) -> str:
    session = Session(endpoint="http://127.0.0.1:9", region=REGION, default_tags={})
    resource = TableResource(CATALOGUE[token], lambda: session)
    said = resource.diff(Operation(urn="urn", name="one"), "id", dict(old), {}, dict(new))
    return "replace" if said.replace else "update" if said.changed else "nothing"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, witness(Path(folder)) as found:
        facts = {found.kind(token): found.facts(token) for token in CATALOGUE}
    FACTS.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

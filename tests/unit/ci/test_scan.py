"""What Trivy is asked, and what becomes of its answer; and what is ignored."""

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ci import scan
from ci.scan import VULNERABLE, Scanner
from ops.errors import OpsError
from settings.project import REPOSITORY
from settings.sections.image import BASE_IMAGE

SALES = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dbt@sha256:" + "a" * 64
LOG_IN = {"TRIVY_USERNAME": "AWS", "TRIVY_PASSWORD": "token"}
LONGEST = datetime.timedelta(days=90)


class Daemon:
    """A Docker daemon whose containers are Trivy: it ends with the code that the target has."""

    def __init__(self, **codes: int) -> None:
        self.codes = codes
        self.runs: list[tuple[list[str], dict[str, str]]] = []
        self.containers = SimpleNamespace(run=self.run)

    def run(self, image: str, command: list[str], *, environment: dict[str, str], **options: Any) -> SimpleNamespace:
        self.runs.append((command, environment))
        code = next((code for part, code in self.codes.items() if part in command[-1] and "cyclonedx" not in command), 0)
        return SimpleNamespace(
            logs=lambda **_: iter([b"CVE-2026-1 openssl 3.0.1 -> 3.0.2\n"]),
            wait=lambda: {"StatusCode": code},
            remove=lambda **_: None,
        )


def scanner(daemon: Daemon, folder: Path = REPOSITORY) -> Scanner:
    return Scanner(client=daemon, image="trivy", folder=folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with three stacks."""
    for stack, image in {"dev": {}, "prod": {"baseImage": "registry.example.com/python@sha256:1"}, "test": {}}.items():
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": {"dbt-platform:image": image}}))
    return tmp_path


def test_what_will_run_is_scanned_and_not_its_like(root: Path):
    """A base image that no stack uses says nothing about the ones that do."""
    daemon = Daemon()

    scan.sources(scanner(daemon), root)

    assert [command[-1] for command, _ in daemon.runs] == [
        BASE_IMAGE,
        "registry.example.com/python@sha256:1",
        "/work/image/requirements.txt",
    ]


@pytest.mark.parametrize(("vulnerable", "named"), [("python:3", "python:3"), ("requirements", "image/requirements.txt")])
def test_a_merge_request_is_told_what_to_raise(root: Path, vulnerable: str, named: str, capsys: pytest.CaptureFixture[str]):
    """Everything is looked at first: one push should mend all of it."""
    daemon = Daemon(**{vulnerable: VULNERABLE})

    with pytest.raises(OpsError, match=named) as refused:
        scan.sources(scanner(daemon), root)

    assert len(daemon.runs) == 3
    assert "CVE-2026-1" in capsys.readouterr().out
    assert "expiry date" in refused.value.fix


def test_what_a_stack_runs_is_scanned_by_digest(monkeypatch: pytest.MonkeyPatch):
    """An image that was clean when it was built is not clean for ever, and a rebuilt one is another."""
    daemon = Daemon(**{"sha256:aaa": VULNERABLE})
    monkeypatch.setattr(scan, "_log_in", lambda region: LOG_IN)

    with pytest.raises(OpsError, match=r"sha256:a+ \(dbt_projects/sales\)"):
        scan.deployed(scanner(daemon), {"region": "eu-west-1", "images": {"dbt_projects/sales": SALES}}, "dev")

    (bill, _), (command, environment) = daemon.runs
    assert bill[bill.index("--output") + 1] == "/work/sbom-dev-dbt_projects-sales.cdx.json"
    assert (command[-1], environment) == (SALES, LOG_IN)
    assert command[command.index("--ignorefile") + 1] == f"/work/{scan.IGNORED}"


def test_a_scanner_that_fails_is_no_clean_image(root: Path):
    """Without its database Trivy ends with 1, which would be taken for a finding, or for none."""
    with pytest.raises(OpsError, match="could not scan"):
        scan.sources(scanner(Daemon(requirements=1)), root)


def wrong(entries: list[dict[str, Any]], today: datetime.date) -> list[str]:
    """What an ignore file may not hold: no reason, no end, one too far away, or one that is past."""
    problems = []
    for entry in entries:
        end = entry.get("expired_at")
        if len(entry.get("statement", "")) < 20:
            problems.append(f"{entry['id']}: say why, in `statement`")
        if not isinstance(end, datetime.date):
            problems.append(f"{entry['id']}: say until when, in `expired_at`")
        elif not today < end <= today + LONGEST:
            problems.append(f"{entry['id']}: {end} is not within the next {LONGEST.days} days")
    return problems


def test_what_is_ignored_has_a_reason_and_an_end():
    """An entry without an end is a vulnerability that nobody looks at again."""
    content = yaml.safe_load((REPOSITORY / scan.IGNORED).read_text())

    assert content.keys() == {"vulnerabilities"}
    assert wrong(content["vulnerabilities"], datetime.datetime.now(datetime.UTC).date()) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"statement": "later"}, "why"),
        ({"expired_at": None}, "until when"),
        ({"expired_at": datetime.date(2027, 6, 1)}, "90 days"),
        ({"expired_at": datetime.date(2026, 11, 1)}, "90 days"),
    ],
)
def test_an_entry_without_them_is_refused(change: dict[str, Any], problem: str):
    """The rule of the test above, on entries that break it."""
    entry = {
        "id": "CVE-2026-1",
        "statement": "dbt opens no archives of others.",
        "expired_at": datetime.date(2026, 12, 31),
    } | change

    problems = wrong([entry], datetime.date(2026, 11, 29))

    assert [problem in text for text in problems] == ([True] if problem else [])


def test_the_dockerfile_begins_where_the_settings_say():
    """Renovate raises both in one merge request; one alone would build by hand what is never deployed."""
    assert f"ARG BASE_IMAGE={BASE_IMAGE}\n" in (REPOSITORY / "image/Dockerfile").read_text()
    assert "@sha256:" in BASE_IMAGE

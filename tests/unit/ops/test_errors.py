"""What an operator has broken or lacks is said in words that help: no verb ends in a traceback."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    SSOTokenLoadError,
)
from typer.testing import CliRunner

from ops.cli import app
from ops.errors import SIGN_IN, from_aws, from_pulumi
from ops.findings import Finding, report

READERS = {
    "preflight": ["preflight"],
    "estimate": ["costs", "--estimate"],
    "add": ["workstream", "add", "more", "--project", "dbt_project"],
}
BROKEN = {
    "empty": b"",
    "a word": b"hello",
    "a list": b"- config",
    "no keys": b"config:",
    "a number": b"config: 5",
    "a tab": b"config:\n\taws:region: eu-west-1",
    "a bracket": b"config: [aws:region",
    "binary": bytes(range(255, 0, -1)),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("verb", READERS.values(), ids=READERS)
def test_a_broken_stack_file_is_named(tmp_path: Path, verb: list[str], content: bytes):
    """A traceback of PyYAML was all that whoever had typed a tab got to see."""
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(content)

    result = CliRunner().invoke(app, ["--stack", "dev", *verb, "--config-file", str(file)])

    assert result.exit_code == 1
    assert "Error: " in result.stderr
    assert "Pulumi.dev.yaml" in result.stderr
    assert "What to do: " in result.stderr


@pytest.mark.parametrize("below", ["dbt-platform:workstreams: sales", "aws:defaultTags: x"])
def test_a_section_without_keys_is_named(tmp_path: Path, below: str):
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(f"config:\n  aws:region: eu-west-1\n  {below}\n")

    verb = [*READERS["add"], "--config-file", str(file)]
    result = CliRunner().invoke(app, ["--stack", "dev", *verb])

    assert result.exit_code == 1
    assert f"{below.replace(': ', ' is ')[:-1].rpartition(' ')[0]} " in result.stderr
    assert "keys of its own" in result.stderr


@pytest.mark.parametrize(
    "verb", [["status"], ["--stack", "dev", "recover"], ["recover"], ["--stack", "dev", "acceptance", "sales"]]
)
def test_without_pulumi_its_lack_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: list[str]):
    """The first thing that a new machine lacks."""
    monkeypatch.setenv("PATH", str(tmp_path))

    result = CliRunner().invoke(app, verb)

    assert result.exit_code == 1
    assert "There is no `pulumi` on the PATH." in result.stderr
    assert "Install Pulumi" in result.stderr


def test_outputs_that_are_no_text_are_said_to_be(tmp_path: Path):
    file = tmp_path / "outputs.json"
    file.write_bytes(b"\xff\xfe\x00")

    result = CliRunner().invoke(app, ["--outputs", str(file), "status"])

    assert result.exit_code == 1
    assert "it is no text" in result.stderr


REFUSALS = (
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        CredentialRetrievalError(provider="custom-process", error_msg="exit code 1"),
        SSOTokenLoadError(error_msg="expired"),
        *(ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject") for code in REFUSALS),
    ],
    ids=str,
)
def test_whatever_is_wrong_with_the_credentials_the_way_to_sign_in_is_shown(error: BotoCoreError | ClientError):
    """Each service has a word of its own for it; S3's and EC2's were told as mistakes of the request."""
    assert from_aws(error).fix == SIGN_IN


def test_without_a_region_its_variable_is_named():
    """`ci login` asked to look at the network."""
    assert "AWS_REGION=eu-west-1" in from_aws(NoRegionError()).fix


@pytest.mark.parametrize(
    ("said", "problem", "fix"),
    [
        ("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", "PULUMI_ACCESS", "`pulumi login"),
        ("error: no stack named 'x' found", "no stack named 'x' found", "`pulumi stack ls`"),
        ("error: no Pulumi.yaml project file found (searching upwards from /tmp)", "no Pulumi.yaml", "repository's folder"),
        ("error: no stack selected; please use `pulumi stack select`", "no stack selected", "--stack NAME"),
        ("error: get secrets: incorrect passphrase", "get secrets: incorrect", "PULUMI_CONFIG_PASSPHRASE"),
        ("SDK WARN IMDSv1\nerror: read: GetObject, get identity: get credentials: no EC2 IMDS role found", "read:", SIGN_IN),
    ],
)
def test_what_pulumi_refuses_has_an_advice_of_its_own(said: str, problem: str, fix: str):
    """Whoever was not logged in was told to select a stack."""
    found = from_pulumi(said)

    assert found.problem.startswith(f"Pulumi says: {problem}")
    assert fix in found.fix


def test_what_fails_for_one_reason_is_told_once(capsys: pytest.CaptureFixture[str]):
    """Without credentials `ops doctor` said the same of each of 200 workstreams; a program still gets each."""
    found = [Finding(check=f"check {number}", ok=False, detail="no credentials", fix="sign in") for number in range(5)]
    checks = [(each.check, lambda each=each: [each]) for each in [*found, Finding(check="Docker", ok=True, detail="20.10")]]

    with pytest.raises(BaseException, match="1"):
        report(checks, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    with pytest.raises(BaseException, match="1"):
        report(checks, as_json=True)

    assert lines[0] == "failed  check 0, check 1, check 2 and 2 more: no credentials"
    assert [line for line in lines if "sign in" in line] == ["        What to do: sign in"]
    assert lines[-1] == "ok      Docker: 20.10"
    assert len(json.loads(capsys.readouterr().out)) == len(checks)


@pytest.mark.parametrize(
    ("given", "says"),
    [(b"", "There is no message."), (b" \n", "There is no message."), (b"\x7fELF\x02\x00\x00", "That is no text.")],
    ids=["nothing", "blanks", "binary"],
)
def test_what_is_no_message_is_not_explained(given: bytes, says: str):
    """Ten megabytes of a binary file were repeated on the terminal, whole."""
    result = CliRunner().invoke(app, ["explain", "-"], input=given)

    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stdout == ""


def test_a_message_in_another_encoding_and_colours_is_explained():
    """A terminal of Windows; what moves the cursor is not repeated."""
    given = "Datenbank für \x1b[31mKäufer\x1b[0m\x1b[2J: 002003 (42S02): Object X does not exist".encode("latin-1")

    result = CliRunner().invoke(app, ["explain", "-"], input=given)

    assert result.exit_code == 0
    assert "docs/errors.md#object-missing" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_whole_log_is_explained_by_its_ends():
    """A log of ten megabytes; its end says why, and nobody reads the rest again."""
    given = "12:00:00  1 of 9 OK\n" * 500_000 + "002003 (42S02): Object X does not exist"

    result = CliRunner().invoke(app, ["explain", "-"], input=given)

    assert "docs/errors.md#object-missing" in result.stdout
    assert "characters ..." in result.stdout
    assert len(result.stdout) < 20_000

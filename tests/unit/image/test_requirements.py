"""Which Python packages and which dbt an image gets beside the platform's own."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from runner.requirements import TESTED, check, lines

OURS = "1.11.16"


def _project(folder: Path, requirements: str | None = None, required: str = "") -> Path:
    (folder / "dbt_project.yml").write_text(f"name: shop\n{required}\n")
    if requirements is not None:
        (folder / "requirements.txt").write_text(requirements)
    return folder


@pytest.mark.parametrize("required", ["", "require-dbt-version: ['>=1.3.0', '<2.0.0']", "require-dbt-version: '>=1.10'"])
@pytest.mark.parametrize("requirements", [None, "", "# nothing yet\n\n"])
def test_a_project_that_the_image_suits_is_built_as_it_is(tmp_path: Path, requirements: str | None, required: str):
    """Each build would take half a minute longer, for the same image."""
    project = _project(tmp_path, requirements, required)

    check(project)
    assert lines(project, OURS) == []


@pytest.mark.parametrize(
    ("requirements", "required", "expected"),
    [
        ("elementary-data\n", "", ["-r {}"]),
        (None, "require-dbt-version: '>=1.10.0,<1.11.0'", ["dbt-core<1.11.0,>=1.10.0"]),
        (None, "require-dbt-version: ['>=1.10.0', '<1.11.0']", ["dbt-core<1.11.0,>=1.10.0"]),
        (None, "require-dbt-version: 1.10.4", ["dbt-core==1.10.4"]),
        ("dbt-core~=1.10.0\n", "require-dbt-version: '=1.10.4'", ["-r {}", "dbt-core==1.10.4"]),
    ],
)
def test_what_the_image_lacks_is_what_the_project_asks_for(
    tmp_path: Path, requirements: str | None, required: str, expected: list[str]
):
    """It would run with other packages, or not at all."""
    project = _project(tmp_path, requirements, required)

    check(project)
    assert lines(project, OURS) == [each.format(project / "requirements.txt") for each in expected]


@pytest.mark.parametrize(
    ("requirements", "required", "said"),
    [
        ("dbt-core==1.7.4\n", "", "requirements.txt asks for dbt-core==1.7.4, and the platform works with dbt-core<1.12,>=1.10"),
        ("pandas\nDBT_Snowflake ~= 1.8.0 ; python_version > '3.8'\n", "", "asks for dbt-snowflake~=1.8.0"),
        ("dbt-core[x]==1.9.0 \\\n    --hash=sha256:00\n", "", "asks for dbt-core==1.9.0"),
        ("dbt-core==2.0.0  # fusion\n", "", "asks for dbt-core==2.0.0"),
        (
            None,
            "require-dbt-version: ['>=1.6.0', '<1.8.0']",
            "require-dbt-version in dbt_project.yml asks for dbt-core<1.8.0,>=1.6.0",
        ),
        (None, "require-dbt-version: '>=2.0.0'", "the platform works with dbt-core<1.12,>=1.10"),
    ],
)
def test_a_dbt_that_nobody_has_tried_is_refused_by_name(tmp_path: Path, requirements: str | None, required: str, said: str):
    """The first run would end in the middle of dbt's own code."""
    with pytest.raises(ValueError, match="works with") as refusal:
        check(_project(tmp_path, requirements, required))

    assert said in str(refusal.value)
    assert ("requirements: false" in str(refusal.value)) == (requirements is not None)


@pytest.mark.parametrize(
    "requirements",
    ["dbt-core\n", "dbt-core>=1.5\n", "dbt-snowflake>=1.9,<2\n", "dbt-coreutils==1.0\n", "-r more.txt\n", "dbt-core==1.10.*"],
)
def test_a_wish_that_a_tested_dbt_fulfils_is_none_to_refuse(tmp_path: Path, requirements: str):
    """Most projects say a least version only."""
    check(_project(tmp_path, requirements))


def test_what_the_platform_needs_is_among_the_tested_versions():
    """A project with packages of its own would get an image without a package that every run needs, or with an unknown version."""
    ours, tested = (
        {each.name: each.specifier for line in file.read_text().splitlines() if line[:1].isalpha() for each in [Requirement(line)]}
        for file in (TESTED.parent / "requirements.in", TESTED)
    )

    assert ours.keys() == tested.keys()
    for name, specifier in ours.items():
        pins = [pin.version for pin in specifier if pin.operator == "=="]
        assert all(tested[name].contains(pin) for pin in pins), name

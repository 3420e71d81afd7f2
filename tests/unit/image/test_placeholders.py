"""What the image's build gives a project that asks for values which only its tasks have."""

import shlex
import subprocess
from pathlib import Path

from runner.placeholders import exports


def given(project: Path, *known: str) -> dict[str, str]:
    """The environment that a shell has afterwards."""
    script = f"{exports(project, known)}\nexport VARS\nenv -0"
    said = subprocess.run(["sh", "-c", script], env={}, capture_output=True, text=True, check=True).stdout
    entries = (entry.partition("=") for entry in said.split("\0") if entry)
    return {name: value for name, _, value in entries if name not in {"PWD", "SHLVL", "_"}}


def test_what_the_project_asks_for_has_a_value_of_the_right_form(tmp_path: Path):
    """Without one the project can't be read and the image can't be built, whatever the workstream sets."""
    (tmp_path / "dbt_packages/units").mkdir(parents=True)
    (tmp_path / "dbt_project.yml").write_text("vars:\n  day: today\nmodels:\n  +schema: \"{{ env_var('AREA') }}\"\n")
    (tmp_path / "a.sql").write_text(
        "select {{ env_var('LIMIT') | int }}, {{ env_var('LOUD')|as_bool }}, '{{ env_var('SOFT', 'x') }}', "
        "{{ var('day') }}, {{ var('week') }} -- {# env_var('GONE') #} {{ env_var('DBT_ENV_SECRET_KEY') }} {{ env_var('SET') }}"
    )
    (tmp_path / "dbt_packages/units/m.sql").write_text("{{ env_var('OF_A_PACKAGE') }}")

    assert given(tmp_path, "SET") == {
        "AREA": "placeholder",
        "LIMIT": "1",
        "LOUD": "True",
        "DBT_ENV_SECRET_KEY": "placeholder",
        "OF_A_PACKAGE": "placeholder",
        "VARS": '{"week": "placeholder"}',
    }


def test_a_package_beside_the_project_is_asked_too(tmp_path: Path):
    """dbt links to it: who looks below the project only does not see what it asks for, and the image can't be built."""
    (tmp_path / "project/dbt_packages").mkdir(parents=True)
    (tmp_path / "units").mkdir()
    (tmp_path / "units/m.sql").write_text("{{ env_var('OF_A_PACKAGE') }}")
    (tmp_path / "project/dbt_packages/units").symlink_to(tmp_path / "units")

    assert given(tmp_path / "project") == {"OF_A_PACKAGE": "placeholder", "VARS": "{}"}


def test_a_project_that_asks_for_nothing_is_read_as_it_is(tmp_path: Path):
    """Another environment would be another parsed project."""
    assert given(tmp_path) == {"VARS": "{}"}
    assert shlex.split(exports(tmp_path, ())) == ["VARS={}"]

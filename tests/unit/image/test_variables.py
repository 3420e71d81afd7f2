"""Which of a run's variables dbt is told: with others it would parse the project anew."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.config.utils import parse_cli_yaml_string
from runner.outcome import RunnerError
from runner.variables import merged, needed

GIVEN = json.dumps({"start": "2026-01-01", "unit": "fahrenheit"})


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("models/a.sql", "select '{{ var('start') }}'", {"start"}),
        ("models/a.sql", "select {{ var(\"start\", none) }}, '{{ var(\n  'unit' ) }}'", {"start", "unit"}),
        ("models/a.yml", "models: [{name: a, config: {enabled: \"{{ var('unit') == 'celsius' }}\"}}]", {"unit"}),
        ("dbt_project.yml", "vars: {unit: celsius}", {"unit"}),
        ("dbt_packages/units/macros/m.sql", "{% macro m() %}{{ var('unit') }}{% endmacro %}", {"unit"}),
        ("models/a.py", "def model(dbt, session): return dbt.config.get('start')", {"start"}),
        ("macros/m.sql", "{% macro m(name) %}{{ var(name) }}{% endmacro %}", {"start", "unit"}),
        ("macros/m.sql", "{{ var('st' ~ 'art') }}", {"start", "unit"}),
        ("macros/m.sql", "{% if var.has_var(which) %}1{% endif %}", {"start", "unit"}),
        ("models/a.sql", "select my_var(x) as var, var_pop(y)", set()),
        ("seeds/a.csv", "start", set()),
    ],
)
def test_dbt_is_told_what_the_project_may_read_and_nothing_else(tmp_path: Path, name: str, text: str, kept: set[str]):
    """A variable that is left out makes a backfill build the wrong day; one too many makes every run parse the project."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)

    found = needed(GIVEN, tmp_path)

    assert set(yaml.safe_load(found or "{}")) == kept


@pytest.mark.parametrize(
    "given",
    [
        {"a": "😀", "b": "é'\"\\ {{ x }}"},
        {"a": 1e-05, "b": 1e22, "c": -0.0, "d": 10**40},
        {"a": "1e5", "b": "yes", "c": "2026-01-01", "d": "0123", "e": "1_000", "f": "12:30:45", "g": "null", "h": "~"},
        {"a": None, "b": True, "c": [1, {"x": []}], "": ""},
        {"a": "\x00\x07\x85\u2028\ufeff\ufffe\r\n\t x \n", "k: {": "}", "<<": {"a": 1}},
    ],
)
def test_what_the_form_accepts_arrives_as_the_same_value_and_type(tmp_path: Path, given: dict[str, Any]):
    """dbt reads YAML: it took 1e-05 for a text, and ended with an error at an emoji."""
    (tmp_path / "m.sql").write_text("{{ var(name) }}")

    told = parse_cli_yaml_string(needed(merged("", json.dumps(given)), tmp_path), "vars")

    assert (told, {name: type(value) for name, value in told.items()}) == (
        given,
        {name: type(value) for name, value in given.items()},
    )


def test_a_run_s_variables_go_over_the_workstream_s():
    """A run by hand with a day of its own would lose the workstream's other variables, and build something else."""
    both = merged('{"region": "EU", "day": "today"}', '{"day": "2026-01-31"}')

    assert json.loads(both) == {"region": "EU", "day": "2026-01-31"}


def test_the_command_line_takes_yaml_as_dbt_s_does():
    assert [json.loads(merged("", text) or "{}") for text in ("", "{start: 1}")] == [{}, {"start": 1}]


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": "\\ud800"}'])
def test_what_can_t_be_passed_on_is_refused_with_the_fix(text: str):
    """dbt's own message would be a stack of YAML."""
    with pytest.raises(RunnerError, match="Write an object"):
        merged("", text)


def test_a_package_beside_the_project_may_ask_too(tmp_path: Path):
    """dbt links to it: a variable that only its macros read would be left out, and they would take their default."""
    (tmp_path / "project/dbt_packages").mkdir(parents=True)
    (tmp_path / "units").mkdir()
    (tmp_path / "units/m.sql").write_text("{{ var('unit', 'celsius') }}")
    (tmp_path / "project/dbt_packages/units").symlink_to(tmp_path / "units")

    assert yaml.safe_load(needed(GIVEN, tmp_path / "project")) == {"unit": "fahrenheit"}

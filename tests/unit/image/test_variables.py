"""Which of a run's variables dbt is told: with others it would parse the project anew."""

import json
from pathlib import Path

import pytest
from runner.variables import needed

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

    assert set(json.loads(found or "{}")) == kept


def test_what_is_no_json_object_is_dbt_s_to_judge(tmp_path: Path):
    """dbt takes YAML too, and its message names the mistake."""
    assert [needed(text, tmp_path) for text in ("", "{start: 1}", "[1]")] == ["", "{start: 1}", "[1]"]

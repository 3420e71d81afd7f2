"""What a project asks of whoever runs it."""

from pathlib import Path

import pytest
from runner.project import warnings


def _project(folder: Path, **files: str) -> Path:
    for name, text in {"dbt_project.yml": "name: shop\nvars:\n  known: 1\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "{% if target.name == 'prod' %}",
        "{% if target.name in ('prod', 'prd') %}",
        "{%- if target['name'] not in ['prod'] -%}",
        "{% if 'prod' == target.name %}",
        '{{ 1 if target.name | lower != "prod" else 2 }}',
        "{% if target.get('name') == 'prod' %}",
        "{% if target.get('name', 'dev')|upper in ['prod'] %}",
        "{% if (target.name | trim) != 'prod' %}",
        "{% if target.name.lower() == 'prod' %}",
        "{%- set production = ('prod' == (target.name | lower)) -%}",
        "{% if not target.name in (\n 'prod',\n 'prd',\n) %}",
        "+enabled: '{{ target.name == ''prod'' }}'",
        '+enabled: "{{ target[\\"name\\"] == \\"prod\\" }}"',
    ],
)
def test_a_project_that_means_another_target_is_warned_about_by_file_and_line(tmp_path: Path, text: str):
    """Its branch for production would never be taken: all tables land in other schemas, without a word."""
    project = _project(tmp_path, **{"macros/schema.sql": f"\n{text}\n"})

    [warning] = warnings(project, "production", (), ())

    assert "'prod' (macros/schema.sql:2)" in warning
    assert "Set `target`" in warning
    assert warnings(project, "prod", (), ()) == []
    assert warnings(project, "development", (), ()) == []


@pytest.mark.parametrize(
    "call", ["var('{}')", 'var( "{}" )', "'{{{{ var(''{}'') }}}}'", '"{{{{ var(\\"{}\\") | as_bool }}}}"', "var('{}')|int"]
)
@pytest.mark.parametrize("name", ["day", "dbt_artifacts:day", "my-day"])
def test_a_value_is_asked_for_in_any_spelling(tmp_path: Path, call: str, name: str):
    """YAML has its own quotes around Jinja's, and dbt takes any name."""
    project = _project(tmp_path, **{"models/a.yml": f"x: {call.format(name)}"})

    assert warnings(project, "development", (), ()) == [f"models/a.yml:1: var('{name}') has no value and no default: set `vars`"]
    defined = {"dbt_project.yml": f'vars: {{"{name}": 1}}', "models/a.yml": f"x: {call.format(name)}"}
    assert warnings(_project(tmp_path / "defined", **defined), "development", (), ()) == []


def test_what_has_no_value_is_named_and_what_has_one_is_not(tmp_path: Path):
    """The first run would end with dbt's complaint, in the night."""
    text = "{{ env_var('RAW') }} {{ env_var('SET') }} {{ env_var('OR', 'x') }}\n{{ var('day') }}{{ var('known') }}{{ var('set') }}"
    others = {
        "models/b.sql": "{# env_var('NEVER') #}",
        "profiles.yml": "x: \"{{ env_var('OF_THEIR_OWN') }}\"",
        "dbt_packages/p/m.sql": "{{ var('p') }}",
    }
    project = _project(tmp_path, **{"models/a.sql": text}, **others)

    assert warnings(project, "production", {"SET"}, {"set"}) == [
        "models/a.sql:1: env_var('RAW') has no value and no default: set `environment` or `secrets`",
        "models/a.sql:2: var('day') has no value and no default: set `vars`",
    ]


def test_what_other_tools_keep_in_hidden_folders_asks_for_nothing(tmp_path: Path):
    """dbt reads none of it, so nobody has to give it a value."""
    project = _project(tmp_path, **{".dbt_coves/config.yml": "path: '{{ env_var('DAGS_PATH') }}'"})

    assert warnings(project, "development", (), ()) == []

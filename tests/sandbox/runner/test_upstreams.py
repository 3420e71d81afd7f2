"""A project that reads a model of another workstream's."""

from dataclasses import replace

from tests.sandbox.runner_process import Runs, project

SHOP = "models: [{name: orders, config: {access: public}}]"


def test_the_table_of_another_workstream_s_project_is_read_and_left_alone(runs: Runs):
    """It would be looked for in the own schema, or built there once more."""
    mine = replace(
        runs,
        workstream=f"{runs.workstream}r",
        project=runs.folder / "reports",
        variables={"DBT_UPSTREAMS": f'{{"made_for_a_test": "{runs.workstream}"}}'},
    )
    models = {"volume": "select count(*) as n from {{ ref('made_for_a_test', 'orders') }}"}
    project(mine.project, models, dependencies_yml="projects: [{name: made_for_a_test}]")
    settings = mine.project / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("name: made_for_a_test", "name: reports"))
    project(runs.project, {"orders": "select 1 as id union all select 2"}, models__orders_yml=SHOP)

    early, built, late = mine.run(), runs.run(), mine.run(DBT_RUN_ID="run-2")

    assert early.code == 2, early.text
    assert f"no run of the project made_for_a_test has succeeded yet. First: ops run {runs.workstream}" in early.text
    assert built.code == 0, built.text
    assert (late.code, late.statuses) == (0, {"volume": "success"}), late.text
    assert runs.server.run(f"select N from ANALYTICS.{mine.workstream.upper()}.VOLUME") == [(2,)]

"""`ref('project', 'model')`: what a project may read of the one that another workstream runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from runner.refs import asked, models, placeholders

NODE = {"resource_type": "model", "package_name": "shop", "database": "ANALYTICS", "schema": "SALES"}


def _node(name: str, access: str = "public", materialized: str = "table", **more: Any) -> dict[str, Any]:
    config = {"access": access, "materialized": materialized}
    return {
        **NODE,
        "name": name,
        "alias": name.upper(),
        "relation_name": f"ANALYTICS.SALES.{name.upper()}",
        "config": config,
        **more,
    }


MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.shop.orders": _node("orders"),
        "model.shop.customers.v2": _node("customers", version=2, latest_version=2, alias="CUSTOMERS_V2"),
        "model.shop.secret": _node("secret", "private"),
        "model.shop.usual": _node("usual", "protected"),
        "model.shop.inline": _node("inline", materialized="ephemeral"),
        "model.dbt_utils.orders": _node("orders", package_name="dbt_utils"),
        "seed.shop.countries": {**_node("countries"), "resource_type": "seed"},
    },
    "disabled": {"model.shop.gone": [{}]},
}


def reports(folder: Path, *references: str, named: str = "projects: [{name: shop}]") -> Path:
    files = {"dbt_project.yml": "name: reports\nprofile: platform\n", "dependencies.yml": named}
    files |= {f"models/m{n}.sql": f"select * from {{{{ {text} }}}}" for n, text in enumerate(references)}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run(other: str) -> str:
    return f"ops run {other}"


def test_what_it_names_of_other_projects_is_found(tmp_path: Path):
    """A package's model is called alike, and is no other project's."""
    texts = ("ref('shop', 'orders')", 'ref( "shop","customers", v = 2 )', "ref('dbt_utils', 'x')", "ref('own')")

    assert asked(reports(tmp_path, *texts)) == {
        ("shop", "orders", ""): "models/m0.sql:1",
        ("shop", "customers", "2"): "models/m1.sql:1",
    }


def test_a_project_that_names_no_others_asks_for_nothing(tmp_path: Path):
    """Each deployment would read thousands of files for nothing."""
    assert asked(reports(tmp_path, "ref('shop', 'orders')", named="packages: []")) == {}
    assert placeholders(tmp_path) == []


def test_public_models_are_what_their_own_project_has_built(tmp_path: Path):
    """It would read another schema, or nothing."""
    project = reports(tmp_path, "ref('shop', 'orders')", "ref('shop', 'customers', v=2)")

    found = models(project, {"shop": json.dumps(MANIFEST).encode()}, run)

    assert [(each["package_name"], each["name"], each["schema"], each["identifier"]) for each in found] == [
        ("shop", "orders", "SALES", "ORDERS"),
        ("shop", "customers", "SALES", "CUSTOMERS_V2"),
    ]


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("ref('shop', 'secret')", "models/m0.sql:1: shop.secret is private, and only `access: public` is for other projects"),
        ("ref('shop', 'usual')", "shop.usual is protected"),
        ("ref('shop', 'gone')", "shop.gone is disabled there. Public ones: customers, orders"),
        ("ref('shop', 'typo')", "shop.typo is no model there. Public ones: customers, orders"),
        ("ref('shop', 'countries')", "shop.countries is no model there"),
        ("ref('shop', 'customers', v=1)", "shop.customers (version 1) is no model there"),
        ("ref('shop', 'inline')", "shop.inline is ephemeral"),
    ],
)
def test_what_may_not_be_read_is_told_with_its_place(tmp_path: Path, reference: str, said: str):
    """dbt itself would say that there is no such node, or let it pass."""
    with pytest.raises(ValueError, match="m0") as refusal:
        models(reports(tmp_path, reference), {"shop": json.dumps(MANIFEST).encode()}, run)

    assert said in str(refusal.value)


def test_a_project_that_has_not_succeeded_yet_is_told_of_with_the_command_that_helps(tmp_path: Path):
    """On the first day of a stack nothing has run."""
    with pytest.raises(ValueError, match=r"no run of the project shop has succeeded yet. First: ops run shop"):
        models(reports(tmp_path, "ref('shop', 'orders')"), {"shop": None}, run)

"""The dbt projects as dbt and sqlfluff read them: the one that teams copy, and one that shares nothing with it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.artifacts.resources.types import NodeType
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.deprecations import reset_deprecations
from runner.placeholders import dbt_variables_of, variables_of
from runner.project import warnings
from runner.refs import models, placeholders

from projects.brought import put_together
from sandbox.paths import REPOSITORY
from tests.unit.image.test_refs import MANIFEST, reports
from tests.unit.projects.repository import Repository

SHOP = REPOSITORY / "dbt_project"
COMPANY = REPOSITORY / "tests" / "projects" / "company"
WEATHER = REPOSITORY / "tests" / "projects" / "weather"
STRICT = '{"error": "all"}'
"""Every warning is an error, deprecations too."""


def _parse(
    project: Path, folder: Path, target: str = "development", *, errors: str = STRICT, variables: Mapping[str, str] | None = None
) -> Manifest:
    """The project without a single warning, unless other errors are named; raises what dbt complains about."""
    names = ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE", "SCHEMA")
    profiles = yaml.safe_load((REPOSITORY / "image" / "profiles.yml").read_text())
    [output] = profiles["platform"]["outputs"].values()
    profiles["platform"]["outputs"] = {target: output}  # as the runner names it
    folder.mkdir(exist_ok=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
    options = ["--project-dir", str(project), "--profiles-dir", str(folder), "--profile", "platform"]
    options += [
        "--vars",
        json.dumps(variables or {}),
        "--target",
        target,
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "logs"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setenv(f"SNOWFLAKE_{name}", name.lower())
        outcome = dbtRunner().invoke(["--quiet", "--warn-error-options", errors, "parse", "--no-partial-parse", *options])
    reset_deprecations()  # else dbt tells the next one of these
    if outcome.exception:
        raise outcome.exception
    assert isinstance(outcome.result, Manifest)
    return outcome.result


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return _parse(SHOP, tmp_path_factory.mktemp("shop"))


def _models(manifest: Manifest, folder: str = "") -> list[Any]:
    nodes = (node for node in manifest.nodes.values() if node.resource_type == NodeType.Model)
    return [node for node in nodes if f"/{folder}" in node.original_file_path]


def test_it_has_every_part_that_a_project_needs(shop: Manifest):
    """A team that copies it would have to find out by itself how a part is done."""
    kinds = {str(node.resource_type) for node in shop.nodes.values()}

    assert {"model", "seed", "snapshot", "test"} <= kinds
    assert shop.unit_tests
    assert {exposure.name for exposure in shop.exposures.values()} == {"sales_dashboard", "month_end_report"}
    assert [source.unique_id for source in shop.sources.values() if not source.freshness or not source.loaded_at_field] == []
    assert "incremental" in {node.get_materialization() for node in _models(shop, "marts/")}
    severities = {str(node.config.severity).lower() for node in shop.nodes.values() if node.resource_type == NodeType.Test}  # pyright: ignore[reportAttributeAccessIssue]
    assert severities == {"error", "warn"}


def test_the_sources_are_loaded_at_a_time_of_utc(shop: Manifest):
    """dbt takes it for UTC: with a session in Los Angeles, what was loaded now would be eight hours old, or in the future."""
    seeds = [node for node in shop.nodes.values() if node.resource_type == NodeType.Seed]

    assert {hook.sql for node in seeds for hook in node.config.post_hook} == {"update {{ this }} set loaded_at = sysdate()"}


def test_every_mart_has_a_contract_and_every_model_is_described_and_tagged_once(shop: Manifest):
    """Whoever builds on a mart would learn of a changed column from their own failure; an untagged model would never run."""
    assert _models(shop, "marts/")
    assert [node.name for node in _models(shop, "marts/") if not node.config.contract.enforced] == []
    assert [node.name for node in _models(shop) if not node.description] == []
    built = [node for node in shop.nodes.values() if node.resource_type != NodeType.Test]
    untagged = [node.unique_id for node in built if len({"sales", "finance"}.intersection(node.tags)) != 1]
    assert untagged == []


def test_each_model_lies_beside_its_description():
    """A column would be renamed in one file and stay in another that nobody has open."""
    lonely = [path for path in (SHOP / "models").rglob("*.sql") if not path.with_suffix(".yml").exists()]

    assert lonely == []
    for path in (SHOP / "models").rglob("*/*.sql"):
        [described] = yaml.safe_load(path.with_suffix(".yml").read_text())["models"]
        assert described["name"] == path.stem


def test_two_developers_never_write_to_one_schema_and_production_has_plain_names(shop: Manifest, tmp_path: Path):
    """A merge request would overwrite production's tables, or production's readers would look for them in vain."""
    seeds = {node.schema for node in shop.nodes.values() if node.resource_type == NodeType.Seed}
    production = _parse(SHOP, tmp_path, "production")

    assert seeds == {"schema_raw"}
    assert {node.schema for node in production.nodes.values() if node.resource_type == NodeType.Seed} == {"raw"}
    assert {source.schema for source in production.sources.values()} == {"raw"}


def test_the_weather_shares_nothing_with_the_shop(shop: Manifest):
    """The platform would work with one project only: ours."""
    settings = [yaml.safe_load((project / "dbt_project.yml").read_text()) for project in (SHOP, WEATHER)]

    assert settings[0]["name"] != settings[1]["name"]
    assert settings[0]["profile"] != settings[1]["profile"]
    assert settings[0].get("model-paths") != settings[1]["model-paths"]
    assert {path.stem for path in WEATHER.rglob("*.sql")}.isdisjoint({node.name for node in _models(shop)})


def test_a_project_with_all_that_public_ones_have_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its image could not be built, though nothing is wrong with it: folders, keys and values that ours do not have."""
    for name, value in variables_of(COMPANY, ()).items():
        monkeypatch.setenv(name, value)

    found = _parse(COMPANY, tmp_path, errors="{}", variables=dbt_variables_of(COMPANY))

    kinds = ("semantic_models", "saved_queries", "unit_tests", "exposures", "functions")
    assert {kind: len(getattr(found, kind)) for kind in kinds} == dict.fromkeys(kinds, 1)
    nodes: Any = found.nodes
    assert {"snap", "old_snap", "py", "mb", "dyn", "codes", "assert_none"} <= {node.name for node in nodes.values()}
    assert [line.partition(": ")[0] for line in warnings(COMPANY, "production", (), ())][1:] == [
        "dbt_project.yml:37",
        "dbt_project.yml:41",
        "dbt_project.yml:44",
        "transform/staging/sources.yml:4",
        "analyses/a.sql:1",
        "macros/limit.sql:1",
        "transform/marts/fct.sql:2",
        "transform/staging/sources.yml:11",
    ]


def test_dbt_takes_private_packages_and_those_beside_a_project_from_its_copy(tmp_path: Path):
    """The image's build has no Git and no credentials: what the copy names instead must be what dbt finds."""
    deeper, units = Repository(tmp_path / "deeper.git"), Repository(tmp_path / "units.git")
    deeper.commit(_package("deeper", "one", "1"))
    packages = {"packages.yml": yaml.safe_dump({"packages": [{"git": deeper.address, "revision": "main"}]})}
    units.commit(
        {f"dbt/{name}": text for name, text in (_package("units", "two", "{{ deeper.one() }} + 1") | packages).items()}, tag="v1"
    )
    named = [{"git": units.address, "revision": "v1", "subdirectory": "dbt"}, {"local": "../beside"}]
    shop = {**_package("shop", "zero", "0"), "packages.yml": yaml.safe_dump({"packages": named})}
    shop["models/m.sql"] = "select {{ units.two() }} + {{ beside.three() }} as x"
    for folder, files in {"shop": shop, "beside": _package("beside", "three", "3")}.items():
        for name, text in files.items():
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_text(text)

    project = tmp_path / "copy" / put_together(tmp_path / "shop", tmp_path / "copy", tmp_path / "cache")

    assert dbtRunner().invoke(["--quiet", "deps", "--project-dir", str(project)]).success
    [model] = [node for node in _parse(project, tmp_path / "parsed").nodes.values() if node.name == "m"]
    assert set(model.depends_on.macros) == {"macro.units.two", "macro.beside.three"}  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("known", [True, False], ids=["manifest", "placeholders"])
def test_models_of_another_project_are_read_and_never_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool):
    """The image's build has placeholders only; a run has the other's tables, and must leave them alone."""
    project = reports(tmp_path / "project", "ref('shop', 'orders')", "ref('shop', 'customers', v=2)")
    found = models(project, {"shop": json.dumps(MANIFEST).encode()}, str) if known else placeholders(project)
    (tmp_path / "refs.json").write_text(json.dumps(found))
    monkeypatch.setenv("RUNNER_REFS", str(tmp_path / "refs.json"))

    nodes: Any = _parse(project, tmp_path / "parsed").nodes

    assert nodes["model.reports.m0"].depends_on.nodes == ["model.shop.orders"]
    assert nodes["model.reports.m1"].depends_on.nodes == ["model.shop.customers.v2"]
    assert nodes["model.shop.orders"].schema == ("SALES" if known else "placeholder")
    assert nodes["model.shop.orders"].empty, "the runner leaves out what has no SQL (runner.dbt)"


def _package(name: str, macro: str, text: str) -> dict[str, str]:
    return {
        "dbt_project.yml": f"name: {name}\nversion: 1.0.0\n",
        f"macros/{macro}.sql": f"{{% macro {macro}() %}}{text}{{% endmacro %}}",
    }


def test_the_sql_is_in_one_style():
    """Reviews would be about commas."""
    command = [sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar", "--processes", "2", "."]

    done = subprocess.run(command, cwd=SHOP, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]

"""Whether code is another than it was, or only written another way."""

from types import SimpleNamespace
from typing import Any

import pytest
from dbt.artifacts.resources.v1.config import NodeConfig
from runner.code import code, meaning

SQL = "select a, 'it''s  -- no comment' as b from t where c = $$ x  // y $$"


@pytest.mark.parametrize(
    "same",
    [
        SQL.replace(", ", ",\n    "),
        f"-- made for the board\n{SQL} /* of\nJuly */",
        SQL.replace(" from", " // don't ask\nfrom"),
        SQL.replace("it''s", "it\\'s"),
    ],
    ids=["lines", "comments", "Snowflake's own comment", "the same text, escaped otherwise"],
)
def test_sql_that_is_only_written_another_way_means_the_same(same: str):
    """A formatter over the project would build all of the warehouse again."""
    assert meaning(same) == meaning(SQL)


@pytest.mark.parametrize(
    "other",
    [
        SQL.replace("it''s  --", "it''s --"),
        SQL.replace("x  //", "x //"),
        SQL.replace("select a", "selecta"),
        SQL.replace(" b from", " B from"),
        SQL.replace("c =", '"c" ='),
        SQL.replace("from t", "from t --"),
        "select 'a\\\\', 'x  y' from t",
    ],
    ids=["a text's spaces", "between dollars", "a word less", "a name's case", "quotes", "a comment over code", "a backslash"],
)
def test_sql_that_does_something_else_means_something_else(other: str):
    """A change would never reach the warehouse, and every run be green."""
    assert meaning(other) != meaning(SQL)
    assert meaning("select 'a\\\\', 'x y' from t") != meaning("select 'a\\\\', 'x  y' from t")


def test_what_cant_be_read_counts_letter_by_letter():
    """Snowflake may know what its parser here does not: it must not be taken for the same."""
    assert meaning("select 'open  ") != meaning("select 'open ")


def test_python_is_compared_by_its_syntax():
    """A comment in a Python model would build it again; its indentation is code."""
    assert meaning("def model(dbt, s):\n    return 1  # one", python=True) == meaning(
        "def model(dbt,s):\n\n  return 1", python=True
    )
    assert meaning("if a:\n  b()\n  c()", python=True) != meaning("if a:\n  b()\nc()", python=True)
    assert meaning("def :", python=True) != meaning("def  :", python=True)


def _node(**changes: Any) -> Any:
    found: dict[str, Any] = {
        "resource_type": "model",
        "raw_code": "select 1",
        "relation_name": "ANALYTICS.SALES.A",
        "config": NodeConfig.from_dict({"materialized": "table", "tags": ["x"], "persist_docs": {"relation": True}}),
        "description": "orders",
        "columns": {"x": SimpleNamespace(description="a column")},
        "depends_on": SimpleNamespace(macros=["macro.one"]),
        "depends_on_nodes": ["source.raw.orders"],
    }
    return SimpleNamespace(**found | changes)


def _manifest(inner: str = "two", **env_vars: str) -> Any:
    macros = {"macro.one": ("one", ["macro.two"]), "macro.two": (inner, ["macro.one"])}
    made = {name: SimpleNamespace(macro_sql=sql, depends_on=SimpleNamespace(macros=calls)) for name, (sql, calls) in macros.items()}
    return SimpleNamespace(macros=made, env_vars=env_vars)


BEFORE = code(_node(), _manifest(), "")


@pytest.mark.parametrize(
    "now",
    [
        code(_node(raw_code="select 2"), _manifest(), ""),
        code(_node(), _manifest(inner="three"), ""),
        code(_node(), _manifest(), "day: 2026-01-31"),
        code(_node(), _manifest(REGION="eu"), ""),
        code(_node(depends_on_nodes=["model.a.v2"]), _manifest(), ""),
    ],
    ids=["its file", "a macro of a macro", "a variable", "one of the environment", "what an unpinned ref leads to"],
)
def test_what_may_change_the_sql_is_looked_at(now: Any):
    """It would not even be compiled."""
    assert (now.settings == BEFORE.settings, now.source == BEFORE.source) == (True, False)


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({"config": {"materialized": "view"}}, True),
        ({"config": {"grants": {"select": ["REPORTER"]}}}, True),
        ({"config": {"tags": ["y"]}}, False),
        ({"relation_name": "ANALYTICS.MARTS.A"}, True),
        ({"description": "invoices"}, True),
        ({"columns": {}}, False),
    ],
    ids=["materialized", "grants", "tags", "another schema", "a description that is stored", "one that is not"],
)
def test_settings_count_as_dbt_compares_them(changes: dict[str, Any], is_other: bool):
    """A grant would wait for the next news; a tag would build a table again."""
    if "config" in changes:
        given = {"materialized": "table", "tags": ["x"], "persist_docs": {"relation": True}}
        changes["config"] = NodeConfig.from_dict(given | changes["config"])

    assert (code(_node(**changes), _manifest(), "").settings != BEFORE.settings) is is_other


def test_a_seed_that_dbt_does_not_read_is_read(tmp_path: Any):
    """dbt has no hash of one above a megabyte: its changes would never be loaded."""
    (tmp_path / "big.csv").write_text("x\n1\n")
    checksum = SimpleNamespace(name="path", checksum="seeds/big.csv")
    seed = _node(resource_type="seed", checksum=checksum, root_path=str(tmp_path), original_file_path="big.csv")
    before = code(seed, _manifest(), "")
    (tmp_path / "big.csv").write_text("x\n2\n")

    assert code(seed, _manifest(), "").source != before.source

"""What a merge request changes in the data: the key, the SQL, and the table that people read."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlfluff
from runner.environment import read
from snowflake.connector.errors import ProgrammingError

from ci import built, comparison, models
from ci.built import Model
from ci.comparison import Column, Comparer, Comparison
from ci.comparison_table import tables
from settings.sections.merge_requests import MergeRequestSettings
from settings.stack import Settings
from tests.unit.recorder import stack_file

NUMBER, TEXT = "NUMBER(38,0)", "VARCHAR(16777216)"
ORDERS = Model(name="orders", before="PROD.SALES.ORDERS", after="PROD.MR_7_SALES.ORDERS", keys=[("order_id",)])


def column(name: str, before: str | None = NUMBER, after: str | None = NUMBER, **known: Any) -> Column:
    return Column(name=name, type_before=before, type_after=after, **known)


def node(**changes: Any) -> dict[str, Any]:
    """A model in dbt's manifest."""
    known = {"unique_id": "model.shop.orders", "name": "orders", "resource_type": "model", "relation_name": ORDERS.after}
    return {**known, "config": {}, "constraints": [], "columns": {}, **changes}


def declared(name: str, of: str = "model.shop.orders", **arguments: Any) -> dict[str, Any]:
    """A test of it."""
    return {"resource_type": "test", "attached_node": of, "test_metadata": {"name": name, "kwargs": arguments}}


@pytest.mark.parametrize(
    ("model", "tests", "keys"),
    [
        (node(), [], []),
        (node(), [declared("unique", column_name="order_id")], [("order_id",)]),
        (node(), [declared("not_null", column_name="x"), declared("unique", of="model.shop.other", column_name="x")], []),
        (
            node(),
            [declared("unique_combination_of_columns", combination_of_columns=["a", "b"]), declared("unique", column_name="c")],
            [("c",), ("a", "b")],
        ),
        (node(config={"unique_key": "order_id"}), [declared("unique", column_name="order_id")], [("order_id",)]),
        (node(config={"unique_key": ["a", "b"]}), [declared("unique", column_name="c")], [("a", "b"), ("c",)]),
        (node(constraints=[{"type": "primary_key", "columns": ["a", "b"]}], config={"unique_key": "c"}), [], [("a", "b"), ("c",)]),
        (node(columns={"a": {"name": "a", "constraints": [{"type": "not_null"}, {"type": "primary_key"}]}}), [], [("a",)]),
    ],
)
def test_the_key_is_the_one_that_the_model_says_is_unique(model: dict[str, Any], tests: list[Any], keys: list[Any]):
    """Rows that are matched by anything else show changes that nobody made."""
    assert built.keys(model, {"nodes": {str(number): test for number, test in enumerate(tests)}}) == keys


def test_only_models_that_lie_in_the_warehouse_are_compared():
    """A test or an ephemeral model has no rows, and a new one nothing to be compared with."""
    manifest = {
        "nodes": {
            "model.shop.orders": node(),
            "model.shop.new": node(unique_id="model.shop.new", name="new"),
            "model.shop.inline": node(unique_id="model.shop.inline", relation_name=None),
            "test.shop.t": declared("not_null", column_name="x"),
        }
    }
    state = {"nodes": {"model.shop.orders": {"relation_name": ORDERS.before}}}

    found = built.models({*manifest["nodes"], "operation.shop.hook"}, manifest, state)

    assert {model.name: model.before for model in found} == {"orders": ORDERS.before, "new": None}


COLUMNS = [column("ORDER_ID"), column("odd name"), column("GONE", after=None), column("CAME", None), column("OTHER", after=TEXT)]


@pytest.mark.parametrize(
    "statement",
    [
        comparison.count(ORDERS.after),
        comparison.profile(ORDERS.after, [COLUMNS[0], COLUMNS[3], column("T", after=TEXT)], ("ORDER_ID", "odd name"), "after"),
        comparison.profile(ORDERS.after, [COLUMNS[0]], (), "after"),
        comparison.matched("PROD.SALES.ORDERS", ORDERS.after, ("ORDER_ID", "odd name"), [*COLUMNS, column("T", TEXT, TEXT)]),
        comparison.matched("PROD.SALES.ORDERS", ORDERS.after, ("ORDER_ID",), [COLUMNS[0]]),
    ],
)
def test_its_statements_are_snowflakes(statement: str):
    """The stand-in would take what only DuckDB knows."""
    assert sqlfluff.parse(statement + "\n", dialect="snowflake")


def test_values_are_compared_where_both_sides_can_be_equal():
    """A column that came, went or has another type now is told as such; a comparison of it would be refused."""
    shape = column("SHAPE", "GEOGRAPHY", "GEOGRAPHY")
    scaled = column("SCALED", "NUMBER(38,0)", "NUMBER(38,2)")

    assert comparison.compared(("ORDER_ID",), [*COLUMNS, shape, scaled]) == [COLUMNS[1], scaled]


def answers(**given: Any) -> Callable[[str], Sequence[Sequence[Any]]]:
    """A warehouse that answers each kind of statement in turn, and refuses what it has no answer for."""
    left = {kind: list(rows) for kind, rows in given.items()}

    def ask(statement: str) -> Sequence[Sequence[Any]]:
        kinds = {"describe": "describe", "select count(*) from": "count", "select count(*), ": "profile", "select count_if": "join"}
        kind = next(name for start, name in kinds.items() if statement.startswith(start))
        answer = left[kind].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


DESCRIBED = [[("ORDER_ID", NUMBER, "COLUMN"), ("AMOUNT", NUMBER, "COLUMN")]] * 2


def test_rows_are_matched_by_the_key_and_columns_profiled():
    """The reviewer sees how many rows are new, gone and other, and in which column."""
    ask = answers(
        count=[[[4]], [[3]]], describe=DESCRIBED, profile=[[[3, 3, 3, 6, 3, 10]], [[4, 4, 4, 10, 2, 12]]], join=[[[2, 1, 1, 1]]]
    )

    found = comparison.compare(ORDERS, ask, 100)

    assert (found.rows_before, found.rows_after, found.added, found.removed, found.changed) == (3, 4, 2, 1, 1)
    amount = found.columns[1]
    assert (amount.differ, amount.nulls_before, amount.nulls_after, amount.sum_before, amount.sum_after) == (1, 0, 0.5, 10, 12)
    assert found.key == ("ORDER_ID",), "by the name that the warehouse has"


def test_a_key_that_is_not_unique_matches_nothing():
    """Each row of one side would be joined to all its namesakes of the other: wrong, and as dear as can be."""
    found = comparison.compare(
        ORDERS, answers(count=[[[3]], [[3]]], describe=DESCRIBED, profile=[[[3, 3, 3, 6, 3, 1]], [[3, 2, 3, 6, 3, 1]]]), 100
    )

    assert (found.changed, found.note) == (None, "not unique: rows are not matched")


def test_a_model_without_a_key_is_counted_and_profiled():
    keyless = Model(name="log", before="A.B.LOG", after="A.C.LOG")

    found = comparison.compare(
        keyless, answers(count=[[[3]], [[3]]], describe=DESCRIBED, profile=[[[3, None, 3, 6, 3, 1]], [[3, None, 3, 6, 3, 2]]]), 100
    )

    assert (found.changed, found.note) == (None, "no key: rows are not matched")
    assert [each.name for each in found.columns if not each.same] == ["AMOUNT"]


def test_a_model_that_is_too_large_is_only_counted():
    """A comparison of billions of rows in every merge request is a bill."""
    found = comparison.compare(ORDERS, answers(count=[[[101]], [[100]]], describe=DESCRIBED), 100)

    assert (found.rows_before, found.rows_after, found.changed) == (100, 101, None)
    assert found.note == "more than 100 rows: only counted"


def test_what_the_warehouse_refuses_is_said_and_quotes_no_value(capsys: pytest.CaptureFixture[str]):
    """The message of a view that can't be computed holds the value that it stumbled over."""
    error = ProgrammingError("Numeric value 'Ada Lovelace' is not recognized", errno=100038, sqlstate="22018")

    found = comparison.compare(ORDERS, answers(count=[[[3]], error], describe=DESCRIBED), 100)

    assert found.rows_after == 3, "what was found before stays"
    assert found.note == "failed with Snowflake's code 100038: see the job's log"
    assert "Ada Lovelace" in capsys.readouterr().err


def test_a_query_that_takes_too_long_is_named_so():
    error = ProgrammingError("Statement reached its timeout", errno=630, sqlstate="57014")

    assert comparison.compare(ORDERS, answers(count=[error]), 100).note == "took longer than a comparison may"


def test_a_warehouse_that_is_not_there_fails_no_build():
    """The build is what the merge request is about."""
    login = {"account": "A-B", "user": "CI", "private_key": "", "private_key_passphrase": ""}
    values = stack_file("dev") | {
        "dbt-platform:warehouse": stack_file("dev")["dbt-platform:warehouse"] | {"authentication": "password"}
    }
    stack = Settings.read("dev", values)
    variables = models.told(stack, stack.workstreams["sales"], login, "MR_7_SALES")
    variables |= {
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": "1",
        "SNOWFLAKE_AUTHENTICATOR": "password",
        "SNOWFLAKE_PASSWORD": "x",
    }

    [found] = Comparer(MergeRequestSettings()).compare([ORDERS], read(variables).warehouse)

    assert found.note == "not compared: no connection, see the job's log"
    assert not Comparer(MergeRequestSettings(compare=False)).compare([ORDERS], read(variables).warehouse)


SEEN = Comparison(
    name="orders",
    rows_before=1200,
    rows_after=1203,
    key=("ORDER_ID",),
    added=5,
    removed=2,
    changed=7,
    columns=[
        column("ORDER_ID", sum_before=10.0, sum_after=20.0),
        column("AMOUNT", after="NUMBER(38,2)", sum_before=4000.0, sum_after=5000.0, nulls_before=0.0, nulls_after=0.25, differ=7),
        column("NOTE", TEXT, None),
        column("EXTRA", None),
        column("SAME", nulls_before=0.5, nulls_after=0.5, sum_before=0.1 + 0.2, sum_after=0.3, differ=0),
    ],
)


def test_the_table_says_what_differs_and_no_values():
    """A sum of one row is that row: whoever reads the merge request may not be somebody who may read the table."""
    text = tables("dev", {"sales": [SEEN, Comparison(name="quiet", rows_before=3, rows_after=3)]}, show_sums=False)

    assert (
        "| `orders` | 1,200 → 1,203 | 5 | 2 | 7 | `AMOUNT` `NUMBER(38,0)` → `NUMBER(38,2)`<br>removed `NOTE`<br>added `EXTRA`"
        in text
    )
    assert "| `orders` | `AMOUNT` | 7 | 0.00% → 25.00% | +25.00% |" in text
    assert "Without a difference: `quiet`." in text
    assert not [shown for shown in ("4,000", "5,000", "SAME", "`ORDER_ID` |  |") if shown in text]


def test_sums_are_shown_where_a_setting_says_so():
    assert "| 0.00% → 25.00% | 4,000 → 5,000 |" in tables("dev", {"sales": [SEEN]}, show_sums=True)


@pytest.mark.parametrize(("before", "after", "shown"), [(0.0, 5.0, "differs"), (None, 5.0, "differs"), (-4.0, -2.0, "+50.00%")])
def test_a_sum_that_was_nothing_has_no_part(before: float | None, after: float, shown: str):
    text = tables(
        "dev", {"sales": [Comparison(name="m", columns=[column("C", sum_before=before, sum_after=after)])]}, show_sums=False
    )

    assert f"| {shown} |" in text


def test_a_name_can_not_end_its_cell():
    """Whoever names a column could write the reviewer's comment."""
    text = tables("dev", {"sales": [Comparison(name="m", note="new", columns=[column("a|b` <img>", None)])]}, show_sums=False)

    assert r"added ``a\|b` <img>``" in text

"""A merge request's data beside the stack's, compared by a warehouse that computes."""

import pytest
from runner.environment import Warehouse

from ci.built import Model
from ci.comparison import Comparer, Comparison
from sandbox.testing.warehouse_server import ACCOUNT, HUGE, NAMES, Server, pem
from settings.sections.merge_requests import MergeRequestSettings

STATEMENTS = [
    "create schema PROD",
    "create schema MR_7",
    """create table PROD.ORDERS as
       select 1 as ORDER_ID, 10.50 as AMOUNT, 'open' as "Odd name", null::varchar as NOTE
       union all select 2, 5, 'open', 'x' union all select 3, 1, null, 'x'""",
    """create table MR_7.ORDERS as
       select 1 as ORDER_ID, 12.50 as AMOUNT, 'open' as "Odd name", 1 as EXTRA
       union all select 2, 5, 'shut', 2 union all select 4, null, null, 3 union all select 5, null, null, 3""",
    "create view PROD.TWICE as select ORDER_ID from PROD.ORDERS union all select ORDER_ID from PROD.ORDERS",
    "create view MR_7.TWICE as select * from PROD.TWICE",
    f"create view PROD.DEAR as {HUGE}",
    f"create view MR_7.DEAR as {HUGE}",
]


@pytest.fixture(scope="module")
def warehouse(server: Server) -> Warehouse:
    """With what a stack and a merge request have built."""
    with server.connect() as session:
        for statement in STATEMENTS:
            session.cursor().execute(statement)
    return Warehouse(
        **{name: NAMES[name] for name in ("user", "role", "database", "warehouse")},
        account=ACCOUNT,
        schema="MR_7",
        authenticator="keyPair",
        host="127.0.0.1",
        port=server.port,
        protocol="http",
        private_key=pem(server.key),
    )


def compared(warehouse: Warehouse, table: str, *key: str, **limits: int) -> Comparison:
    """One model, by this key."""
    model = Model(name=table, before=f"ANALYTICS.PROD.{table}", after=f"ANALYTICS.MR_7.{table}", keys=[key])
    [found] = Comparer(MergeRequestSettings.model_validate(limits)).compare([model], warehouse)
    return found


def test_what_the_merge_request_changed_is_found(warehouse: Warehouse):
    """Rows by their key, nulls in a key's column and in others, and columns of any name."""
    found = compared(warehouse, "ORDERS", "order_id")

    assert (found.rows_before, found.rows_after) == (3, 4)
    assert (found.added, found.removed, found.changed) == (2, 1, 2)
    columns = {column.name: column for column in found.columns}
    assert {name: column.differ for name, column in columns.items() if column.differ is not None} == {"AMOUNT": 1, "Odd name": 1}
    assert (columns["AMOUNT"].sum_before, columns["AMOUNT"].sum_after) == (16.5, 17.5)
    assert (columns["AMOUNT"].nulls_before, columns["AMOUNT"].nulls_after) == (0, 0.5)
    assert (columns["EXTRA"].type_before, columns["NOTE"].type_after) == (None, None)


def test_rows_that_a_key_does_not_tell_apart_are_not_joined(warehouse: Warehouse):
    found = compared(warehouse, "TWICE", "order_id")

    assert (found.rows_after, found.changed, found.note) == (6, None, "not unique: rows are not matched")


def test_a_query_that_is_too_dear_is_ended_and_said(warehouse: Warehouse):
    """Without a limit one view could keep the warehouse busy for days."""
    assert compared(warehouse, "DEAR", "x", maxQuerySeconds=1).note == "took longer than a comparison may"
    assert compared(warehouse, "ORDERS", "order_id", maxRows=3).note == "more than 3 rows: only counted"


def test_a_table_that_is_gone_is_said(warehouse: Warehouse):
    assert compared(warehouse, "GONE", "x").note.startswith("can't be read")

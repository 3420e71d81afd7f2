"""The project that teams copy: that it builds what its README promises, also twice and after late data."""

import json
from pathlib import Path

import pytest

from sandbox.paths import REPOSITORY
from sandbox.testing.account import Account
from sandbox.testing.warehouse_server import NAMES, Server
from tests.sandbox.runner_process import Runs

SALES = ["--select", "tag:sales"]
SHOP = REPOSITORY / "dbt_project"


@pytest.mark.slow
def test_the_shop_s_workstreams_build_what_its_readme_promises(server: Server, cloud: Account, bucket: str, tmp_path: Path):
    """The project that teams copy would be wrong."""
    for name in ("sales", "finance"):
        run = Runs(server, cloud, tmp_path, SHOP, name).run("run", "--select", f"tag:{name}")
        assert run.code == 0, run.text
        assert not [event for event in run.of("dbt") if "deprecat" in json.dumps(event).lower()]
        assert set(run.statuses.values()) <= {"success", "pass"}

    assert _rows(server, "SALES.CUSTOMERS", "CUSTOMER_ID, CUSTOMER_NAME, ORDERS, REVENUE") == [
        "1 Ada 2 45.50",
        "2 Brook 2 17.00",
        "3 Chidi 2 16.50",
        "4 Dara 0 0.00",
    ]
    assert _rows(server, "SALES.DAILY_SALES", "ORDERED_ON, ORDERS, PIECES, REVENUE") == [
        "2025-01-03 2 7 50.00",
        "2025-01-04 1 1 12.50",
        "2025-01-05 1 2 0.00",
        "2025-01-06 2 4 16.50",
    ]
    assert _rows(server, "FINANCE.RECEIVABLES", "INVOICE_ID, OUTSTANDING, STATUS") == [
        "5001 0.00 paid",
        "5002 7.00 partly paid",
        "5003 12.50 open",
        "5004 0.00 paid",
        "5005 40.00 open",
    ]
    assert _rows(server, "FINANCE.MONTHLY_REVENUE", "MONTH, INVOICED, COLLECTED") == [
        "2025-01-01 152.50 43.00",
        "2025-02-01 40.00 90.00",
    ]


@pytest.mark.slow
def test_the_shop_s_incremental_model_is_right_twice_and_after_late_data(
    server: Server, cloud: Account, bucket: str, tmp_path: Path
):
    """Orders would be counted twice, or those that arrive late never."""
    shop = Runs(server, cloud, tmp_path, SHOP, "shop2", {"SNOWFLAKE_SCHEMA": "SHOP2"})
    assert shop.run("run", *SALES).code == 0
    before = _rows(server, "SHOP2.ORDERS", "ORDER_ID, REVENUE")
    again = ("run", *SALES, "--exclude", "resource_type:seed")

    assert shop.run(*again, DBT_RUN_ID="run-2").code == 0
    assert _rows(server, "SHOP2.ORDERS", "ORDER_ID, REVENUE") == before

    now = "sysdate()"
    server.run(f"insert into ANALYTICS.SHOP2_RAW.ORDERS values (99, 4, '2024-12-31', 'completed', {now})")
    server.run(f"insert into ANALYTICS.SHOP2_RAW.ORDER_ITEMS values (90, 99, 3, 1, 8.00, {now}), (91, 103, 2, 2, 4.25, {now})")
    run = shop.run(*again, DBT_RUN_ID="run-3")

    assert run.code == 0, run.text
    after = _rows(server, "SHOP2.ORDERS", "ORDER_ID, REVENUE")
    assert after == ["99 8.00", *(row if not row.startswith("103 ") else "103 21.00" for row in before)]
    assert _rows(server, "SHOP2.CUSTOMERS", "CUSTOMER_ID, FIRST_ORDER_ON")[-1] == "4 2024-12-31"


def _rows(server: Server, table: str, columns: str) -> list[str]:
    return [" ".join(map(str, row)) for row in server.run(f"select {columns} from {NAMES['database']}.{table} order by 1")]

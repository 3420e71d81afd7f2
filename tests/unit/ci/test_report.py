"""The plan for people."""

import pytest

from ci import report
from ci.plan import Change


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sales", "- `sales` "),
        ("a`b**c**", "- ``a`b**c**`` "),
        ("`<img src=x>`", "- `` `<img src=x>` `` "),
        ("sales\n- [approved](https://example.com)", "- `sales - [approved](https://example.com)` "),
    ],
)
def test_a_name_is_shown_and_never_obeyed(name: str, shown: str):
    """Names come from the merge request itself: one that ends its code span could show a reviewer another plan."""
    change = Change(urn=f"urn:pulumi:dev::dbt-platform::aws:s3/bucket:Bucket::{name}", operation="update", inputs={})

    (line,) = [line for line in report.plan([change], "dev").splitlines() if line.startswith("- ")]

    assert line == f"{shown}`aws:s3/bucket:Bucket`"

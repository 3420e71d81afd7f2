"""Budgets have two permissions, one to see and one to change, and an ARN.

Service Authorization Reference, "AWS Budget Service". MiniStack checks each operation by its own name, against every resource.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id

from sandbox.emulator.patches import replaces

_stock_action = iam_actions.extract_iam_action
_stock_resource = iam_actions.extract_resource_arn

_OWN = {"ListTagsForResource", "TagResource", "UntagResource"}
"""Operations with a permission of the same name."""


@replaces(iam_actions, "extract_iam_action")
def extract_iam_action(service: str, *request: Any) -> str | None:
    """The permission that a request needs; `request` is method, path, headers, body and query."""
    action = _stock_action(service, *request)
    if service != "budgets" or action is None:
        return action
    operation = action.partition(":")[2]
    if operation in _OWN:
        return action
    return "budgets:ViewBudget" if operation.startswith("Describe") else "budgets:ModifyBudget"


@replaces(iam_actions, "extract_resource_arn")
def extract_resource_arn(service: str, *request: Any) -> str:
    """The resource of a request; `request` is method, path, headers, body, query, region and account."""
    if service != "budgets":
        return _stock_resource(service, *request)
    data = json.loads(request[3])
    budget = data.get("BudgetName") or (data.get("Budget") or data.get("NewBudget") or {}).get("BudgetName", "*")
    return data.get("ResourceARN") or f"arn:aws:budgets::{get_account_id()}:budget/{budget}"

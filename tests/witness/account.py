"""An AWS account by moto, for Terraform: `python -m tests.witness.account PORT`.

moto lacks what is mended here: conditions of bucket policies (it ignores them), its own look at log delivery (it fails on
Principal `*`), a zone that is private because it has a VPC, changes, subscribers and tags of budgets, and Amazon MWAA, whose calls
go to a host `api.` of their own, so to this server as HTTP proxy.
"""

import json
import sys
from typing import Any

from moto.budgets.models import budgets_backends
from moto.budgets.responses import BudgetsResponse
from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.route53.responses import Route53
from moto.s3 import models as s3
from werkzeug.serving import run_simple

from tests.witness.environments import Environments


def mend() -> None:
    """Make moto answer as AWS does."""
    for name, answer in {"get_permission": PermissionResult.NEUTRAL, "_log_permissions_enabled_policy": True}.items():
        setattr(s3.FakeBucket, name, lambda *_, answer=answer, **__: answer)
    _mend_zones()
    _mend_budgets()


def _mend_zones() -> None:
    asked = Route53._get_bool_param

    def private(self: Route53, name: str, default: Any = None) -> Any:
        return asked(self, name, default) or (name == "HostedZoneConfig.PrivateZone" and bool(self._get_param("VPC.VPCId")))

    setattr(Route53, asked.__name__, private)


def _mend_budgets() -> None:
    created = BudgetsResponse.create_budget
    tags: dict[str, list[Any]] = {}

    def create(self: BudgetsResponse) -> str:
        name = self._get_param("Budget")["BudgetName"]
        tags[f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{name}"] = self._get_param("ResourceTags", [])
        return created(self)

    def retag(self: BudgetsResponse) -> str:
        kept = {tag["Key"]: tag["Value"] for tag in tags.get(self._get_param("ResourceARN"), [])}
        kept.update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags", [])})
        left = {key: value for key, value in kept.items() if key not in (self._get_param("ResourceTagKeys") or [])}
        tags[self._get_param("ResourceARN")] = [{"Key": key, "Value": value} for key, value in left.items()]
        return "{}"

    def update(self: BudgetsResponse) -> str:
        budget = budgets_backends[self._get_param("AccountId")]["global"].budgets[self._get_param("AccountId")]
        budget[self._get_param("NewBudget")["BudgetName"]].budget.update(self._get_param("NewBudget"))
        return "{}"

    def subscribers(self: BudgetsResponse) -> str:
        account = self._get_param("AccountId")
        budget = budgets_backends[account]["global"].budgets[account][self._get_param("BudgetName")]
        wanted = self._get_param("Notification")
        found = [
            subscriber
            for each in budget.notifications
            if all(vars(each)["details"].get(key) == value for key, value in wanted.items() if key != "NotificationState")
            for subscriber in vars(each)["subscribers"]
        ]
        return json.dumps({"Subscribers": found})

    def told_tags(self: BudgetsResponse) -> str:
        return json.dumps({"ResourceTags": tags.get(self._get_param("ResourceARN"), [])})

    mended = {
        "create_budget": create,
        "update_budget": update,
        "tag_resource": retag,
        "untag_resource": retag,
        "describe_subscribers_for_notification": subscribers,
        "list_tags_for_resource": told_tags,
    }
    for call, method in mended.items():
        setattr(BudgetsResponse, call, method)


def main(port: int) -> None:
    mend()
    moto, airflow = DomainDispatcherApplication(create_backend_app), Environments().application()

    def both(environ: Any, respond: Any) -> Any:
        return (airflow if environ["HTTP_HOST"].startswith("api.") else moto)(environ, respond)

    run_simple("127.0.0.1", port, both, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))

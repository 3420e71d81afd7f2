"""Amazon MWAA as far as hashicorp/aws asks it: environments that are there at once. moto has no such service."""

import time
from typing import Any

from flask import Flask, Response, jsonify, request

from tests.unit.recorder import ACCOUNT_ID, REGION

LOGS = {
    "DagProcessingLogs": "DAGProcessing",
    "SchedulerLogs": "Scheduler",
    "TaskLogs": "Task",
    "WebserverLogs": "WebServer",
    "WorkerLogs": "Worker",
}
DEFAULTS = {
    "AirflowConfigurationOptions": {},
    "EndpointManagement": "SERVICE",
    "WebserverAccessMode": "PRIVATE_ONLY",
    "WeeklyMaintenanceWindowStart": "SUN:20:30",
}
"""Amazon MWAA API reference, CreateEnvironment."""

MADE = {
    "ServiceRoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/airflow.amazonaws.com/AWSServiceRoleForAmazonMWAA",
    "WebserverUrl": f"uuid.c1.{REGION}.airflow.amazonaws.com",
    "DatabaseVpcEndpointService": "com.amazonaws.vpce.database",
    "WebserverVpcEndpointService": "com.amazonaws.vpce.webserver",
}
"""What AWS adds."""


class Environments:
    """By ARN, as AWS tells them."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def application(self) -> Flask:
        app = Flask(__name__)
        app.add_url_rule("/environments/<name>", view_func=self.create, methods=["PUT"])
        app.add_url_rule("/environments/<name>", view_func=self.get, methods=["GET"])
        app.add_url_rule("/environments/<name>", view_func=self.update, methods=["PATCH"])
        app.add_url_rule("/environments/<name>", view_func=self.delete, methods=["DELETE"])
        app.add_url_rule("/tags/<path:arn>", view_func=self.tags, methods=["GET", "POST", "DELETE"])
        return app

    def create(self, name: str) -> Response:
        now = {"Status": "AVAILABLE", "CreatedAt": time.time(), "LastUpdate": {"Status": "SUCCESS", "CreatedAt": time.time()}}
        return self._keep({**DEFAULTS, **request.get_json(force=True), **now, **MADE, "Name": name, "Arn": _arn(name)})

    def get(self, name: str) -> Response | tuple[Response, int, dict[str, str]]:
        if _arn(name) not in self._known:
            return jsonify(message="not found"), 404, {"x-amzn-ErrorType": "ResourceNotFoundException"}
        return jsonify(Environment=self._known[_arn(name)])

    def update(self, name: str) -> Response:
        return self._keep({**self._known[_arn(name)], **request.get_json(force=True)})

    def delete(self, name: str) -> Response:
        del self._known[_arn(name)]
        return jsonify({})

    def tags(self, arn: str) -> Response:
        known = self._known[arn].setdefault("Tags", {})
        if request.method == "POST":
            known.update(request.get_json(force=True)["Tags"])
        for key in request.args.getlist("tagKeys") if request.method == "DELETE" else []:
            known.pop(key, None)
        return jsonify(Tags=known)

    def _keep(self, environment: dict[str, Any]) -> Response:
        logging = environment.setdefault("LoggingConfiguration", {})
        for kind, name in LOGS.items():
            known = logging.setdefault(kind, {"Enabled": False, "LogLevel": "INFO"})
            if known["Enabled"]:
                group = f"log-group:airflow-{environment['Name']}-{name}"
                known["CloudWatchLogGroupArn"] = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:{group}"
        self._known[environment["Arn"]] = environment
        return jsonify(Arn=environment["Arn"])


def _arn(name: str) -> str:
    return f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:environment/{name}"

"""What whoever runs workstreams has of its own on a platform: images, log-ins, receivers, and the workstreams themselves."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.credentials import Credentials, CredentialsArgs
from components.image import DbtImage, DbtImageArgs
from components.logs import Logs
from components.monitoring.alerts import Alerts, AlertsArgs
from components.platform import Platform
from components.registry import Registry, RegistryArgs
from components.workstream import Workstream, WorkstreamArgs
from settings import upstreams
from settings.rules import DEFAULT_CONNECTION
from settings.stack import Settings


class Tenant:
    """The one of a stack: everybody's, where the stack is the platform itself; else a team's.

    No component, so that a workstream has the same place in every stack.
    """

    def __init__(self, settings: Settings, platform: Platform) -> None:
        account, disposable, key = platform.account, settings.disposable, platform.key.arn
        self._settings = settings
        self.registry = Registry(
            "dbt",
            RegistryArgs(
                account=account,
                kms_key_arn=key,
                builds=[build.name for build in settings.builds],
                disposable=disposable,
                readers=settings.image.shared_with,
            ),
        )
        self.images = {
            build: DbtImage(build.name, DbtImageArgs(build=build, settings=settings.image, registry=self.registry))
            for build in settings.builds
        }
        self.credentials = {
            name: Credentials(
                "snowflake" if name == DEFAULT_CONNECTION else f"snowflake-{name}",
                CredentialsArgs(
                    account=account,
                    connection=name,
                    authentication=login.authentication,
                    kms_key_arn=key,
                    disposable=disposable,
                ),
            )
            for name, login in settings.logins.items()
        }
        self.alerts = Alerts("alerts", AlertsArgs(account=account, kms_key_arn=key, settings=settings.alerts))
        reading = upstreams.load(settings)
        logs = Logs(kms_key_arn=key, retention_days=settings.log_retention_days)
        self.workstreams = {
            name: Workstream(
                name,
                WorkstreamArgs(
                    platform=platform,
                    settings=workstream,
                    warehouse=settings.login_of(workstream),
                    environment=settings.environment,
                    image=self.images[workstream.build],
                    project_state=settings.project_state(name),
                    upstreams=reading[name],
                    secret_arn=self.credentials[workstream.connection].secret_arn,
                    alerts=self.alerts,
                    logs=logs,
                    disposable=disposable,
                ),
            )
            for name, workstream in settings.workstreams.items()
        }

    @property
    def dag_configurations(self) -> dict[str, Mapping[str, Any]]:
        """By workstream."""
        return {name: workstream.dag_configuration for name, workstream in self.workstreams.items()}

    @property
    def outputs(self) -> dict[str, pulumi.Input[Any]]:
        """Of the stack."""
        settings = self._settings
        return {
            "repositoryUrl": self.registry.url,
            "images": {build.name: image.reference for build, image in self.images.items()},
            "projects": {build.name: build.source._asdict() for build in settings.builds if build.source},
            "secretArn": self.credentials[DEFAULT_CONNECTION].secret_arn,
            "alertTopicArn": self.alerts.topic_arn,
            "chatTopicArn": self.alerts.platform.chat,
            "warehouse": settings.warehouse.login,
            "connections": {
                name: {**settings.logins[name].login, "secretArn": credential.secret_arn}
                for name, credential in self.credentials.items()
                if name != DEFAULT_CONNECTION
            },
            "workstreams": {name: workstream.summary for name, workstream in self.workstreams.items()},
        }

"""The platform, from the network up to the schedules."""

import pulumi

from components.account import Account
from components.airflow import Airflow, AirflowArgs
from components.callers import leave_out_callers
from components.cluster import Cluster, ClusterArgs
from components.credentials import Credentials, CredentialsArgs
from components.dags import Dags, DagsArgs
from components.encryption import EncryptionKey, EncryptionKeyArgs
from components.image import DbtImage, DbtImageArgs
from components.logs import Logs
from components.monitoring.alerts import Alerts, AlertsArgs
from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.network.network import Network, NetworkArgs
from components.registry import Registry, RegistryArgs
from components.storage import Storage, StorageArgs
from components.workstream import Workstream, WorkstreamArgs
from settings import upstreams
from settings.rules import DEFAULT_CONNECTION
from settings.stack import Settings

leave_out_callers()
settings = Settings.load()
account = Account.current(permissions_boundary=settings.permissions_boundary)
production, disposable = settings.production, settings.disposable
key = EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=disposable))
logs = Logs(kms_key_arn=key.arn, retention_days=settings.log_retention_days)
network = Network(
    "platform",
    NetworkArgs(account=account, settings=settings.network, production=production, warehouse=settings.warehouse, logs=logs),
)
storage = Storage(
    "platform", StorageArgs(account=account, kms_key_arn=key.arn, settings=settings.artifacts, logs=logs, disposable=disposable)
)
registry = Registry(
    "dbt",
    RegistryArgs(
        account=account,
        kms_key_arn=key.arn,
        builds=[build.name for build in settings.builds],
        disposable=disposable,
        readers=settings.image.shared_with,
    ),
)
images = {
    build: DbtImage(build.name, DbtImageArgs(build=build, settings=settings.image, registry=registry)) for build in settings.builds
}
credentials = {
    name: Credentials(
        "snowflake" if name == DEFAULT_CONNECTION else f"snowflake-{name}",
        CredentialsArgs(
            account=account,
            connection=name,
            authentication=login.authentication,
            kms_key_arn=key.arn,
            disposable=disposable,
        ),
    )
    for name, login in settings.logins.items()
}
alerts = Alerts("alerts", AlertsArgs(account=account, kms_key_arn=key.arn, settings=settings.alerts))
cluster = Cluster("platform", ClusterArgs(logs=logs))
reading = upstreams.load(settings)

workstreams = {
    name: Workstream(
        name,
        WorkstreamArgs(
            account=account,
            settings=workstream,
            warehouse=settings.login_of(workstream),
            airflow=settings.airflow,
            environment=settings.environment,
            image=images[workstream.build],
            key=key,
            network=network,
            cluster=cluster,
            artifacts=storage.artifacts,
            project_state=settings.project_state(name),
            upstreams=reading[name],
            secret_arn=credentials[workstream.connection].secret_arn,
            alerts=alerts,
            logs=logs,
            disposable=disposable,
        ),
    )
    for name, workstream in settings.workstreams.items()
}
airflow = Airflow(
    "platform",
    AirflowArgs(
        account=account,
        settings=settings.airflow,
        key=key,
        network=network,
        cluster=cluster,
        storage=storage,
        alert_topic_arns=alerts.arns,
        secret_arns=[credential.secret_arn for credential in credentials.values() if credential.secret_arn],
        logs=logs,
    ),
)
Dags("platform", DagsArgs(bucket=storage.dags, configurations={name: w.dag_configuration for name, w in workstreams.items()}))
monitoring = Monitoring(
    "platform",
    MonitoringArgs(
        account=account,
        settings=settings.alerts,
        key=key,
        alerts=alerts,
        cluster=cluster,
        airflow=airflow,
        workstreams=len(workstreams),
    ),
)

pulumi.export("region", account.region)
pulumi.export("vpcId", network.vpc_id)
pulumi.export("privateSubnetIds", network.private_subnet_ids)
pulumi.export("airflowSecurityGroupId", network.airflow.id)
pulumi.export("dagBucket", storage.dags.name)
pulumi.export("artifactsBucket", storage.artifacts.name)
pulumi.export("repositoryUrl", registry.url)
pulumi.export("images", {build.name: image.reference for build, image in images.items()})
pulumi.export("projects", {build.name: build.source._asdict() for build in settings.builds if build.source})
pulumi.export("clusterArn", cluster.arn)
pulumi.export("secretArn", credentials[DEFAULT_CONNECTION].secret_arn)
pulumi.export("airflowEnvironment", airflow.name)
pulumi.export("airflowUrl", airflow.url)
pulumi.export("airflowLogGroups", airflow.log_groups)
pulumi.export("alertTopicArn", alerts.topic_arn)
pulumi.export("chatTopicArn", alerts.platform.chat)
pulumi.export("dashboardUrl", monitoring.dashboard_url)
pulumi.export("warehouse", settings.warehouse.login)
pulumi.export(
    "connections",
    {
        name: {**settings.logins[name].login, "secretArn": credential.secret_arn}
        for name, credential in credentials.items()
        if name != DEFAULT_CONNECTION
    },
)
pulumi.export("workstreams", {name: workstream.summary for name, workstream in workstreams.items()})

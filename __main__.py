"""The platform, from the network up to the schedules; or a team's workstreams, on a platform that another stack is."""

import pulumi

from components import sdk
from components.account import Account
from components.airflow import Airflow, AirflowArgs
from components.bucket import Bucket
from components.cluster import Cluster, ClusterArgs
from components.dags import Dags, DagsArgs, dag_files
from components.encryption import EncryptionKey, EncryptionKeyArgs
from components.logs import Logs
from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.network.network import Network, NetworkArgs
from components.platform import Contract, Platform
from components.storage import Storage, StorageArgs
from components.tenant import Tenant
from settings.stack import Settings
from settings.teams import OUTPUT

sdk.spare()
settings = Settings.load()
account = Account.current(permissions_boundary=settings.permissions_boundary)

if settings.team is None:
    production, disposable = settings.production, settings.disposable
    key = EncryptionKey("platform", EncryptionKeyArgs(account=account, disposable=disposable))
    logs = Logs(kms_key_arn=key.arn, retention_days=settings.log_retention_days)
    network = Network(
        "platform",
        NetworkArgs(account=account, settings=settings.network, production=production, warehouse=settings.warehouse, logs=logs),
    )
    storage = Storage(
        "platform",
        StorageArgs(account=account, kms_key_arn=key.arn, settings=settings.artifacts, logs=logs, disposable=disposable),
    )
    cluster = Cluster("platform", ClusterArgs(logs=logs))
    platform = Platform(
        account=account,
        key=key.key,
        private_subnet_ids=network.private_subnet_ids,
        task_security_group_id=network.task_security_group_id,
        cluster_arn=cluster.arn,
        dag_bucket=storage.dags.name,
        artifacts=Bucket(storage.artifacts.name, storage.artifacts.arn),
        pool_slots=settings.airflow.pool_slots,
        failed_model_tasks=settings.airflow.failed_model_tasks,
        console_link=settings.airflow.console_link,
    )
    tenant = Tenant(settings, platform)
    airflow = Airflow(
        "platform",
        AirflowArgs(
            account=account,
            settings=settings.airflow,
            key=key,
            network=network,
            cluster=cluster,
            storage=storage,
            alert_topic_arns=tenant.alerts.arns,
            secret_arns=[credential.secret_arn for credential in tenant.credentials.values() if credential.secret_arn],
            teams=list(settings.teams),
            logs=logs,
        ),
    )
    dags = DagsArgs(
        bucket=platform.dag_bucket,
        configurations=tenant.dag_configurations,
        files=dag_files(),
        teams=settings.guests,
        ready=[storage.dags],
    )
    monitoring = Monitoring(
        "platform",
        MonitoringArgs(
            account=account,
            settings=settings.alerts,
            key=key,
            alerts=tenant.alerts,
            cluster=cluster,
            airflow=airflow,
            workstreams=None if settings.teams else len(tenant.workstreams),
        ),
    )
    outputs = {
        "region": account.region,
        "vpcId": network.vpc_id,
        "privateSubnetIds": network.private_subnet_ids,
        "airflowSecurityGroupId": network.airflow.id,
        "dagBucket": storage.dags.name,
        "artifactsBucket": storage.artifacts.name,
        "clusterArn": cluster.arn,
        "airflowEnvironment": airflow.name,
        "airflowUrl": airflow.url,
        "airflowLogGroups": airflow.log_groups,
        "dashboardUrl": monitoring.dashboard_url,
    }
    if settings.teams:
        outputs |= {OUTPUT: platform.contract(settings, outputs)}
else:
    contract = Contract.of(settings.team)
    contract.require(settings, settings.team, account)
    platform = Platform.of_another_stack(contract, account)
    tenant = Tenant(settings, platform)
    dags = DagsArgs(bucket=platform.dag_bucket, configurations=tenant.dag_configurations)
    outputs = contract.outputs

Dags("platform", dags)
for name, value in {**outputs, **tenant.outputs}.items():
    pulumi.export(name, value)

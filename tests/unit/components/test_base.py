"""The identity of the components: what Pulumi knows them by."""

from tests.unit.recorder import Stack

TYPES = {
    "dbt-platform:airflow:Airflow",
    "dbt-platform:alarms:AirflowAlarms",
    "dbt-platform:alerts:Alerts",
    "dbt-platform:bucket:PrivateBucket",
    "dbt-platform:budget:Budget",
    "dbt-platform:cluster:Cluster",
    "dbt-platform:credentials:Credentials",
    "dbt-platform:dags:Dags",
    "dbt-platform:dashboard:Dashboard",
    "dbt-platform:encryption:EncryptionKey",
    "dbt-platform:endpoints:Endpoints",
    "dbt-platform:flow_logs:FlowLogs",
    "dbt-platform:image:DbtImage",
    "dbt-platform:monitoring:Monitoring",
    "dbt-platform:nat:NatGateways",
    "dbt-platform:network:Network",
    "dbt-platform:registry:Registry",
    "dbt-platform:s3_gateway:S3Gateway",
    "dbt-platform:security_group:SecurityGroup",
    "dbt-platform:snowflake_endpoint:SnowflakeEndpoint",
    "dbt-platform:storage:Storage",
    "dbt-platform:subnet:Subnet",
    "dbt-platform:task_failures:TaskFailures",
    "dbt-platform:workstream:Workstream",
}


def test_no_component_changes_its_type(development: Stack, production: Stack, private: Stack):
    """A type token is part of the URN of all that is inside, and comes from the names of file and class. With another one the
    engine deletes what is deployed and makes it anew: MWAA with its history, a bucket with its objects. Who renames a file or a
    class gives the component its `former_type` (see components/airflow.py) and then changes this list.
    """
    found = {request.type for stack in (development, production, private) for request, _ in stack.exchanges if not request.custom}

    assert {name for name in found if name.startswith("dbt-platform:")} == TYPES


def test_a_role_is_known_by_where_it_was_with_a_component_of_its_own(production: Stack):
    """A stack that was deployed so keeps its roles: new ones would be a new revision of every task definition, and a restart."""
    roles = [request for request, _ in production.exchanges if request.type.startswith("aws:iam/role")]

    assert len(roles) >= 8
    for request in roles:
        former = f"{request.parent.rpartition('::')[0]}$dbt-platform:role:ServiceRole::{request.name}"
        assert request.aliases[0].spec.parentUrn == former

"""What an AWS account holds, read with boto3, without what every account has from the start."""

from typing import Any

from sandbox.demo.demo import client
from sandbox.demo.stack import Stack


def inventory(stack: Stack) -> dict[str, list[str]]:
    """Names or ids of all resources, by kind; kinds of which there is none are left out."""
    zones = client(stack, "route53").list_hosted_zones()["HostedZones"]
    found = {**_network(client(stack, "ec2")), "zone": [zone["Name"] for zone in zones], **_data(stack), **_compute(stack)}
    return {kind: sorted(names) for kind, names in found.items() if names}


def _network(ec2: Any) -> dict[str, list[str]]:
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]

    def ours(items: list[dict[str, Any]], key: str) -> list[str]:
        return [item[key] for item in items if item.get("VpcId") in vpcs]

    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    return {
        "VPC": vpcs,
        "subnet": ours(ec2.describe_subnets()["Subnets"], "SubnetId"),
        "security group": ours(ec2.describe_security_groups()["SecurityGroups"], "GroupId"),
        "route table": ours(ec2.describe_route_tables()["RouteTables"], "RouteTableId"),
        "internet gateway": [g["InternetGatewayId"] for g in gateways if any(a["VpcId"] in vpcs for a in g["Attachments"])],
        "NAT gateway": [n["NatGatewayId"] for n in ec2.describe_nat_gateways()["NatGateways"] if n["State"] != "deleted"],
        "elastic IP": [address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]],
        "VPC endpoint": [e["VpcEndpointId"] for e in ec2.describe_vpc_endpoints()["VpcEndpoints"] if e["State"] != "deleted"],
        "flow log": [log["FlowLogId"] for log in ec2.describe_flow_logs()["FlowLogs"]],
    }


def _data(stack: Stack) -> dict[str, list[str]]:
    kms = client(stack, "kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return {
        "bucket": [bucket["Name"] for bucket in client(stack, "s3").list_buckets()["Buckets"]],
        # A key can't be deleted at once: AWS keeps it, unusable, for 7 days or more.
        "key": [key["KeyId"] for key in keys if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"],
        "key alias": [a["AliasName"] for a in kms.list_aliases()["Aliases"] if not a["AliasName"].startswith("alias/aws/")],
        "secret": [secret["Name"] for secret in client(stack, "secretsmanager").list_secrets()["SecretList"]],
        "repository": [r["repositoryName"] for r in client(stack, "ecr").describe_repositories()["repositories"]],
    }


def _compute(stack: Stack) -> dict[str, list[str]]:
    ecs = client(stack, "ecs")
    arns = ecs.list_clusters()["clusterArns"]
    clusters = ecs.describe_clusters(clusters=arns)["clusters"] if arns else []
    cloudwatch = client(stack, "cloudwatch")
    budgets = client(stack, "budgets").describe_budgets(AccountId=stack.state.account)
    return {
        "alarm": [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]],
        "dashboard": [page["DashboardName"] for page in cloudwatch.list_dashboards()["DashboardEntries"]],
        "budget": [budget["BudgetName"] for budget in budgets.get("Budgets", [])],
        "rule": [rule["Name"] for rule in client(stack, "events").list_rules()["Rules"]],
        "cluster": [cluster["clusterName"] for cluster in clusters if cluster["status"] == "ACTIVE"],
        "task definition": ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        "role": [role["RoleName"] for role in client(stack, "iam").list_roles()["Roles"]],
        "log group": [group["logGroupName"] for group in client(stack, "logs").describe_log_groups()["logGroups"]],
        "Airflow environment": client(stack, "mwaa").list_environments()["Environments"],
        "topic": [topic["TopicArn"] for topic in client(stack, "sns").list_topics()["Topics"]],
    }

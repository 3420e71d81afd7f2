"""Small programs that together use every resource type of the aws stand-in, each in three versions.

Version 1 creates, version 2 changes in place what can be, version 3 changes what needs a replacement; Airflow's third
version can't be made.
"""

import json
from typing import Any

import pulumi
import pulumi_aws as aws


def policy(**statement: Any) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def trust(*services: str) -> pulumi.Output[str]:
    return policy(Principal={"Service": list(services)}, Action="sts:AssumeRole")


def since(version: int, now: int, then: Any, before: Any = None) -> Any:
    """A value that appears with a version."""
    return then if now >= version else before


def network(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    vpc = aws.ec2.Vpc("net", cidr_block="10.20.0.0/16", enable_dns_hostnames=version > 1, tags=tags)
    aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc.id, tags=tags)
    zones = aws.get_availability_zones(state="available").names
    public = aws.ec2.Subnet(
        "public", vpc_id=vpc.id, cidr_block="10.20.0.0/24", availability_zone=zones[0], map_public_ip_on_launch=version > 1
    )
    private = aws.ec2.Subnet(
        "private",
        vpc_id=vpc.id,
        cidr_block=since(3, version, "10.20.9.0/24", "10.20.1.0/24"),
        availability_zone=zones[1],
        tags=tags,
    )
    internet = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, tags=tags)
    address = aws.ec2.Eip("address", domain="vpc", tags=tags)
    nat = aws.ec2.NatGateway("nat", subnet_id=public.id, allocation_id=address.id, tags=tags)
    one, two = (aws.ec2.RouteTable(name, vpc_id=vpc.id, tags=tags) for name in ("one", "two"))
    aws.ec2.Route(
        "out",
        route_table_id=one.id,
        destination_cidr_block=since(3, version, "0.0.0.0/1", "0.0.0.0/0"),
        gateway_id=since(2, version, None, internet.id),
        nat_gateway_id=since(2, version, nat.id),
    )
    aws.ec2.RouteTableAssociation("public", subnet_id=public.id, route_table_id=since(2, version, two.id, one.id))
    group = aws.ec2.SecurityGroup("tasks", vpc_id=vpc.id, description=since(3, version, "new", "dbt tasks"), tags=tags)
    aws.vpc.SecurityGroupIngressRule(
        "self", security_group_id=group.id, referenced_security_group_id=group.id, ip_protocol="-1", tags=tags
    )
    port = since(2, version, 8443, 443)
    aws.vpc.SecurityGroupEgressRule(
        "https", security_group_id=group.id, cidr_ipv4="0.0.0.0/0", ip_protocol="tcp", from_port=port, to_port=port
    )
    gateway = aws.ec2.VpcEndpoint(
        "s3",
        vpc_id=vpc.id,
        service_name="com.amazonaws.eu-west-1.s3",
        route_table_ids=[one.id, *since(2, version, [two.id], [])],
        policy=policy(Principal="*", Action=since(2, version, "s3:Get*", "s3:*"), Resource="*"),
    )
    aws.vpc.SecurityGroupEgressRule(
        "s3", security_group_id=group.id, prefix_list_id=gateway.prefix_list_id, ip_protocol="tcp", from_port=443, to_port=port
    )
    aws.ec2.VpcEndpoint(
        "ecr",
        vpc_id=vpc.id,
        service_name="com.amazonaws.eu-west-1.ecr.api",
        vpc_endpoint_type="Interface",
        subnet_ids=[public.id],
        security_group_ids=[group.id],
        private_dns_enabled=version > 1,
    )
    logs = aws.cloudwatch.LogGroup("flow")
    role = aws.iam.Role("flow", assume_role_policy=trust("vpc-flow-logs.amazonaws.com"))
    aws.ec2.FlowLog(
        "flow",
        vpc_id=vpc.id,
        traffic_type=since(3, version, "REJECT", "ALL"),
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        tags=tags,
    )
    pulumi.export("vpc", vpc.id)
    pulumi.export("nat", nat.id)
    pulumi.export("group", group.id)
    pulumi.export("private", private.id)


def names(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    vpc = aws.ec2.Vpc("names", cidr_block="10.22.0.0/16", enable_dns_hostnames=True)
    subnet = aws.ec2.Subnet("names", vpc_id=vpc.id, cidr_block="10.22.0.0/24")
    old, new = (
        aws.ec2.VpcEndpoint(
            name,
            vpc_id=vpc.id,
            service_name="com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0",
            vpc_endpoint_type="Interface",
            subnet_ids=[subnet.id],
        )
        for name in ("old", "new")
    )
    zone = aws.route53.Zone(
        "names",
        name=since(3, version, "other.example.com", "example.com"),
        comment=since(2, version, "new", "old"),
        vpcs=[{"vpc_id": vpc.id}],
        tags=tags,
    )
    entry = since(2, version, new, old).dns_entries[0]
    aws.route53.Record(
        "names",
        zone_id=zone.zone_id,
        name=zone.name,
        type="A",
        aliases=[{"name": entry.dns_name, "zone_id": entry.hosted_zone_id, "evaluate_target_health": False}],
    )
    pulumi.export("zone", zone.zone_id)
    pulumi.export("target", entry.dns_name)


def storage(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    account = aws.get_caller_identity().account_id
    key = aws.kms.Key(
        "data",
        description=since(2, version, "new", "old"),
        enable_key_rotation=True,
        rotation_period_in_days=since(2, version, 90),
        deletion_window_in_days=7,
        policy=policy(Sid=f"v{version}", Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="kms:*", Resource="*"),
        tags=tags,
    )
    other = aws.kms.Key("other", deletion_window_in_days=7, multi_region=version > 2)
    aws.kms.Alias("data", target_key_id=since(2, version, other.key_id, key.key_id))
    bucket = aws.s3.Bucket("dags", force_destroy=True, tags=tags)
    aws.s3.BucketOwnershipControls("dags", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
    aws.s3.BucketPublicAccessBlock(
        "dags",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=version > 1,
        restrict_public_buckets=True,
    )
    versioning = aws.s3.BucketVersioning("dags", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    encryption = aws.s3.BucketServerSideEncryptionConfiguration(
        "dags",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": since(2, version, other.arn, key.arn),
                },
                "bucket_key_enabled": True,
            }
        ],
    )
    statement = {
        "Principal": {"AWS": account},
        "Action": "s3:GetObject",
        "Resource": bucket.arn.apply(lambda arn: f"{arn}/public/*"),
    }
    aws.s3.BucketPolicy("dags", bucket=bucket.id, policy=policy(Sid=f"v{version}", **statement))
    aws.s3.BucketLifecycleConfiguration(
        "dags",
        bucket=bucket.id,
        rules=[
            {
                "id": "old",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "noncurrent_version_expiration": {"noncurrent_days": since(2, version, 60, 30)},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
        opts=pulumi.ResourceOptions(depends_on=[versioning]),
    )
    logs = aws.s3.Bucket("logs", force_destroy=True)
    aws.s3.BucketLogging("dags", bucket=bucket.id, target_bucket=logs.id, target_prefix=since(2, version, "dags/new/", "dags/old/"))
    text = aws.s3.BucketObjectv2(
        "requirements",
        bucket=bucket.id,
        key=since(3, version, "new.txt", "requirements.txt"),
        content=since(2, version, "# new\n", "# old\n"),
        content_type="text/plain",
        opts=pulumi.ResourceOptions(depends_on=[versioning, encryption]),
    )
    aws.s3.BucketObjectv2(
        "dag",
        bucket=bucket.id,
        key="dags/dag.py",
        source=pulumi.StringAsset(since(2, version, "new", "old")),
        opts=pulumi.ResourceOptions(depends_on=[versioning, encryption]),
    )
    pulumi.export("bucket", bucket.id)
    pulumi.export("key", key.id)
    pulumi.export("requirementsVersion", text.version_id)


def identity(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    ceiling = aws.iam.Policy(
        "ceiling",
        path=since(3, version, "/dbt/", "/"),
        policy=policy(Action=since(2, version, "s3:*", "s3:Get*"), Resource="*"),
        tags=tags,
    )
    role = aws.iam.Role(
        "task",
        path=since(3, version, "/dbt/", "/"),
        assume_role_policy=trust("ecs-tasks.amazonaws.com", *since(2, version, ["airflow.amazonaws.com"], [])),
        max_session_duration=since(2, version, 7200),
        description=since(2, version, "new", "old"),
        permissions_boundary=since(2, version, ceiling.arn),
        tags=tags,
    )
    issuer = aws.iam.OpenIdConnectProvider(
        "gitlab",
        url=since(3, version, "https://gitlab.example.com", "https://gitlab.com"),
        client_id_lists=["sts.amazonaws.com", *since(2, version, ["other"], [])],
        tags=tags,
    )
    aws.iam.RolePolicy(
        "task", role=role.name, policy=policy(Action=["s3:Get*", since(2, version, "s3:Put*", "s3:List*")], Resource=["*"])
    )
    aws.iam.RolePolicyAttachment("task", role=role.name, policy_arn=ceiling.arn)
    key = aws.kms.Key("secret", deletion_window_in_days=7)
    secret = aws.secretsmanager.Secret(
        "login",
        name=since(3, version, "dbt/new", "dbt/login"),
        description=since(2, version, "new", "old"),
        kms_key_id=since(2, version, key.arn),
        recovery_window_in_days=0,
        tags=tags,
    )
    aws.secretsmanager.SecretPolicy(
        "login",
        secret_arn=secret.arn,
        block_public_policy=True,
        policy=policy(Sid=f"v{version}", Principal={"AWS": role.arn}, Action="secretsmanager:GetSecretValue", Resource="*"),
    )
    topic = aws.sns.Topic(
        "alerts", name=since(3, version, "new"), display_name=since(2, version, "new", "old"), kms_master_key_id=key.id, tags=tags
    )
    aws.sns.TopicPolicy(
        "alerts",
        arn=topic.arn,
        policy=policy(Sid=f"v{version}", Principal={"Service": "events.amazonaws.com"}, Action="sns:Publish", Resource=topic.arn),
    )
    aws.sns.TopicSubscription("mail", topic=topic.arn, protocol="email", endpoint="data@example.com")
    pulumi.export("role", role.name)
    pulumi.export("issuer", issuer.arn)
    pulumi.export("secret", secret.arn)
    pulumi.export("topic", topic.arn)


def compute(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    account = aws.get_caller_identity().account_id
    users = {"AWS": f"arn:aws:iam::{account}:root", "Service": "logs.eu-west-1.amazonaws.com"}
    key = aws.kms.Key("images", deletion_window_in_days=7, policy=policy(Principal=users, Action="kms:*", Resource="*"))
    encryption = aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key.arn)
    repository = aws.ecr.Repository(
        "dbt",
        image_tag_mutability=since(2, version, "MUTABLE", "IMMUTABLE"),
        image_scanning_configuration={"scan_on_push": version == 1},
        encryption_configurations=since(3, version, None, [encryption]),
        force_delete=True,
        tags=tags,
    )
    most = since(3, version, 10, 20)
    keep = {"tagStatus": "tagged", "tagPatternList": ["shop.*"], "countType": "imageCountMoreThan", "countNumber": most}
    aws.ecr.LifecyclePolicy(
        "dbt",
        repository=repository.name,
        policy=json.dumps({"rules": [{"rulePriority": 1, "selection": keep, "action": {"type": "expire"}}]}),
    )
    aws.ecr.RepositoryPolicy(
        "dbt",
        repository=repository.name,
        policy=policy(Principal={"AWS": "arn:aws:iam::222222222222:root"}, Action=since(2, version, "ecr:BatchGetImage", "ecr:*")),
    )
    cluster = aws.ecs.Cluster(
        "dbt",
        name=since(3, version, "new"),
        settings=[{"name": "containerInsights", "value": since(2, version, "disabled", "enabled")}],
        tags=tags,
    )
    aws.ecs.ClusterCapacityProviders(
        "dbt",
        cluster_name=cluster.name,
        capacity_providers=["FARGATE", "FARGATE_SPOT"],
        default_capacity_provider_strategies=[{"capacity_provider": since(2, version, "FARGATE_SPOT", "FARGATE"), "weight": 1}],
    )
    logs = aws.cloudwatch.LogGroup(
        "sales",
        name=since(3, version, "/dbt/new", "/dbt/sales"),
        retention_in_days=since(2, version, 30, 7),
        kms_key_id=since(2, version, key.arn),
        tags=tags,
    )
    role = aws.iam.Role("execution", assume_role_policy=trust("ecs-tasks.amazonaws.com"))
    task = aws.ecs.TaskDefinition(
        "sales",
        family="dbt-sales",
        cpu="512",
        memory=since(3, version, "2048", "1024"),
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=role.arn,
        task_role_arn=role.arn,
        runtime_platform={"cpu_architecture": "X86_64", "operating_system_family": "LINUX"},
        ephemeral_storage={"size_in_gib": 30},
        volumes=[{"name": "tmp"}],
        skip_destroy=True,
        container_definitions=pulumi.Output.json_dumps([_container(repository, logs)]),
        tags=tags,
    )
    pulumi.export("repository", repository.name)
    pulumi.export("cluster", cluster.arn)
    pulumi.export("logGroup", logs.name)
    pulumi.export("task", task.arn)


def _container(repository: aws.ecr.Repository, logs: aws.cloudwatch.LogGroup) -> dict[str, Any]:
    return {
        "name": "dbt",
        "image": pulumi.Output.concat(repository.repository_url, "@sha256:", "0" * 64),
        "readonlyRootFilesystem": True,
        "user": "50000",
        "stopTimeout": 120,
        "environment": [{"name": "WORKSTREAM", "value": "sales"}, {"name": "DBT_TARGET", "value": "test"}],
        "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": logs.name, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "dbt"},
        },
    }


def orchestration(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    vpc = aws.ec2.Vpc("airflow", cidr_block="10.21.0.0/16")
    subnets = [
        aws.ec2.Subnet(f"airflow-{zone}", vpc_id=vpc.id, cidr_block=f"10.21.{index}.0/24", availability_zone=f"eu-west-1{zone}")
        for index, zone in enumerate("ab")
    ]
    group = aws.ec2.SecurityGroup("airflow", vpc_id=vpc.id)
    bucket = aws.s3.Bucket("airflow", force_destroy=True)
    versioning = aws.s3.BucketVersioning("airflow", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    requirements = aws.s3.BucketObjectv2(
        "requirements",
        bucket=bucket.id,
        key="requirements.txt",
        content=f"# {version}\n",
        opts=pulumi.ResourceOptions(depends_on=[versioning]),
    )
    role = aws.iam.Role("airflow", assume_role_policy=trust("airflow.amazonaws.com", "airflow-env.amazonaws.com"))
    allowed = aws.iam.RolePolicy("airflow", role=role.name, policy=policy(Action="s3:*", Resource="*"))
    environment = aws.mwaa.Environment(
        "airflow",
        execution_role_arn=role.arn,
        source_bucket_arn=bucket.arn,
        dag_s3_path="dags",
        network_configuration={"subnet_ids": [subnet.id for subnet in subnets], "security_group_ids": [group.id]},
        airflow_version="3.3.1",
        environment_class="mw1.small",
        max_workers=since(2, version, 5, 4),
        requirements_s3_path="requirements.txt",
        requirements_s3_object_version=since(3, version, "there-is-no-such-version", requirements.version_id),
        logging_configuration={"task_logs": {"enabled": True, "log_level": "INFO"}},
        webserver_access_mode="PUBLIC_ONLY",
        opts=pulumi.ResourceOptions(depends_on=[allowed]),
        tags=tags,
    )
    pulumi.export("environment", environment.name)
    pulumi.export("url", environment.webserver_url)
    pulumi.export("requirementsVersion", requirements.version_id)
    pulumi.export("requirementsOfAirflow", environment.requirements_s3_object_version)
    pulumi.export("lastUpdate", environment.last_updateds[0])


def monitoring(version: int) -> None:
    tags = {"changed": "yes"} if version > 1 else None
    topic = aws.sns.Topic("alarms")
    role = aws.iam.Role("rule", assume_role_policy=trust("events.amazonaws.com"))
    code = since(2, version, [{"anything-but": [0, 1]}], [137])
    pattern = {"source": ["aws.ecs"], "detail": {"containers": {"exitCode": code}}}
    rule = aws.cloudwatch.EventRule(
        "died", name=since(3, version, "new-died"), description="tasks", event_pattern=json.dumps(pattern), tags=tags
    )
    aws.cloudwatch.EventTarget(
        "died",
        rule=rule.name,
        arn=topic.arn,
        role_arn=role.arn,
        input_transformer={"input_paths": {"task": "$.detail.taskArn"}, "input_template": f'"{version}: <task>"'},
    )
    alarm = aws.cloudwatch.MetricAlarm(
        "queue",
        name=since(3, version, "new-queue", "queue"),
        namespace="AWS/MWAA",
        metric_name="ApproximateAgeOfOldestTask",
        dimensions={"Environment": since(2, version, "new", "old")},
        statistic="Maximum",
        period=300,
        evaluation_periods=1,
        comparison_operator="GreaterThanThreshold",
        threshold=since(2, version, 900, 600),
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
        tags=tags,
    )
    widget = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 2, "properties": {"markdown": f"# {min(version, 2)}"}}
    dashboard = aws.cloudwatch.Dashboard(
        "page", dashboard_name=since(3, version, "new", "page"), dashboard_body=json.dumps({"widgets": [widget]})
    )
    budget = aws.budgets.Budget(
        "costs",
        name=since(3, version, "new-costs"),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=since(2, version, "200", "100"),
        limit_unit="USD",
        metrics="UnblendedCost",
        filter_expression={"ands": [{"tags": {"key": key, "values": ["dbt"]}} for key in ("project", "environment")]},
        notifications=[
            {
                "comparison_operator": "GREATER_THAN",
                "notification_type": "FORECASTED",
                "threshold": since(2, version, 90, 80),
                "threshold_type": "PERCENTAGE",
                "subscriber_sns_topic_arns": [topic.arn],
            }
        ],
        tags=tags,
    )
    chat = {
        "iam_role_arn": aws.iam.Role("chat", assume_role_policy=trust("chatbot.amazonaws.com")).arn,
        "guardrail_policy_arns": ["arn:aws:iam::aws:policy/AWSDenyAll"],
        "sns_topic_arns": [topic.arn],
        "user_authorization_required": version > 1,
        "tags": tags,
    }
    slack = aws.chatbot.SlackChannelConfiguration(
        "slack", configuration_name="slack", slack_team_id="T0", slack_channel_id=since(2, version, "C1", "C0"), **chat
    )
    identity = "11111111-2222-3333-4444-555555555555"
    aws.chatbot.TeamsChannelConfiguration(
        "teams", configuration_name="teams", tenant_id=identity, team_id=identity, channel_id="19%3ab6%40thread.tacv2", **chat
    )
    pulumi.export("chat", slack.chat_configuration_arn)
    pulumi.export("rule", rule.name)
    pulumi.export("alarm", alarm.name)
    pulumi.export("dashboard", dashboard.dashboard_name)
    pulumi.export("budget", budget.name)

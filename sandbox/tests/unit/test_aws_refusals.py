"""Requests that AWS refuses, and neighbours of theirs that it takes, against the rules of the aws stand-in alone."""

import functools
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.providers.aws import carried
from sandbox.providers.aws.provider import CATALOGUE
from sandbox.providers.aws.refusals import cloudformation, strangers
from sandbox.providers.aws.refusals.limits import LIMITS, parsed
from sandbox.providers.aws.refusals.references import PLACES, POLICIES, Reference
from sandbox.providers.aws.session import Session
from sandbox.providers.values import UNKNOWN
from sandbox.rules import Choice, Fits, Needs
from sandbox.testing import upstream
from sandbox.testing.requests import (
    ACCOUNT,
    ALARM,
    ALIAS,
    ATTACHMENT,
    CAPACITY,
    CLUSTER,
    CONTAINER,
    ENDPOINT,
    GROUP,
    IMAGE_LIFECYCLE,
    ISSUER_TYPE,
    KEY,
    KEY_TYPE,
    LIFECYCLE,
    LOG_GROUP,
    LOGGING,
    OBJECT,
    POLICY,
    REPOSITORY,
    ROLE,
    ROLE_POLICY,
    ROLE_TYPE,
    ROOT,
    SECRET,
    TARGET,
    TASK,
    TASK_INPUTS,
    TOPIC,
    TOPIC_POLICY,
    TOPIC_TYPE,
    VERSIONING,
    VPC,
    ZONE,
    Case,
    alarm,
    allow,
    bucket,
    budget,
    container,
    containers,
    dashboard,
    document,
    encryption,
    endpoint,
    environment,
    flow_log,
    identity,
    image_rule,
    image_rules,
    key,
    line,
    logging,
    misjudged,
    notification,
    object_rule,
    pattern,
    refusal,
    repository,
    route,
    rule,
    schedule,
    secret,
    shared_issuer,
    slack,
    subscription,
    target,
    teams,
    topic,
    transitions,
    trust,
    widget,
)

CASES: dict[str, list[Case]] = {
    "chat": [
        slack(""),
        slack("", guardrailPolicyArns=["arn:aws:iam::aws:policy/AWSDenyAll"], userAuthorizationRequired=True, region="eu-west-1"),
        slack("configurationName", configurationName="dbt sales"),
        slack("slackTeamId", slackTeamId="t07ea123lep"),
        slack("slackChannelId", slackChannelId="#alerts"),
        slack("snsTopicArns", snsTopicArns=["alerts"]),
        slack("slackChannelName", slackChannelName="alerts"),
        teams(""),
        teams("channelId", channelId="19:b6ef35dc342d56ba5654e6fc6d25a071@thread.tacv2"),
        teams("teamId", teamId="analytics"),
    ],
    "policy grammar": [
        identity(""),
        (ROLE_POLICY, {"role": "dbt", "policy": json.dumps({"Statement": allow(Action="*", Resource="*")})}, ""),
        identity("SID", Sid="read all"),
        identity("", Sid="ReadAll"),
        (
            ROLE_POLICY,
            {"role": "dbt", "policy": document(*[allow(Sid="A", Action="s3:*", Resource="*")] * 2)},
            "must be unique",
        ),
        identity("Vendor airflw is not valid", Action="airflw:CreateCliToken"),
        identity("Vendor mwaa is not valid", Action=["s3:*", "mwaa:*"]),
        identity("", Action="s3:GetObjekt"),
        identity("prefaced by a vendor", Action="GetObject"),
        identity("not a valid action", Action="s3:Get Object"),
        identity("must contain actions", Action=[]),
        identity("must contain resources", Resource=[]),
        identity("ARN format", Resource="dags/*"),
        identity("ARN format", Resource="arn:aws:s3"),
        identity("ARN format", Resource="arn:aws:s3:::"),
        identity('Partition "awz"', Resource="arn:awz:s3:::dags"),
        identity("fully qualified", Resource="arn:aws:*:eu-west-1:123456789012:x"),
        identity("IAM resource path", Action="iam:PassRole", Resource=f"arn:aws:iam::{ACCOUNT}:roles/dbt"),
        identity("cannot contain region", Action="iam:PassRole", Resource=f"arn:aws:iam:eu-west-1:{ACCOUNT}:role/dbt"),
        identity("", Action="iam:PassRole", Resource=f"arn:aws:iam::{ACCOUNT}:role/*"),
        identity("Invalid Condition type", Condition={"StringEqual": {"aws:RequestedRegion": "eu-west-1"}}),
        identity("Invalid Condition type", Condition={"NullIfExists": {"aws:TagKeys": "true"}}),
        identity("", Condition={"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a*"]}}),
        identity("prefaced by a vendor", Condition={"StringEquals": {"RequestedRegion": "eu-west-1"}}),
        identity("Vendor ecz", Condition={"ArnEquals": {"ecz:cluster": "arn:aws:ecs:eu-west-1:1:cluster/a"}}),
        identity("neither true nor false", Condition={"Bool": {"aws:SecureTransport": "yes"}}),
        identity("no IP address", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}),
        identity("no number", Condition={"NumericLessThan": {"s3:max-keys": "ten"}}),
        identity("no date", Condition={"DateLessThan": {"aws:CurrentTime": "tomorrow"}}),
        identity("", Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}),
        (
            ROLE_POLICY,
            {"role": "dbt", "policy": document(allow(Action="s3:*", Resource="*"), Version="2012-10-18")},
            "Version '2012-10-18'",
        ),
        identity("Principal in this kind", Principal="*"),
        identity("either Action or NotAction", NotAction="s3:PutObject"),
        (ROLE_POLICY, {"role": "dbt", "policy": document(allow(Action="s3:*", NotResource="dags/*"))}, "ARN format"),
        (ROLE_POLICY, {"role": "dbt", "policy": document(allow(Action="s3:*", NotResource="arn:aws:s3:::dags/*"))}, ""),
        identity("not a valid action", Action="s3:Get:Object"),
        identity("prefaced by a vendor", Action=":GetObject"),
        identity("alpha-numeric", Sid="read_all"),
        identity("Invalid Condition type", Condition={"ForSomeValues:StringEquals": {"aws:SourceVpc": "a"}}),
        identity("not an object of keys", Condition={"StringEquals": "aws:SourceVpc"}),
        identity("", Condition={"StringEquals": {"aws:SomethingNew": "a"}}),
        (POLICY, {"policy": document(allow(Action="s3:*", Resource=[f"arn:aws:s3:::{'b' * 50}{n}" for n in range(110)]))}, "6144"),
        (POLICY, {"policy": document(allow(Action="s3:*", Resource=[f"arn:aws:s3:::{'b' * 50}{n}" for n in range(80)]))}, ""),
        (ATTACHMENT, {"role": "dbt", "policyArn": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}, ""),
        (ATTACHMENT, {"role": "dbt", "policyArn": "arn:aws:iam::aws:policies/ReadOnlyAccess"}, "does not match"),
        (ATTACHMENT, {"role": "dbt", "policyArn": ROLE}, "does not match"),
        (ATTACHMENT, {"role": "dbt", "policyArn": "ReadOnlyAccess"}, "20 to 2048"),
        identity("LimitExceeded", Resource=[f"arn:aws:s3:::{'b' * 50}{number}" for number in range(200)]),
        (ROLE_POLICY, {"role": "dbt", "policy": '{"Statement": [], "Statement": []}'}, "twice"),
        (ROLE_POLICY, {"role": "dbt", "policy": document()}, "has no Statement"),
        (ROLE_POLICY, {"role": "dbt", "policy": "[]"}, "must be a JSON object"),
        (ROLE_POLICY, {"role": "dbt", "policy": document({**allow(Action="*", Resource="*"), "Effect": "allow"})}, "Effect"),
    ],
    "what only the schemas of CloudFormation say": [
        (ROLE_TYPE, {**trust("")[1], "description": "→ a role"}, "does not match"),
        (ROLE_TYPE, {**trust("")[1], "path": "team"}, "does not match"),
        (ROLE_TYPE, {**trust("")[1], "path": "/team/"}, ""),
        (LOG_GROUP, {"retentionInDays": 10}, "not one of"),
        (LOG_GROUP, {"retentionInDays": 0}, ""),
        (KEY_TYPE, {"rotationPeriodInDays": 30, "enableKeyRotation": True}, "90"),
        (CLUSTER, {"serviceConnectDefaults": {"namespace": "n"}}, "(terraform-provider-aws, ecs_cluster: an ARN)"),
        (TASK, {**TASK_INPUTS, "containerDefinitions": "[]", "pidMode": "all"}, "'all' is not one of host, task"),
        (ALARM, {**alarm("")[1], "evaluateLowSampleCountPercentiles": "e" * 256}, "255 characters"),
        (ENDPOINT, {**endpoint("", "eu-west-1.s3")[1], "ipAddressType": "ipv5"}, "not one of ipv4"),
        (
            VPC,
            {"cidrBlock": "10.0.0.0/16", "ipv6CidrBlockNetworkBorderGroup": "x"},
            "ipv6CidrBlockNetworkBorderGroup needs assignGeneratedIpv6Cid",
        ),
    ],
    "trust policies": [
        trust(""),
        trust("", Action=["sts:AssumeRole", "sts:TagSession"], Principal={"AWS": ACCOUNT}),
        trust("may only specify STS AssumeRole actions", Action="s3:GetObject"),
        trust("may only specify STS AssumeRole actions", Action="sts:GetCallerIdentity"),
        trust("must not have Resource", Resource="*"),
        trust('"SERVICE":"ecs-task.amazonaws.com"', Principal={"Service": "ecs-task.amazonaws.com"}),
        trust("Invalid principal", Principal={"Service": "mwaa.amazonaws.com"}),
        trust("Invalid principal", Principal={"Service": []}),
        trust("Invalid principal", Principal={"AWS": "arn:aws:iam::123456789012:role/*"}),
        trust("Invalid principal", Principal={"AWS": "12345"}),
        trust("Invalid principal", Principal={"AWS": "arn:aws:iam::123456789012:group/data"}),
        trust("Invalid principal", Principal={"Aws": ACCOUNT}),
        trust("Invalid principal", Principal="everybody"),
        trust("LimitExceeded", Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:role/{'r' * 50}{n}" for n in range(30)]}),
        shared_issuer("gitlab.com:sub", "gitlab.com", StringEquals={"gitlab.com:aud": "https://gitlab.com"}),
        shared_issuer("gitlab.com:sub", "gitlab.com", StringLike={"gitlab.com:sub": "*"}),
        shared_issuer("", "gitlab.com", StringLike={"gitlab.com:sub": "project_path:data/dbt:*"}),
        shared_issuer("", "gitlab.example.com", StringEquals={"gitlab.example.com:aud": "dbt"}),
    ],
    "policies of resources": [
        bucket(""),
        bucket("", Sid="with a space", Action="s3:*", Resource=["arn:aws:s3:::dags", "arn:aws:s3:::dags/*"]),
        bucket("not about dags", Resource="arn:aws:s3:::other/*"),
        bucket("invalid resource", Resource="*"),
        bucket("does not apply to any resource", Resource="arn:aws:s3:::dags"),
        bucket("does not apply to any resource", Action="s3:ListBucket"),
        bucket("invalid action", Action="s3:ReadObject"),
        bucket("out of service scope", Action="kms:Decrypt"),
        bucket("invalid condition key", Condition={"StringEquals": {"s3:x-amz-encryption": "aws:kms"}}),
        bucket("", Action="s3:PutObject", Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}),
        bucket("invalid condition key", Condition={"StringEquals": {"aws:SourceVcpe": "vpce-1"}}),
        bucket("", Condition={"StringEquals": {"AWS:SourceVpce": "vpce-1"}, "ArnLike": {"aws:PrincipalArn": ROLE}}),
        bucket("", Condition={"StringEquals": {"aws:PrincipalTag/team": "data"}}),
        bucket("invalid action", Action="s3:GetObjects"),
        bucket("does not apply to any resource", Action="s3:ListAllMyBuckets"),
        bucket("Invalid principal", Principal={"Service": "log.delivery.amazonaws.com"}),
        bucket("", Principal={"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject"),
        bucket("LimitExceeded", Resource=[f"arn:aws:s3:::dags/{'a' * 100}{each}" for each in range(200)]),
        bucket("do not apply", Condition={"StringEquals": {"s3:prefix": "a"}}),
        bucket("", Action="s3:ListBucket", Resource="arn:aws:s3:::dags", Condition={"StringEquals": {"s3:prefix": "a"}}),
        bucket("", Action="s3:*", Condition={"StringEquals": {"s3:prefix": "a"}}),
        bucket("Invalid principal", Principal={"AWS": "dbt"}),
        key(""),
        key("out of service scope", Action="s3:GetObject"),
        (
            KEY_TYPE,
            {"policy": document(allow(Action="kms:*", Principal=ROOT))},
            "either Resource or NotResource",
        ),
        topic(""),
        topic("", Action="SNS:*"),
        topic("", Condition={"StringEquals": {"AWS:SourceOwner": ACCOUNT}}),
        topic("out of service scope", Action="sns:CreateTopic"),
        (
            TOPIC_POLICY,
            {"arn": TOPIC, "policy": document(*[allow(Action="sns:Publish", Principal=ROOT, Resource=TOPIC)] * 2)},
            "unique ID",
        ),
        (
            TOPIC_POLICY,
            {
                "arn": TOPIC,
                "policy": document(*(allow(Sid=sid, Action="sns:Publish", Principal=ROOT, Resource=TOPIC) for sid in "ab")),
            },
            "",
        ),
        topic("out of service scope", Action="sqs:SendMessage"),
        secret(""),
        secret("no action on a Secret", Action="secretsmanager:ListSecrets"),
        secret("PublicPolicyException", Principal="*"),
        repository(""),
        repository("no action on a repository", Action="ecr:GetAuthorizationToken"),
        repository("must not have Resource", Resource="*"),
        (
            ENDPOINT,
            {"vpcId": "v", "serviceName": "com.amazonaws.eu-west-1.s3", "policy": document(allow(Action="*", Resource="*"))},
            "Principal",
        ),
    ],
    "containers": [
        container(""),
        logging("", mode="non-blocking", max_buffer_size="25m", awslogs_create_group="true"),
        logging("disallows options: awslogs-retention", awslogs_retention="7"),
        logging("awslogs-create-group", awslogs_create_group="false"),
        logging("awslogs-datetime-format", awslogs_datetime_format="%Y", awslogs_multiline_pattern="^x"),
        logging("mode", mode="async"),
        logging("non-blocking", mode="blocking", max_buffer_size="1m"),
        logging("awslogs-region", awslogs_region="Ireland"),
        logging("is required", awslogs_stream_prefix=""),
        container("one of awslogs", logConfiguration={"logDriver": "json-file"}),
        container(
            "requires options: splunk-token", logConfiguration={"logDriver": "splunk", "options": {"splunk-url": "https://s"}}
        ),
        container("", logConfiguration={"logDriver": "splunk", "options": {"splunk-url": "https://s", "splunk-token": "t"}}),
        container(
            "",
            logConfiguration={
                "logDriver": "splunk",
                "options": {"splunk-url": "https://s"},
                "secretOptions": [{"name": "splunk-token", "valueFrom": "/splunk/token"}],
            },
        ),
        container(
            "no secret",
            logConfiguration={
                "logDriver": "awslogs",
                "options": LOGGING,
                "secretOptions": [{"name": "a", "valueFrom": "arn:aws:s3:::secrets"}],
            },
        ),
        container("must be configured in one", logConfiguration={"logDriver": "awsfirelens", "options": {"Name": "stdout"}}),
        container("with the awsfirelens log driver", firelensConfiguration={"type": "fluentbit"}),
        containers(
            "",
            {**CONTAINER, "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "stdout"}}},
            {**CONTAINER, "name": "router", "firelensConfiguration": {"type": "fluentbit"}},
        ),
        container("above the hardLimit", ulimits=[{"name": "nofile", "softLimit": 10, "hardLimit": 2}]),
        container("not one of", ulimits=[{"name": "nofiles", "softLimit": 1, "hardLimit": 2}]),
        container("", ulimits=[{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}]),
        container("must be like 8000-8010", portMappings=[{"containerPortRange": "90-80"}]),
        container("without a containerPort", portMappings=[{"containerPort": 80, "containerPortRange": "80-90"}]),
        container("", portMappings=[{"containerPortRange": "8000-8010"}]),
        container("not one of tcp", portMappings=[{"containerPort": 80, "protocol": "sctp"}]),
        container("unknown container other", volumesFrom=[{"sourceContainer": "other"}]),
        containers("", CONTAINER, {**CONTAINER, "name": "b", "volumesFrom": [{"sourceContainer": "dbt"}]}),
        container("60 to 1800", restartPolicy={"enabled": True, "restartAttemptPeriod": 30}),
        container("50 items", restartPolicy={"enabled": True, "ignoredExitCodes": list(range(51))}),
        container("", restartPolicy={"enabled": True, "restartAttemptPeriod": 60, "ignoredExitCodes": [0]}),
        container("not one of", linuxParameters={"capabilities": {"drop": ["EVERYTHING"]}}),
        container("InferenceAccelerator", resourceRequirements=[{"type": "InferenceAccelerator", "value": "d"}]),
        container("64 KiB", environment=[{"name": f"V{each}", "value": "x" * 1000} for each in range(70)]),
        container("", environment=[{"name": f"V{each}", "value": "x" * 1000} for each in range(60)]),
        container("allows 10", environmentFiles=[{"type": "s3", "value": f"arn:aws:s3:::dags/{each}.env"} for each in range(11)]),
        container("not one of s3", environmentFiles=[{"type": "file", "value": "arn:aws:s3:::dags/settings.env"}]),
        container("do not go with", {"cpu": "256", "memory": "4096"}),
        container("no CPU size", {"cpu": "300"}),
        container("awsvpc only", {"networkMode": "bridge"}),
        container("21 and 200", {"ephemeralStorage": {"sizeInGib": 201}}),
        container("must match", portMappings=[{"containerPort": 80, "hostPort": 8080}]),
        container("", portMappings=[{"containerPort": 80, "hostPort": 80}, {"containerPort": 80, "protocol": "udp"}]),
        container("80/tcp is used twice", portMappings=[{"containerPort": 80}, {"containerPort": 80}]),
        container("65535", portMappings=[{"containerPort": 70000}]),
        container("devices", linuxParameters={"devices": [{"hostPath": "/dev/fuse"}]}),
        container("sharedMemorySize", linuxParameters={"sharedMemorySize": 64}),
        container("SYS_PTRACE", linuxParameters={"capabilities": {"add": ["NET_ADMIN"]}}),
        container("", linuxParameters={"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}}),
        container("privileged", privileged=True),
        container("more than the task's 1024", memory=2048),
        container("more than the task's 512", cpu=1024),
        container("6 MiB", memory=4),
        container("without a name", environment=[{"value": "x"}]),
        container("", environment=[{"name": "A", "value": ""}]),
        container("more than the container's memory", memory=256, memoryReservation=512),
        container("does not match", image="dbt image"),
        container("does not match", name="dbt runner"),
        container("essential", essential=False),
        container("such as 'USER'", environment=[{"name": "USER", "value": "a"}], secrets=[{"name": "USER", "valueFrom": "a"}]),
        container("no secret", secrets=[{"name": "A", "valueFrom": "arn:aws:s3:::secrets"}]),
        container("", secrets=[{"name": "A", "valueFrom": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:a-b1c2d3:user::"}]),
        container("5 to 300", healthCheck={"command": ["CMD", "true"], "interval": 1}),
        container("must begin with CMD", healthCheck={"command": ["true"]}),
        container("used twice", {"volumes": [{"name": "a"}]}, mountPoints=[{"sourceVolume": "a", "containerPath": "/a"}] * 2),
        container("", {"cpu": "1 vCPU", "memory": "2 GB"}),
        container("do not go with", {"cpu": "1 vCPU", "memory": "1 GB"}),
        container(
            "Linux only", {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "cpuArchitecture": "ARM64"}}
        ),
        container("GPU", resourceRequirements=[{"type": "GPU", "value": "1"}]),
        container("ends in .env", environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::dags/settings.txt"}]),
        container("", environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::dags/settings.env"}]),
        containers("used twice", CONTAINER, CONTAINER),
        containers("1 to 10 items"),
        containers("1 to 10 items", *({**CONTAINER, "name": f"c{number}"} for number in range(11))),
        containers(
            "COMPLETE can't be set",
            CONTAINER,
            {**CONTAINER, "name": "b", "dependsOn": [{"containerName": "dbt", "condition": "COMPLETE"}]},
        ),
        containers(
            "cycle",
            {**CONTAINER, "dependsOn": [{"containerName": "b", "condition": "START"}]},
            {**CONTAINER, "name": "b", "dependsOn": [{"containerName": "dbt", "condition": "START"}]},
        ),
        containers(
            "",
            {**CONTAINER, "name": "setup", "essential": False},
            {**CONTAINER, "dependsOn": [{"containerName": "setup", "condition": "SUCCESS"}]},
        ),
        container("does not match", {"executionRoleArn": "dbt"}),
        container("two with one", {"volumes": [{"name": "a"}, {"name": "a"}]}),
    ],
    "lifecycle of images": [
        image_rules("", image_rule(), image_rule(2, tagStatus="any", countType="imageCountMoreThan", countUnit=None)),
        image_rules("", image_rule(tagStatus="tagged", tagPatternList=["prod*"])),
        image_rules("tagStatus", image_rule(tagStatus="all")),
        image_rules("highest rulePriority", image_rule(1, tagStatus="any"), image_rule(2)),
        image_rules("must not have tagPrefixList", image_rule(tagPrefixList=["v"])),
        image_rules("either tagPrefixList", image_rule(tagStatus="tagged")),
        image_rules("either tagPrefixList", image_rule(tagStatus="tagged", tagPrefixList=["v"], tagPatternList=["v*"])),
        image_rules("wildcards", image_rule(tagStatus="tagged", tagPatternList=["*a*b*c*d*"])),
        image_rules("countType", image_rule(countType="imagesMoreThan")),
        image_rules("countUnit days", image_rule(countUnit=None)),
        image_rules("not one of ['days']", image_rule(countUnit="weeks")),
        image_rules("must not have a countUnit", image_rule(countType="imageCountMoreThan")),
        image_rules("countNumber", image_rule(countNumber=0)),
        image_rules("same rulePriority", image_rule(), image_rule()),
        image_rules("rulePriority", image_rule(0)),
        image_rules("action", image_rule(action="delete")),
        image_rules("select untagged", image_rule(1), image_rule(2)),
        image_rules(
            "unique set of tag prefixes", *(image_rule(number, tagStatus="tagged", tagPrefixList=["v"]) for number in (1, 2))
        ),
        image_rules(
            "", *(image_rule(number, tagStatus="tagged", tagPrefixList=[prefix]) for number, prefix in ((1, "v"), (2, "w")))
        ),
        image_rules("'enabled' was unexpected", {**image_rule(), "enabled": True}),
        image_rules("is not of type 'array'", image_rule(tagStatus="tagged", tagPrefixList="v")),
        image_rules("is not of type 'string'", {**image_rule(), "description": 5}),
        image_rules("'days' was unexpected", {**image_rule(), "action": {"type": "expire", "days": 1}}),
        image_rules("targetStorageClass", image_rule(action="transition")),
        image_rules("targetStorageClass", {**image_rule(), "action": {"type": "expire", "targetStorageClass": "archive"}}),
        image_rules("", {**image_rule(), "action": {"type": "transition", "targetStorageClass": "archive"}}),
        image_rules("storageClass archive", image_rule(countType="sinceImageTransitioned")),
        image_rules("", image_rule(countType="sinceImageTransitioned", storageClass="archive")),
        image_rules("'rulePriority' is a required", {name: part for name, part in image_rule().items() if name != "rulePriority"}),
        image_rules("'countNumber' is a required", image_rule(countNumber=None)),
        image_rules("is not of type 'integer'", image_rule(countNumber="14")),
        image_rules("is not of type 'object'", image_rule(), "rule"),
        image_rules("too long", *(image_rule(each, tagStatus="tagged", tagPrefixList=[f"v{each}"]) for each in range(1, 52))),
        image_rules("", *(image_rule(each, tagStatus="tagged", tagPrefixList=[f"v{each}"]) for each in range(1, 51))),
        image_rules("AWS wants 100"),
        (REPOSITORY, {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}, "imageTagMutabilityExclusionFilters"),
        (REPOSITORY, {"imageTagMutability": "IMMUTABLE"}, ""),
        image_rules("more than one", image_rule(1, tagStatus="any"), image_rule(2, tagStatus="any")),
        (IMAGE_LIFECYCLE, {"repository": "dbt", "policy": json.dumps({"rule": [image_rule()]})}, "'rules' is a required"),
        (IMAGE_LIFECYCLE, {"repository": "dbt", "policy": "{" * 100}, "is not JSON"),
    ],
    "lifecycle of objects": [
        object_rule("", expiration={"days": 365}, transitions=transitions((30, "STANDARD_IA"), (90, "GLACIER"))),
        object_rule("greater than or equal to 30", transitions=transitions((10, "STANDARD_IA"))),
        object_rule("", transitions=transitions((0, "GLACIER_IR"))),
        object_rule(
            "must be greater than 'Days' in the Transition", expiration={"days": 30}, transitions=transitions((60, "GLACIER"))
        ),
        object_rule("30 days more", transitions=transitions((30, "STANDARD_IA"), (40, "GLACIER"))),
        object_rule("can't follow", transitions=transitions((30, "GLACIER"), (90, "STANDARD_IA"))),
        object_rule("must be different", transitions=transitions((30, "GLACIER"), (90, "GLACIER"))),
        object_rule("give one of date", expiration={"days": 1, "expiredObjectDeleteMarker": True}),
        object_rule("mixed", expiration={"date": "2030-01-01T00:00:00Z"}, transitions=transitions((30, "GLACIER"))),
        object_rule("1 to -", noncurrentVersionExpiration={"noncurrentDays": 0}),
        object_rule("1 to 100", noncurrentVersionExpiration={"noncurrentDays": 1, "newerNoncurrentVersions": 101}),
        object_rule("for storageClass", noncurrentVersionTransitions=[{"noncurrentDays": 7, "storageClass": "STANDARD_IA"}]),
        object_rule("give one, or all inside", filter={"prefix": "a", "objectSizeGreaterThan": 1}, expiration={"days": 1}),
        object_rule("Tags", filter={"tag": {"key": "a", "value": "b"}}, abortIncompleteMultipartUpload={"daysAfterInitiation": 7}),
        object_rule("", filter={"and": {"prefix": "logs/", "tags": {"keep": "no"}}}, expiration={"days": 30}),
        object_rule("0 to -", filter={"objectSizeGreaterThan": -1}, expiration={"days": 1}),
        object_rule("no action"),
        object_rule("is required", abortIncompleteMultipartUpload={}),
        object_rule("", abortIncompleteMultipartUpload={"daysAfterInitiation": 7}),
        object_rule("two conditions", filter={"and": {"prefix": "a"}}, expiration={"days": 1}),
        object_rule("must be less", filter={"and": {"objectSizeGreaterThan": 5, "objectSizeLessThan": 4}}, expiration={"days": 1}),
        object_rule("either prefix or filter", prefix="a", expiration={"days": 1}),
        object_rule("storageClass", transitions=[{"days": 30}]),
        object_rule("not one of", transitions=[{"days": 30, "storageClass": "STANDARD"}]),
        object_rule("midnight", expiration={"date": "2030-01-01T12:00:00Z"}),
        (LIFECYCLE, {"bucket": "b", "rules": [{"id": "a", "status": "Enabled", "expiration": {"days": 1}}] * 2}, "unique"),
    ],
    "events": [
        schedule("", "rate(1 hour)"),
        schedule("", "rate(5 minutes)"),
        schedule("not valid", "rate(1 hours)"),
        schedule("not valid", "rate(5 minute)"),
        schedule("not valid", "rate(0 minutes)"),
        schedule("not valid", "rate(30 seconds)"),
        schedule("", "cron(0 10 * * ? *)"),
        schedule("", "cron(0/15 8-17 ? * MON-FRI *)"),
        schedule("", "cron(0 0 L * ? 2026-2030)"),
        schedule("", "cron(0 9 ? * 2#1 *)"),
        schedule("minutes", "cron(75 10 * * ? *)"),
        schedule("hours", "cron(0 24 * * ? *)"),
        schedule("month", "cron(0 10 * 13 ? *)"),
        schedule("one of day-of-month", "cron(0 10 * * * *)"),
        schedule("six fields", "cron(0 10 * * ?)"),
        schedule("neither rate", "0 10 * * ? *"),
        pattern(
            "", source=["aws.ecs"], detail={"exitCode": [{"anything-but": 0}, {"numeric": [">", 0, "<=", 5]}, {"exists": False}]}
        ),
        pattern("Empty arrays", source=[]),
        pattern("object or an array", source="aws.ecs"),
        pattern("no match expression", source=[{"begins": "aws"}]),
        pattern("no match expression", detail={"code": [{"numeric": ["=>", 5]}]}),
        pattern("Only one key", source=[{"prefix": "a", "suffix": "b"}]),
        pattern("is empty"),
        pattern("no match expression", detail={"code": [{"numeric": [">", 5, "<", 3]}]}),
        pattern("no match expression", detail={"code": [{"numeric": ["<", 5, ">", 3]}]}),
        pattern("no match expression", detail={"code": [{"numeric": [">", 3, ">", 5]}]}),
        pattern("no match expression", detail={"code": [{"numeric": ["<", 10_000_000_000]}]}),
        pattern("", detail={"code": [{"numeric": [">=", 3, "<", 5]}, {"numeric": ["=", 301.8]}]}),
        pattern("no match expression", source=[{"wildcard": "a**b"}]),
        pattern("no match expression", source=[{"cidr": "10.0.0.0/40"}]),
        pattern("array of two", **{"$or": [{"source": ["a"]}]}),
        pattern("2048", source=["a" * 2048]),
        target("", '{"task": <task>, "rule": <aws.events.rule-name>}'),
        target("", '"The task <task>"\n"has failed."'),
        target("none of its inputPaths", '"<tusk>"'),
        target("needs quotes", "The task <task> has failed."),
        (TARGET, {"rule": "r", "arn": "alerts"}, "does not match"),
        (TARGET, {"rule": "r", "arn": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/runs"}, "not in correct format"),
        (TARGET, {"rule": "r", "arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:runs"}, ""),
        (TARGET, {"rule": "r", "arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/dbt"}, ""),
        *(
            (TARGET, {"rule": "r", "arn": TOPIC, "inputTransformer": {"inputPaths": {"a": path}, "inputTemplate": '"<a>"'}}, reason)
            for path, reason in (
                ("$.detail[", "JSON path"),
                ("$.detail..x", "JSON path"),
                ("$.detail.items[0]['name']", ""),
                (5, "is not of type 'string'"),
            )
        ),
        (TARGET, {"rule": "r", "arn": TOPIC, "inputTransformer": {"inputPaths": {}}}, "'inputTemplate' is a required"),
        (TARGET, {"rule": "r", "arn": TOPIC, "inputTransformer": {"inputTemplate": f'"{"x" * 8192}"'}}, "is too long"),
        (TARGET, {"rule": "r", "arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/dbt"}, "RoleArn is required"),
        (TARGET, {"rule": "r", "arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", "roleArn": ROLE}, "not supported"),
        (
            TARGET,
            {"rule": "r", "arn": TOPIC, "inputTransformer": {"inputPaths": {"a": "detail"}, "inputTemplate": '"<a>"'}},
            "JSON path",
        ),
    ],
    "alarms and dashboards": [
        dashboard(
            "needs quotes",
            widget("metric", {"metrics": [[{"expression": "SEARCH('{AWS/ECS,Cluster-Name}', 'Sum')"}]], "region": "eu-west-1"}),
        ),
        alarm("", alarmActions=[TOPIC], dimensions={"Environment": "dbt"}),
        alarm("", period=30, namespace="AWS/ECS"),
        alarm("does not match", alarmActions=["alerts"]),
        alarm("30 items", dimensions={f"d{number}": "x" for number in range(31)}),
        alarm("has the value ''", dimensions={"Environment": ""}),
        alarm("does not match", alarmActions=[f"arn:aws:sns:eu-west-1:{ACCOUNT}:"]),
        alarm("", alarmActions=["arn:aws:automate:eu-west-1:ec2:stop"]),
        alarm("not spaces alone", dimensions={"Environment": " "}),
        alarm("ASCII", dimensions={"Umgebung": "für alle"}),
        alarm("AWS wants 0 to 5", alarmActions=[f"{TOPIC}{each}" for each in range(6)]),
        alarm("multiple of 60", period=7),
        alarm("multiple of 60", period=90),
        alarm("EvaluationPeriods", datapointsToAlarm=3, evaluationPeriods=2),
        alarm("not one of", statistic="p99"),
        alarm("a day", period=300, evaluationPeriods=300),
        alarm("not a number", threshold="high"),
        alarm("does not match", namespace=":dbt"),
        dashboard(
            "",
            widget(),
            widget(
                "metric", {"metrics": [["AWS/ECS", "CPU", "Cluster", "a"], [".", "Mem", {"stat": "p99"}]], "region": "eu-west-1"}
            ),
        ),
        line("", metrics=[["A", f"B{number}"] for number in range(500)]),
        line("has 501 metrics; CloudWatch allows 500", metrics=[["A", f"B{number}"] for number in range(501)]),
        dashboard(
            "has 2505 metrics; CloudWatch allows 2500",
            *(widget("metric", {"metrics": [["A", "B"]] * 501, "region": "eu-west-1"}) for _ in range(5)),
        ),
        line("1025 characters", metrics=[[{"expression": f"SEARCH('{{A,B}} {'x' * 1019}', 'Sum')"}]]),
        dashboard("does not match", widget(), name="my page"),
        dashboard("type should be", widget("graph")),
        dashboard("'region'", widget("metric", {"metrics": [["A", "B"]]})),
        dashboard("pairs of a dimension", widget("metric", {"metrics": [["A", "B", "C"]], "region": "eu-west-1"})),
        dashboard("view should be", widget("metric", {"metrics": [["A", "B"]], "region": "eu-west-1", "view": "line"})),
        dashboard("no statistic", widget("metric", {"metrics": [["A", "B"]], "region": "eu-west-1", "stat": "Median"})),
        dashboard("'markdown'", widget("text", {})),
        dashboard("width should be", widget(width=25)),
        dashboard("both x and y", widget(x=1)),
        dashboard("ARNs of alarms", widget("alarm", {"alarms": ["queue"]})),
        dashboard("'query'", widget("log", {"region": "eu-west-1"})),
        dashboard("'properties' is a required", {"type": "text"}),
        dashboard("additional property", widget(title="x")),
        dashboard("start should be", start="yesterday"),
        dashboard("start should be", start="PT8H"),
        dashboard("'endpoint' is a required", widget("custom", {})),
        dashboard("", widget("custom", {"endpoint": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:page"})),
        dashboard("is not of type 'object'", "text"),
        dashboard("is not of type 'string'", widget(5)),
        line("is not of type 'object'", annotations=[]),
        line("is not of type 'object'", yAxis={"left": 5}),
        dashboard("start should be", start="2026-02-30T12:00:00Z"),
        dashboard("", start="2026-02-28T12:00:00.000Z"),
        line("is not of type 'array'", metrics=["A", "B"]),
        dashboard("start should be", start="2026-13-01T00:00:00Z"),
        dashboard("", start="-PT8H"),
        dashboard("", start="2026-01-01T00:00:00Z", end="2026-01-02T00:00:00.000Z"),
        line("region should be", region="Ireland"),
        line("yAxis", yAxis={"middle": {}}),
        line("", yAxis={"left": {"min": 0}}, stacked=True, title="Runs", legend={"position": "right"}),
        line("stacked", stacked="yes"),
        line("title", title=5),
        line("legend.position", legend={"position": "top"}),
        line("horizontal", annotations={"horizontal": [{"label": "limit"}]}),
        line("vertical", annotations={"vertical": [{"value": "noon"}]}),
        line("", annotations={"horizontal": [{"value": 5}, [{"value": 1}, {"value": 2}]], "vertical": [{"value": "2026-01-01"}]}),
        dashboard("id should", widget("metric", {"metrics": [["A", "B", {"id": "Runs"}]], "region": "eu-west-1"})),
    ],
    "network": [
        (GROUP, {"vpcId": "vpc-1", "description": "tasks of dbt (egress only)"}, ""),
        (GROUP, {"vpcId": "vpc-1", "description": "dbt’s tasks"}, "does not match"),
        (GROUP, {"vpcId": "vpc-1", "description": "d" * 256}, "255 characters"),
        (GROUP, {"vpcId": "vpc-1", "name": "default"}, "does not match"),
        (GROUP, {"vpcId": "vpc-1", "name": "dbt%tasks"}, "does not match"),
        rule(""),
        rule("", ipProtocol="icmp", fromPort=8, toPort=0),
        rule("", ipProtocol="50", fromPort=None, toPort=None),
        rule("does not match", ipProtocol="tpc"),
        rule("65535", toPort=70000),
        rule("does not match", description="what? ours"),
        rule("255 characters", description="d" * 256),
        rule("Invalid value '-1'", fromPort=-1),
        rule("no type and code", ipProtocol="icmp", fromPort=300, toPort=0),
        rule("fromPort and toPort", ipProtocol="icmp", fromPort=None, toPort=None),
        rule("host bits", cidrIpv4="10.0.0.1/8"),
        rule("has no /", cidrIpv4="10.0.0.0"),
        flow_log(""),
        flow_log("not applicable for s3", logDestination="arn:aws:s3:::logs", logDestinationType="s3"),
        flow_log("reserved term", iamRoleArn=None, logDestination="arn:aws:s3:::logs/AWSLogs/", logDestinationType="s3"),
        flow_log("", iamRoleArn=None, logDestination="arn:aws:s3:::logs/flow/", logDestinationType="s3"),
        flow_log("no destination of the type", logDestination="arn:aws:s3:::logs"),
        flow_log("does not match", logDestination="flow"),
        flow_log("unknown field", logFormat="${srcaddr} ${source}"),
        flow_log("60 or 600", maxAggregationInterval=300),
        flow_log("no field", logFormat=""),
        flow_log("", logFormat="${srcaddr} ${dstaddr}"),
        route("", "10.9.0.0/16"),
        route("no route may lead", "169.254.169.254/32"),
        route("no route may lead", "169.254.168.0/23"),
        route("", "169.254.0.0/16"),
        route("has no /", "0.0.0.0"),
        endpoint("", "eu-west-1.s3"),
        endpoint("", "eu-west-1.ecr.api", vpcEndpointType="Interface"),
        endpoint("", "vpce.eu-west-1.vpce-svc-0123456789abcdef0", vpcEndpointType="Interface"),
        endpoint("does not exist", "eu-west-1.ecr", vpcEndpointType="Interface"),
        endpoint("does not support Gateway", "eu-west-1.logs"),
        endpoint("is not for an endpoint", "eu-west-1.s3", subnetIds=["subnet-1"]),
        (VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": False, "enableDnsHostnames": True}, "enableDnsSupport"),
        (VPC, {"cidrBlock": "169.254.0.0/16"}, "InvalidVpc.Range"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "host"}, "default, dedicated"),
        (VPC, {"cidrBlock": "10.0.0.0/16", "tags": {"team!": "ä?"}}, ""),
        (ZONE, {"name": "a..example.com", "vpcs": [{"vpcId": "vpc-1"}]}, "does not match"),
        (ZONE, {"name": "example.com", "vpcs": [{"vpcId": "vpc-1"}] * 2}, "non-unique"),
        (ZONE, {"name": "example.com", "vpcs": [{"vpcId": "vpc-1", "vpcRegion": "Ireland"}]}, "does not match"),
        (ZONE, {"name": "example.com", "vpcs": [{"vpcId": "vpc-1", "vpcRegion": "eu-west-1"}]}, ""),
        (ZONE, {"name": f"{'a' * 64}.example.com", "vpcs": [{"vpcId": "vpc-1"}]}, "does not match"),
    ],
    "airflow": [
        environment("", maxWebservers=5, schedulers=2, requirementsS3Path="r.txt", requirementsS3ObjectVersion="1"),
        environment("", airflowVersion="3.0.6"),
        environment("does not match", airflowVersion="2.1.0"),
        environment("1 to 5", maxWebservers=9),
        environment("is required with requirementsS3Path", requirementsS3Path="r.txt"),
        environment("securityGroupIds: is required", networkConfiguration={"subnetIds": ["subnet-1", "subnet-2"]}),
        environment("1 to 5", networkConfiguration={"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": []}),
        environment("not one of", loggingConfiguration={"taskLogs": {"enabled": True, "logLevel": "TRACE"}}),
        environment("more than maxWorkers", minWorkers=5, maxWorkers=3),
        environment("does not match", startupScriptS3Path="/start.sh", startupScriptS3ObjectVersion="1"),
        environment("mw1.micro", environmentClass="mw1.tiny"),
        environment("2 or more outside", schedulers=1),
        environment("1 in mw1.micro", environmentClass="mw1.micro", schedulers=2),
        environment("1 to 25", maxWorkers=30),
        environment("does not match", weeklyMaintenanceWindowStart="SUN:03:15"),
        environment("does not match", airflowConfigurationOptions={"Core.Parallelism": "4"}),
        environment("does not match", sourceBucketArn="dags"),
        environment("does not match", kmsKey="platform"),
        environment("two different", networkConfiguration={"subnetIds": ["subnet-1", "subnet-1"], "securityGroupIds": ["sg-1"]}),
    ],
    "the rest": [
        encryption("", {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}),
        encryption("can't be given with AES256", {"sseAlgorithm": "AES256", "kmsMasterKeyId": KEY}),
        encryption("1 to 1 items", {"sseAlgorithm": "AES256"}, {"sseAlgorithm": "aws:kms"}),
        encryption("not one of", {"sseAlgorithm": "aws:fsx"}),
        (VERSIONING, {"bucket": "b", "versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}}, "Mfa"),
        (VERSIONING, {"bucket": "b", "versioningConfiguration": {}}, "is required"),
        ("s3/bucket:Bucket", {"bucket": "dags.mrap"}, "mrap"),
        (ISSUER_TYPE, {"url": "https://gitlab.example.com:8443", "clientIdLists": ["dbt"]}, "no port number"),
        (ISSUER_TYPE, {"url": "https://gitlab.example.com", "clientIdLists": ["dbt"]}, ""),
        (OBJECT, {"bucket": "b", "key": "ä" * 600}, "1024"),
        (OBJECT, {"bucket": "b", "key": "k", "storageClass": "OUTPOSTS"}, "not one of"),
        (OBJECT, {"bucket": "b", "key": "k", "metadata": {"Owner": "data"}}, "lower case"),
        (OBJECT, {"bucket": "b", "key": "k", "metadata": {"owned by": "data"}}, "HTTP tokens"),
        (OBJECT, {"bucket": "b", "key": "k", "metadata": {"owner": "données"}}, "US-ASCII"),
        (OBJECT, {"bucket": "b", "key": "k", "metadata": {"owned-by": "data & co"}}, ""),
        (OBJECT, {"bucket": "b", "key": "k", "kmsKeyId": "platform"}, "does not match"),
        (KEY_TYPE, {"customerMasterKeySpec": "RSA_2048", "keyUsage": "SIGN_VERIFY"}, ""),
        (KEY_TYPE, {"customerMasterKeySpec": "RSA_2048", "enableKeyRotation": True}, "symmetric"),
        (KEY_TYPE, {"keyUsage": "SIGN_VERIFY"}, "not compatible"),
        (ALIAS, {"name": "alias/data lake", "targetKeyId": "k"}, "does not match"),
        (ALIAS, {"name": "alias/data", "targetKeyId": "alias/other"}, "does not match"),
        (LOG_GROUP, {"name": "aws/dbt"}, "does not match"),
        (LOG_GROUP, {"name": "/aws/dbt"}, ""),
        (LOG_GROUP, {"name": "dbt logs"}, "does not match"),
        (LOG_GROUP, {"logGroupClass": "DELIVERY", "retentionInDays": 7}, "DELIVERY"),
        (LOG_GROUP, {"kmsKeyId": "platform"}, "does not match"),
        (LOG_GROUP, {"tags": {"team": "data & more"}}, "letters, digits"),
        (ROLE_TYPE, {**trust("")[1], "tags": {"Team": "a", "team": "b"}}, "case insensitive"),
        (ROLE_TYPE, {**trust("")[1], "permissionsBoundary": ROLE}, "does not match"),
        subscription("", "email", "data@example.com"),
        subscription("", "https", "https://events.example.com/in"),
        subscription("no endpoint", "email", "data"),
        subscription("no endpoint", "https", "http://events.example.com"),
        subscription("no endpoint", "sqs", "https://sqs.eu-west-1.amazonaws.com/1/q"),
        subscription("SubscriptionRoleArn", "firehose", f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/s"),
        subscription("raw message", "email", "data@example.com", rawMessageDelivery=True),
        subscription("no endpoint", "sms", "+1234567890123456"),
        subscription("", "sms", "+49 (30) 1234-567"),
        subscription("no endpoint", "sqs", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:runs.fifo"),
        subscription("", "sqs", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:runs"),
        (TOPIC_TYPE, {"displayName": "d" * 101}, "100 characters"),
        (SECRET, {"kmsKeyId": "my key"}, "does not match"),
        (REPOSITORY, {"encryptionConfigurations": [{"encryptionType": "AES256", "kmsKey": KEY}]}, "not with AES256"),
        (CLUSTER, {"settings": [{"name": "containerInsights", "value": "on"}]}, "not one of"),
        (CLUSTER, {"configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE"}}}, "is required"),
        (
            CAPACITY,
            {
                "clusterName": "dbt",
                "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                "defaultCapacityProviderStrategies": [
                    {"capacityProvider": name, "base": 1} for name in ("FARGATE", "FARGATE_SPOT")
                ],
            },
            "only one capacity provider",
        ),
        (CAPACITY, {"clusterName": "my cluster"}, "does not match"),
        budget("", [notification(), notification(notificationType="FORECASTED")]),
        budget("10 items", [notification(subscriberEmailAddresses=[f"{n}@example.com" for n in range(11)])]),
        budget("does not match", [notification(subscriberEmailAddresses=["data"])]),
        budget("5 items", [notification(threshold=number) for number in range(1, 7)]),
        budget("1 items", [notification(subscriberSnsTopicArns=[TOPIC, f"{TOPIC}2"])]),
        budget("already exists", [notification(), notification()]),
        budget("forecasts", [notification(notificationType="FORECASTED")], timeUnit="DAILY"),
        budget("no currency", limitUnit="GB"),
        budget("not one of", [notification(comparisonOperator="MORE_THAN")]),
        budget("does not match", limitAmount="a lot"),
        budget("is a required property", [{"threshold": 80}]),
        budget("without a subscriber", [notification(subscriberEmailAddresses=[])]),
        budget("'colour' was unexpected", [notification(colour="red")]),
        budget("", filterExpression={"tags": {"key": "user:team", "values": ["data"]}}, metrics="UnblendedCost"),
        budget("'values' is a required property", filterExpression={"dimensions": {"key": "REGION"}}, metrics="UnblendedCost"),
    ],
}


@pytest.fixture(scope="module")
def aws() -> Session:
    """Reaches no AWS."""
    return Session(endpoint="http://127.0.0.1:9", region="eu-west-1", default_tags={})


@pytest.mark.parametrize("kind", CASES)
def test_what_aws_refuses_is_refused_and_its_neighbours_pass(aws, kind):
    """A rule that is missing lets a stack pass here that AWS stops half-way; one too many stops a stack that AWS takes."""
    assert misjudged(aws, CASES[kind]) == []


ODD: tuple[Any, ...] = ("", "→", [], [{}], {"x": None}, -1, 1.5, True, UNKNOWN, '{"rules": [5], "Statement": [5], "widgets": [5]}')


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of the inputs, also in JSON texts; of a list, to its first item."""
    value = parsed(value) if isinstance(value, str) else value
    parts = dict(enumerate(value[:1])) if isinstance(value, list) else value if isinstance(value, dict) else {}
    for name, part in parts.items():
        yield (*place, name)
        yield from places(part, (*place, name))


def changed(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The inputs with another part in that place; a text of which a part is not known is not known at all."""
    if not place:
        return new
    if isinstance(value, str):
        return new if new == UNKNOWN else json.dumps(changed(json.loads(value), place, new))
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[place[0]] = changed(copy[place[0]], place[1:], new)
    return copy


@pytest.mark.parametrize("kind", CASES)
def test_no_input_is_a_defect_in_the_stand_in(aws, kind):
    """Whatever a program gives, also what a preview does not know yet, is taken or refused; a traceback helps nobody."""
    for token, inputs, reason in CASES[kind]:
        for place in [] if reason else list(places(inputs)):
            for odd in ODD:
                refusal(aws, token, changed(inputs, place, odd))


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        ("aws:sqs/queue:Queue", {"name": "q", "visibilityTimeoutSeconds": 50000}, ""),
        ("aws:lambda/function:Function", {"role": ROLE, "memorySize": 64}, "128"),
        ("aws:ecs/service:Service", {"launchType": "LAMBDA"}, "not one of EC2"),
    ],
)
def test_a_type_that_is_not_modelled_is_refused_for_awss_reason_too(token, inputs, reason):
    """Whoever reads only that the sandbox is small takes the program to AWS, where it fails."""
    found = "; ".join(text for _, text in cloudformation.of_strangers(token, inputs))

    assert bool(found) == bool(reason)
    assert reason in found


def test_every_place_in_a_table_is_one_of_a_type(aws):
    """A misspelt one would never be looked at."""
    tables = {**{token: list(places) for token, places in PLACES.items()}}
    for token, places in LIMITS.items():
        tables[token] = [*tables.get(token, []), *places]
    for token, place in POLICIES.items():
        tables[token] = [*tables.get(token, []), place]

    unknown = [
        (token, place)
        for token, places in tables.items()
        for place in places
        if place.partition(".")[0].partition("[")[0] not in properties_of(token)
    ]

    assert unknown == []


def properties_of(token: str) -> set[str]:
    """Those of the table, and those that are carried."""
    kind = CATALOGUE[f"aws:{token}"]
    return {*kind.properties, *carried.known(kind)}


def test_every_rule_of_what_is_not_modelled_is_of_a_property_that_there_is():
    """A misspelt one would never be looked at."""
    places = [(token, place) for token, table in strangers.LIMITS.items() for place in table]
    for token, rules in strangers.TOGETHER.items():
        places += [(token, name) for rule in rules if isinstance(rule, Choice) for name in rule.names]
        places += [(token, name) for rule in rules if isinstance(rule, Needs) for name in (rule.name, *rule.others)]
        places += [(token, name) for rule in rules if isinstance(rule, Fits) for name in (rule.name, rule.other)]

    unknown = [
        (token, place)
        for token, place in places
        if f"def {upstream.snake(place.replace('[', '.').partition('.')[0])}(self)" not in sdk_text(token)
    ]

    assert unknown == []


@functools.cache
def sdk_text(token: str) -> str:
    """The SDK's module of a type; to import it takes seconds."""
    found = importlib.util.find_spec("pulumi_aws")
    assert found is not None
    assert found.submodule_search_locations
    module, _, name = token.partition("/")
    return (Path(found.submodule_search_locations[0]) / module / f"{upstream.snake(name.partition(':')[0])}.py").read_text()


@pytest.mark.parametrize(("code", "there"), [("AccessDenied", True), ("403", True), ("NoSuchEntity", False)])
def test_what_the_caller_may_not_see_is_not_said_to_be_absent(code: str, there: bool):
    """A pipeline's role names the boundary of the roles that it makes, and may not look at it: it could deploy nothing."""

    def find(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": code}}, "GetPolicy")

    session = Session(endpoint="http://localhost", region="eu-west-1", default_tags={})
    problem = Reference(code="NoSuchEntity", noun="policy", find=find).problem(session, "ceiling")

    assert (problem is None) == there


@pytest.mark.parametrize("code", ["Throttling", "ExpiredToken", "InvalidClientTokenId", "InternalFailure"])
def test_what_could_not_be_asked_is_not_said_to_be_absent(code: str):
    """Throttled in the middle of `up`: a key that is there would be said not to be."""

    def find(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": code}}, "DescribeKey")

    session = Session(endpoint="http://localhost", region="eu-west-1", default_tags={})
    with pytest.raises(ClientError):
        Reference(code="NotFoundException", noun="key", find=find).problem(session, "k")

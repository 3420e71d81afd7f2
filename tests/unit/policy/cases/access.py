"""Cases of AWS IAM and Amazon VPC."""

from typing import Any

from tests.unit.policy.cases.case import Case, Fake, allow, document

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
GITLAB = "arn:aws:iam::111111111111:oidc-provider/gitlab.com"


def grant(*statements: dict[str, Any]) -> Fake:
    return Fake(ROLE_POLICY, {"role": "r", "policy": document(*statements)})


def trust(principal: Any, **condition: Any) -> Fake:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}
    return Fake(ROLE, {"assumeRolePolicy": document(statement)})


def pass_role(**condition: Any) -> Fake:
    return grant(allow("iam:PassRole", "arn:aws:iam::111111111111:role/dbt/*", Condition=condition))


HARMLESS = grant(
    allow(["s3:GetObject"], ["arn:aws:s3:::bucket/*"]),
    allow("ecr:GetAuthorizationToken", "*"),
    allow("ecs:ListTasks", "*", Condition={"ArnEquals": {"ecs:cluster": "c"}}),
    allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:*:airflow-celery-*"),
    allow("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111111111111:log-group:airflow-dbt-*"),
    allow("ecs:StopTask", "arn:aws:ecs:eu-west-1:111111111111:task/cluster/*"),
    {"Effect": "Deny", "Action": "*", "Resource": "*"},
)
NAMED_ROLE = trust({"Service": "ecs-tasks.amazonaws.com"}, StringEquals={"aws:SourceAccount": "111111111111"})

IAM = [
    *(
        Case("iam-no-administrator", f"policy.Statement[0] {problem}", wrong=[grant(statement)], right=[HARMLESS])
        for problem, statement in [
            ("allows *", allow("*", "*")),
            ("allows *:*", allow(["*:*"], "*")),
            ("allows everything but", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            ("allows everything but", {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b/*"}),
        ]
    ),
    Case(
        "iam-no-administrator",
        "inlinePolicies[0].policy.Statement[0] allows *",
        wrong=[Fake(ROLE, {"inlinePolicies": [{"policy": document(allow("*", "*"))}]})],
        right=[HARMLESS],
    ),
    Case(
        "iam-no-administrator",
        "managedPolicyArns has arn:aws:iam::aws:policy/AdministratorAccess",
        wrong=[Fake(ROLE, {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]})],
        right=[Fake(ROLE, {"managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess"]})],
    ),
    Case("iam-no-wildcard-actions", "allows s3:*", wrong=[grant(allow("s3:*"))], right=[HARMLESS]),
    Case("iam-no-wildcard-actions", "allows s3:Get*", wrong=[grant(allow(["s3:Get*"]))], right=[HARMLESS]),
    *(
        Case(
            "iam-no-wildcard-resources",
            f"allows {action} on {resource}",
            wrong=[grant(allow(["ecr:GetAuthorizationToken", action], resource))],
            right=[HARMLESS],
        )
        for action, resource in [
            ("s3:GetObject", "*"),
            ("s3:GetObject", "arn:aws:s3:::*"),
            ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:key/*"),
            ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111111111111:log-group:*"),
            ("iam:GetRole", "arn:aws:iam::111111111111:role/*"),
            ("sns:Publish", "arn:aws:sns:eu-west-1:*:topic"),
            ("ecs:ListTasks", "*"),
        ]
    ),
    *(
        Case(
            "iam-pass-role-limited",
            "allows iam:PassRole to any service",
            wrong=[pass_role(**condition)],
            right=[pass_role(StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"}), HARMLESS],
        )
        for condition in (
            {},
            {"StringLike": {"iam:PassedToService": "*"}},
            {"StringNotEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        )
    ),
    Case("iam-trust-limited", "trusts everybody", wrong=[trust({"AWS": "*"})], right=[NAMED_ROLE]),
    Case(
        "iam-trust-limited", "on behalf of any account", wrong=[trust({"Service": "ecs-tasks.amazonaws.com"})], right=[NAMED_ROLE]
    ),
    Case(
        "iam-trust-limited",
        "trusts every identity of the provider",
        wrong=[trust({"Federated": GITLAB}, StringEquals={"gitlab.com:aud": "https://gitlab.com"})],
        right=[trust({"Federated": GITLAB}, StringEquals={"gitlab.com:aud": "https://gitlab.com", "gitlab.com:sub": "x"})],
    ),
]

VPC = Fake("aws:ec2/vpc:Vpc", {"id": "v"})
GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CLASSIC = "aws:ec2/securityGroupRule:SecurityGroupRule"
HTTPS_OUT = {"ipProtocol": "tcp", "cidrIpv4": "0.0.0.0/0"}


def default_group(**rules: Any) -> Fake:
    return Fake("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": "v", "ingress": [], "egress": [], **rules})


EC2 = [
    Case("ec2-default-security-group-closed", "keeps AWS's rules", wrong=[VPC], right=[VPC, default_group()]),
    Case(
        "ec2-default-security-group-closed",
        "egress has rules",
        wrong=[VPC, default_group(egress=[{"protocol": "-1"}])],
        right=[VPC, default_group()],
    ),
    Case("ec2-flow-logs", "flow log is missing", wrong=[VPC], right=[VPC, Fake("aws:ec2/flowLog:FlowLog", {"vpcId": "v"})]),
    Case(
        "ec2-no-public-addresses",
        "mapPublicIpOnLaunch is true",
        wrong=[Fake(SUBNET, {"mapPublicIpOnLaunch": True})],
        right=[Fake(SUBNET, {"mapPublicIpOnLaunch": False}), Fake(SUBNET, {})],
    ),
    *(
        Case(
            "ec2-closed-to-the-internet",
            f"{where} admits {everywhere}",
            wrong=[wrong],
            right=[
                Fake(INGRESS, {"referencedSecurityGroupId": "g"}),
                *(Fake(INGRESS, {"cidrIpv4": cidr}) for cidr in ("10.8.0.0/16", "172.16.0.0/12", "100.64.0.0/10")),
                Fake(INGRESS, {"cidrIpv6": "fd00::/8"}),
                Fake(GROUP, {"egress": [{"protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]}]}),
                Fake(CLASSIC, {"type": "egress", "protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]}),
            ],
        )
        for where, everywhere, wrong in [
            ("the rule", "0.0.0.0/0", Fake(INGRESS, {"cidrIpv4": "0.0.0.0/0"})),
            ("the rule", "::/0", Fake(INGRESS, {"cidrIpv6": "::/0"})),
            ("the rule", "8.8.8.0/24", Fake(INGRESS, {"cidrIpv4": "8.8.8.0/24"})),
            ("the rule", "10.0.0.0/7", Fake(INGRESS, {"cidrIpv4": "10.0.0.0/7"})),
            ("the rule", "2600::/16", Fake(INGRESS, {"cidrIpv6": "2600::/16"})),
            ("the rule", "0.0.0.0/0", Fake(CLASSIC, {"type": "ingress", "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]})),
            ("ingress[0]", "::/0", Fake(GROUP, {"ingress": [{"ipv6CidrBlocks": ["::/0"]}]})),
        ]
    ),
    *(
        Case("ec2-egress-limited", "allows every protocol to 0.0.0.0/0", wrong=[wrong], right=[Fake(EGRESS, HTTPS_OUT)])
        for wrong in (
            Fake(EGRESS, HTTPS_OUT | {"ipProtocol": "-1"}),
            Fake(CLASSIC, {"type": "egress", "protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}),
            Fake(GROUP, {"egress": [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]}),
        )
    ),
]

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
INTERNET = Fake("aws:ec2/internetGateway:InternetGateway", {"vpcId": "v"})


def endpoint(service: str, *statements: dict[str, Any], **properties: Any) -> Fake:
    policy = {"policy": document(*statements)} if statements else {}
    return Fake(ENDPOINT, {"vpcId": "v", "serviceName": f"com.amazonaws.{service}", **policy, **properties}, name=service)


def anybody(actions: str | list[str], resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resource}


def ours(actions: str) -> dict[str, Any]:
    return {**anybody(actions), "Condition": {"StringEquals": {"aws:PrincipalAccount": "1"}}}


ENDPOINTS = [
    Case(
        "vpc-endpoint-policy",
        "policy is AWS's own",
        wrong=[VPC, endpoint("eu-west-1.logs")],
        right=[VPC, endpoint("eu-west-1.logs", ours("logs:*")), endpoint("vpce.eu-west-1.vpce-svc-1")],
    ),
    Case(
        "vpc-endpoint-policy",
        "policy is AWS's own",
        wrong=[VPC, endpoint("eu-west-1.s3")],
        right=[VPC, INTERNET, endpoint("eu-west-1.s3")],
    ),
    *(
        Case(
            "vpc-endpoint-policy",
            "Statement[1] is for everybody and every resource",
            wrong=[VPC, endpoint("eu-west-1.s3", ours("s3:*"), wrong)],
            right=[
                VPC,
                endpoint("eu-west-1.s3", anybody("s3:GetObject", "arn:aws:s3:::layers/*")),
                endpoint("eu-west-1.ecr.api", anybody(["ecr:BatchGetImage", "ecr:GetAuthorizationToken"])),
            ],
        )
        for wrong in (anybody("s3:PutObject"), anybody(["ecr:BatchGetImage", "ecr:PutImage"]))
    ),
    Case(
        "vpc-endpoint-security-group",
        "securityGroupIds is empty",
        wrong=[endpoint("eu-west-1.logs", vpcEndpointType="Interface")],
        right=[
            endpoint("eu-west-1.logs", vpcEndpointType="Interface", securityGroupIds=["g"]),
            endpoint("eu-west-1.s3", vpcEndpointType="Gateway"),
        ],
    ),
    *(
        Case(
            "vpc-endpoints-of-ecr",
            f"the endpoint of {missing} is missing",
            wrong=[VPC, endpoint(f"eu-west-1.{there}")],
            right=[VPC, endpoint("eu-west-1.ecr.api"), endpoint("eu-west-1.ecr.dkr")],
        )
        for missing, there in (("ecr.api", "ecr.dkr"), ("ecr.dkr", "ecr.api"))
    ),
    Case("vpc-endpoints-of-ecr", "is missing", wrong=[VPC], right=[VPC, INTERNET]),
]

CASES = [*IAM, *EC2, *ENDPOINTS]

"""What goes wrong between the task, Airflow and AWS."""

from .aws_advice import PULL, REFRESH, RESOURCE, STOPPED, TEMPORARY, WAYS
from .model import Cause

NETWORK = (
    Cause(
        id="subnet-full",
        happened="The task's subnets have no free addresses",
        why="Each task takes one address of a private subnet until it ends.",
        todo="Passes when other tasks end. If it stays, let fewer workstreams run at once (`concurrentRuns`), or give the "
        "network a "
        "larger range: free addresses of the subnets are in the VPC console.",
        passes=True,
        source="Amazon EC2 API Reference, 'Error codes': InsufficientFreeAddressesInSubnet",
        where=("request", "task"),
        signs=(
            r"InsufficientFreeAddresses",
            r"(free|available|enough|sufficient) (private )?(ip(v4)? )?addresses",
            r"InsufficientCidr",
        ),
    ),
    Cause(
        id="interface-quota",
        happened="The account's quota of network interfaces is used up",
        why="Each task needs a network interface, and the region has a quota of them that other services use too.",
        todo="No retry raises it: ask for a higher quota `Network interfaces per Region` (Service Quotas, Amazon VPC), or delete "
        "interfaces that nobody uses.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': NetworkInterfaceLimitExceeded",
        where=("request", "task"),
        signs=(
            r"NetworkInterfaceLimitExceeded",
            r"(limit|quota|maximum number).{0,60}network interfaces?",
            r"network interfaces?.{0,60}(limit|quota)",
            r"security groups? per (network )?interface",
            r"SecurityGroupsPerInterfaceLimit",
        ),
    ),
    Cause(
        id="security-group-gone",
        happened="The task's security groups are gone",
        why="A security group was deleted behind Pulumi's back, or the configuration that Airflow reads is older than the network.",
        todo=f"{REFRESH} makes them again and writes them into what Airflow reads.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': InvalidGroup.NotFound",
        where=("request", "task"),
        signs=(
            r"InvalidGroup",
            r"InvalidSecurityGroup",
            r"security ?group.{0,120}((does not|doesn't|do not) exist|not found|invalid|same (vpc|network)|different (vpc"
            r"|network))",
        ),
    ),
    Cause(
        id="subnet-gone",
        happened="The task's subnets are gone",
        why="A subnet was deleted behind Pulumi's back, or the configuration that Airflow reads is older than the network.",
        todo=f"{REFRESH} makes them again and writes them into what Airflow reads.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': InvalidSubnetID.NotFound",
        where=("request", "task"),
        signs=(
            r"InvalidSubnet",
            r"subnet.{0,120}((does not|doesn't|do not) exist|not found|invalid)",
            r"retrieving subnet information",
            r"invalid.{0,30}subnet",
        ),
    ),
    Cause(
        id="interface-denied",
        happened="ECS may not make a network interface for the task",
        why="ECS makes it with its service-linked role, whose policy is AWS's: usually a policy of the organisation forbids it.",
        todo="`aws sts decode-authorization-message` says what was denied. Ask the administrators of your AWS organisation to let "
        "AWSServiceRoleForECS use EC2 (service control policy), or restore that role.",
        passes=False,
        source="Amazon EC2 API Reference, 'Error codes': UnauthorizedOperation",
        where=("request", "task"),
        signs=(
            r"UnauthorizedOperation",
            r"not authorized to perform this operation",
            r"encoded authorization failure",
            r"\bOperationNotPermitted",
            r"(?-i:\bec2:[A-Z]\w+)",
        ),
    ),
    Cause(
        id="service-linked-role",
        happened="ECS's own service-linked role is missing, or so new that AWS does not see it yet",
        why="An account's first cluster makes AWSServiceRoleForECS; for some minutes it can't be used. It is none of the "
        "task's roles.",
        todo="The next try usually works. If it stays: `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`.",
        passes=True,
        source="Using service-linked roles for Amazon ECS; terraform-provider-aws tries again on it",
        where=("request", "task"),
        signs=(r"service[- ]linked role", r"AWSServiceRoleForECS"),
    ),
)

CONNECTIONS = (
    Cause(
        id="airflow-can-not-reach",
        happened="Airflow's workers can't reach {service}",
        why="A request from Airflow's own network to AWS got no answer; a container that runs goes on.",
        todo="Often temporary, and the next try works. If it stays, check the network of Airflow's workers: the subnets' "
        "route to the "
        "NAT gateway or the interface endpoint of {service}, and egress 443 of Airflow's security group.",
        passes=True,
        source="botocore: EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, ConnectionClosedError",
        where=("request",),
        signs=(
            r"endpoint URL",
            r"(IncompleteRead|ResponseStreaming|EndpointConnection|ConnectTimeout|ReadTimeout|ConnectionClosed|ProxyConnection|HTTPClient|SSL|Connection)Error",
            r"timed? ?out",
            r"connection (was )?(closed|reset|refused|aborted)",
            r"name resolution|getaddrinfo|could not resolve|no such host",
            r"certificate verify failed",
        ),
    ),
    Cause(
        id="container-host-fault",
        happened="The Fargate host could not start the container",
        why="The host's container runtime or its network set-up failed before the image had a say.",
        todo=TEMPORARY,
        passes=True,
        source=STOPPED,
        where=("task",),
        signs=(
            r"shim(?!.*OCI runtime)",
            r"netplugin",
            r"containerd\.sock|ttrpc",
            r"(configure|setup|set up|attach).{0,30}\bENI\b",
            r"CannotInspectContainer",
            r"CannotStopContainer",
            r"ContainerRuntime(Timeout)?Error",
            r"DockerTimeout",
            r"could not transition to",
        ),
    ),
    Cause(
        id="interface-fault",
        happened="AWS could not attach a network interface to the task",
        why="EC2 was slow, or failed, when ECS asked for the task's network interface.",
        todo=f"{TEMPORARY} Also check that the private subnets have free addresses.",
        passes=True,
        source=STOPPED,
        where=("request", "task"),
        signs=(r"network interface", r"(?<!RESOURCE:)(?-i:\bENI\b)", r"unexpected ec2 error"),
    ),
    Cause(
        id="connection-broke",
        happened="The connection to {service} broke",
        why="The connection was made and then ended too early, on the way or at the other side.",
        todo="A temporary fault; the next try usually works. If it stays, check what lies between the private subnets and "
        "{service}: "
        "NAT gateway, firewall, network ACL, endpoint.",
        passes=True,
        source=PULL,
        where=("request", "task"),
        signs=(
            r"\bEOF\b",
            r"connection reset",
            r"broken pipe",
            r"TLS handshake",
            r"\btls:",
            r"GOAWAY",
            r"http2",
            r"stream error",
            r"server misbehaving",
            r"closed network connection",
            r"connection (was )?(closed|aborted)",
            r"short read|size validation|failed size|digest mismatch|unexpected commit digest",
        ),
    ),
    Cause(
        id="no-way",
        happened="{service} could not be reached from the task's subnets",
        why="Fargate reads the secret, pulls the image and writes the log through the network of the task.",
        todo=WAYS,
        passes=True,
        source=RESOURCE,
        where=("task", "run"),
        signs=(
            r"connection issue",
            r"network (configuration|connection|connectivity)",
            r"i/o timeout",
            r"could not (reach|be reached|connect)",
            r"\bdial (tcp|udp)",
            r"no such host",
            r"deadline exceeded",
            r"request ?cancell?ed",
            r"(request send|send request) failed",
            r"Client\.Timeout",
            r"connection refused",
            r"connect(ion)? ?timed? ?out",
            r"no route to host",
            r"network is unreachable",
            r"MissingEndpoint",
            r"context ca(\.\.\.|n)",
            r"signal: killed",
            r"endpoint URL",
        ),
    ),
)

"""Properties of our types that the tables don't have: taken as pulumi-aws and AWS take them, and carried in Pulumi's state.

`carried.json` says what pulumi-aws takes (`sandbox/testing/sdk.py` writes it). Such a property is checked by that, by botocore's
model, by CloudFormation's schema and by `refusals/strangers.py`; where a type's own functions know it, AWS is told too. What it
does beyond that is not played here.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.grammars.documents import misshapen
from sandbox.models import Shape
from sandbox.providers.aws.table import Problem, ResourceType
from sandbox.providers.values import UNKNOWN, Properties, contains_unknown

TABLE = Path(__file__).with_suffix(".json")

REPLACING = {
    "budgets/budget:Budget": {"accountId", "namePrefix"},
    "cloudwatch/eventRule:EventRule": {"eventBusName"},
    "cloudwatch/eventTarget:EventTarget": {"eventBusName"},
    "ec2/eip:Eip": {"address", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"},
    "ec2/flowLog:FlowLog": {
        "deliverCrossAccountRole", "destinationOptions", "eniId", "regionalNatGatewayId", "subnetId", "tagFieldSpecifications",
        "transitGatewayAttachmentId", "transitGatewayId",
    },
    "ec2/natGateway:NatGateway": {"availabilityMode", "privateIp", "vpcId"},
    "ec2/route:Route": {"destinationIpv6CidrBlock", "destinationPrefixListId"},
    "ec2/routeTableAssociation:RouteTableAssociation": {"gatewayId"},
    "ec2/subnet:Subnet": {
        "availabilityZoneId", "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6Native", "ipv6NetmaskLength",
        "outpostArn",
    },
    "ec2/vpc:Vpc": {"ipv4IpamPoolId", "ipv4NetmaskLength"},
    "ec2/vpcEndpoint:VpcEndpoint": {"resourceConfigurationArn", "serviceNetworkArn", "serviceRegion"},
    "ecs/taskDefinition:TaskDefinition": {
        "enableFaultInjection", "ipcMode", "pidMode", "placementConstraints", "proxyConfiguration",
    },
    "kms/key:Key": {"customKeyStoreId", "xksKeyId"},
    "route53/zone:Zone": {"delegationSetId"},
    "s3/bucket:Bucket": {"bucketPrefix", "objectLockEnabled"},
    "sns/topic:Topic": {"fifoTopic"},
}  # fmt: skip
"""Those that need a new resource (hashicorp/aws 5.100.0, PlanResourceChange); `region` and a name's prefix everywhere."""

EVERYWHERE = {"region", "namePrefix"}


def known(kind: ResourceType) -> dict[str, dict[str, Any]]:
    """Property -> JSON Schema, of what the real provider takes and the table of a type does not have."""
    own = {*kind.properties, *(("tags", "tagsAll") if kind.tagged else ())}
    return {name: schema for name, schema in _table()[kind.token].items() if name not in own}


def schema(kind: ResourceType, name: str) -> dict[str, Any] | None:
    """What the real provider takes for a property; None where it says nothing of its parts."""
    return _table()[kind.token].get(name) or None


SHAPES = {"array": ("list",), "object": ("structure", "map"), "string": ("string", "timestamp", "blob")}


def is_like(kind: ResourceType, name: str, shape: Shape) -> bool:
    """Whether the real provider has a property in the form in which AWS's API has it."""
    wanted = known(kind).get(name, {}).get("type", "")
    return shape.type_name in SHAPES.get(wanted, ("integer", "long", "double", "float", "boolean"))


def replaces(kind: ResourceType, name: str) -> bool:
    """Whether the change of such a property needs a new resource."""
    return name in known(kind) and name in EVERYWHERE | REPLACING.get(kind.token.removeprefix("aws:"), set())


def coerced(kind: ResourceType, inputs: Properties) -> Properties:
    """The inputs with numbers and texts as the real provider wants them."""
    schemas = known(kind)
    return {name: _coerced(value, schemas[name]) if name in schemas else value for name, value in inputs.items()}


def kept(kind: ResourceType, inputs: Properties) -> Properties:
    """Those of the inputs that are carried."""
    return {name: inputs[name] for name in known(kind) if name in inputs}


def silent(kind: ResourceType, inputs: Properties) -> list[str]:
    """Those of them that are in the state alone, as far as the type's functions say."""
    told = EVERYWHERE | {name for put in kind.puts for name in put.properties}
    return sorted(name for name in kept(kind, inputs) if name not in told)


def problems(kind: ResourceType, name: str, value: Any) -> Iterator[Problem]:
    """What the real provider does not take."""
    if value is not None and not contains_unknown(value):
        yield from misshapen(name, value, known(kind)[name])


def _coerced(value: Any, schema: Mapping[str, Any]) -> Any:
    match schema.get("type"), value:
        case "object", dict():
            parts, every = schema.get("properties", {}), schema.get("additionalProperties") or {}
            return {name: _coerced(item, parts.get(name, every)) for name, item in value.items()}
        case "array", list():
            return [_coerced(item, schema["items"]) for item in value]
        case "string", bool() | int() | float():
            return str(value).lower()
        case "integer", str() if value != UNKNOWN and value.lstrip("-").isdigit():
            return int(value)
        case "boolean", "true" | "false":
            return value == "true"
    return value


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    return json.loads(TABLE.read_text())

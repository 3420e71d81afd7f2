# ruff: noqa: A001, A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon VPC: security groups and their rules."""

from collections.abc import Iterator
from typing import Any

from sandbox.networks import ipv4_cidr, ipv6_cidr
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.services import ec2_tags
from sandbox.providers.aws.shapes import unordered
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties, ProviderError

PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}
"""Numbers and words that AWS gives back as another word (EC2 API Reference, IpPermission)."""

SOURCES = {
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}
"""How the real provider names the other side -> where AWS has it (EC2 API Reference, IpPermission)."""

PEERS = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
"""The other side of a rule."""


def _group(api: Api, id: str) -> dict[str, Any] | None:
    found = if_there(api.client.describe_security_groups, GroupIds=[id]).get("SecurityGroups", [])
    return found[0] if found else None


def _read_group(api: Api, id: str, state: Properties) -> Properties | None:
    group = _group(api, id)
    return group and {
        "name": group["GroupName"],
        "description": group["Description"],
        "vpcId": group["VpcId"],
        "arn": api.arn(f"security-group/{id}"),
        "ownerId": group["OwnerId"],
        "ingress": _rules(group["IpPermissions"], id),
        "egress": _rules(group["IpPermissionsEgress"], id),
        "tagsAll": tags.from_list(group.get("Tags")),
    }


def _rules(permissions: list[dict[str, Any]], group: str) -> list[Properties]:
    """A group's rules as the real provider shows them: one for each protocol, ports and description."""
    found: dict[tuple[Any, ...], Properties] = {}
    for permission in permissions:
        ports = permission["IpProtocol"], permission.get("FromPort", 0), permission.get("ToPort", 0)
        for name, (member, key) in SOURCES.items():
            for each in permission.get(member, []):
                text = each.get("Description", "")
                rule = found.setdefault((*ports, text), _empty_rule(*ports, text))
                if each[key] == group:
                    rule["self"] = True
                else:
                    rule[name].append(each[key])
    return list(found.values())


def _empty_rule(protocol: str, first: int, last: int, description: str) -> Properties:
    rule: Properties = {"protocol": protocol, "fromPort": first, "toPort": last, "description": description, "self": False}
    return rule | {name: [] for name in SOURCES}


def _revoke_everything(api: Api, id: str) -> None:
    """Real provider: a group that it creates or adopts starts without rules, not with AWS's allow-all egress."""
    group = _group(api, id) or {}
    if group.get("IpPermissionsEgress"):
        api.client.revoke_security_group_egress(GroupId=id, IpPermissions=group["IpPermissionsEgress"])
    if group.get("IpPermissions"):
        api.client.revoke_security_group_ingress(GroupId=id, IpPermissions=group["IpPermissions"])


def _create_group(api: Api, inputs: Properties) -> str:
    specification = ec2_tags.specification("security-group", inputs)
    id = api.send("CreateSecurityGroup", inputs, TagSpecifications=specification)["GroupId"]
    _revoke_everything(api, id)
    return id


def _put_rules(way: str) -> Put:
    """A group's own list of rules: the whole of it, as the program says."""
    permissions = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}[way]

    def call(api: Api, id: str, new: Properties, old: Properties) -> None:
        present = (_group(api, id) or {}).get(permissions)
        if present:
            getattr(api.client, f"revoke_security_group_{way}")(GroupId=id, IpPermissions=present)
        wanted = [_of_list(id, rule) for rule in new.get(way) or []]
        if wanted:
            getattr(api.client, f"authorize_security_group_{way}")(GroupId=id, IpPermissions=wanted)

    return Put((way,), call, on_create=True)


def _of_list(id: str, rule: Properties) -> dict[str, Any]:
    """One of them as Authorize calls take it."""
    protocol = _protocol(rule["protocol"])
    ports = {} if protocol == "-1" else {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    about = {"Description": rule["description"]} if rule.get("description") else {}
    found: dict[str, Any] = {"IpProtocol": protocol, **ports}
    for name, (member, key) in SOURCES.items():
        values = [*(rule.get(name) or []), *([id] if name == "securityGroups" and rule.get("self") else [])]
        if values:
            found[member] = [{key: value, **about} for value in values]
    return found


def _delete_group(api: Api, id: str, state: Properties) -> None:
    if state.get("revokeRulesOnDelete"):
        _revoke_everything(api, id)
    api.client.delete_security_group(GroupId=id)


def _group_name(value: Any) -> str | None:
    return "must not start with sg-" if value.lower().startswith("sg-") else None


SECURITY_GROUP = ResourceType(
    token="aws:ec2/securityGroup:SecurityGroup",
    service="ec2",
    properties={
        "name": Property("CreateSecurityGroup.GroupName", replace=True, check=_group_name),
        "description": Property("CreateSecurityGroup.Description", default="Managed by Pulumi", replace=True),
        "vpcId": Property("CreateSecurityGroup.VpcId", replace=True, kept=True),
        "revokeRulesOnDelete": Property(bool, default=False, local=True),
    },
    outputs=("arn", "egress", "ingress", "ownerId"),
    create=_create_group,
    read=_read_group,
    delete=_delete_group,
    puts=(_put_rules("ingress"), _put_rules("egress"), ec2_tags.PUT),
    name=Name(property="name", longest=255),
    tagged=True,
)


def _default_vpc(api: Api) -> str:
    found = api.client.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    return found[0]["VpcId"] if found else ""


def _adopt_default(api: Api, inputs: Properties) -> str:
    vpc = inputs.get("vpcId") or _default_vpc(api)
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    found = api.client.describe_security_groups(Filters=filters)["SecurityGroups"]
    if not found:
        raise ProviderError(f"{api.kind.token}: {vpc} has no default security group")
    id = found[0]["GroupId"]
    # In the real provider's order: with the tags, who may change what bears them may close it.
    if inputs.get("tagsAll"):
        api.client.create_tags(Resources=[id], Tags=tags.as_list(inputs))
    _revoke_everything(api, id)
    return id


def _rules_form(value: Any) -> Any:
    """Form of a list of rules: neither its order nor that of their peers means anything."""
    if not isinstance(value, list):
        return value
    return unordered([{name: unordered(item) for name, item in rule.items()} for rule in value])


DEFAULT_SECURITY_GROUP = ResourceType(
    token="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    service="ec2",
    properties={
        "vpcId": Property("CreateSecurityGroup.VpcId", replace=True, kept=True),
        "ingress": Property(list, default=[], form=_rules_form),
        "egress": Property(list, default=[], form=_rules_form),
    },
    outputs=("arn", "description", "name", "ownerId"),
    filled={"namePrefix": ""},
    create=_adopt_default,
    read=_read_group,
    delete=lambda api, id, state: None,  # goes with its VPC; until then it stays closed
    puts=(_put_rules("ingress"), _put_rules("egress"), ec2_tags.PUT),
    tagged=True,
)


def _protocol(value: Any) -> Any:
    lower = value.lower() if isinstance(value, str) and value != UNKNOWN else value
    return PROTOCOLS.get(lower, lower)


def _permission(inputs: Properties) -> dict[str, Any]:
    """A rule as Authorize calls take it."""
    about = {"Description": inputs["description"]} if inputs.get("description") else {}
    permission: dict[str, Any] = {"IpProtocol": _protocol(inputs["ipProtocol"])}
    for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")):
        if inputs.get(name) is not None:
            permission[member] = inputs[name]
    for name, lists, member in (
        ("cidrIpv4", "IpRanges", "CidrIp"),
        ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("prefixListId", "PrefixListIds", "PrefixListId"),
        ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ):
        if inputs.get(name):
            permission[lists] = [{member: inputs[name], **about}]
    return permission


def _rule(api: Api, id: str) -> dict[str, Any] | None:
    found = if_there(api.client.describe_security_group_rules, SecurityGroupRuleIds=[id]).get("SecurityGroupRules", [])
    return found[0] if found else None


def _read_rule(api: Api, id: str, state: Properties) -> Properties | None:
    rule = _rule(api, id)
    if rule is None:
        return None
    every = rule["IpProtocol"] == "-1"
    return {
        "securityGroupId": rule["GroupId"],
        "ipProtocol": rule["IpProtocol"],
        "fromPort": None if every else rule.get("FromPort"),
        "toPort": None if every else rule.get("ToPort"),
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
        "description": rule.get("Description"),
        "securityGroupRuleId": id,
        "arn": api.arn(f"security-group-rule/{id}"),
        "tagsAll": tags.from_list(rule.get("Tags")),
    }


def _rule_problems(inputs: Properties) -> Iterator[Problem]:
    peers = [name for name in PEERS if name in inputs]
    if len(peers) != 1:
        yield (peers[-1] if peers else PEERS[0]), f"give exactly one of {', '.join(PEERS)}"
    protocol = _protocol(inputs["ipProtocol"])
    ports = [name for name in ("fromPort", "toPort") if name in inputs]
    if protocol == "-1" and ports:
        yield ports[0], "with the protocol -1 (all) a rule has no ports"
    if protocol in ("tcp", "udp", "icmp") and len(ports) != 2:
        yield "fromPort", f"with the protocol {protocol} a rule has fromPort and toPort"
    if len(ports) == 2 and UNKNOWN not in (inputs["fromPort"], inputs["toPort"]):
        yield from _range_problems(protocol, inputs["fromPort"], inputs["toPort"])


def _range_problems(protocol: str, first: int, last: int) -> Iterator[Problem]:
    """EC2 API Reference, IpPermission: with ICMP the ports are a type and a code."""
    if protocol in ("icmp", "icmpv6"):
        if not (-1 <= first <= 255 and -1 <= last <= 255) or (first == -1 and last != -1):
            yield "fromPort", f"InvalidParameterValue: {first} and {last} are no type and code of ICMP: -1 is all, of a type too"
    elif protocol in ("tcp", "udp"):
        if first < 0:
            yield "fromPort", f"InvalidParameterValue: Invalid value '{first}' for fromPort. Must specify both from and to ports"
        if first > last:
            yield "toPort", f"{last} is less than fromPort, {first}"


def _another_kind(old: Any, new: Any) -> bool:
    """Real provider: a rule changes from one network to another in place, but not from a network to a group."""
    return (old is None) != (new is None)


def _rule_type(direction: str) -> ResourceType:
    """Ingress and egress rules differ in the calls that make and end them."""
    lower = direction.lower()

    def create(api: Api, inputs: Properties) -> str:
        answer = getattr(api.client, f"authorize_security_group_{lower}")(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=ec2_tags.specification("security-group-rule", inputs),
        )
        return answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def modify(api: Api, id: str, new: Properties, old: Properties) -> None:
        names = {"cidrIpv4": "CidrIpv4", "cidrIpv6": "CidrIpv6", "prefixListId": "PrefixListId"}
        rule = {member: new[name] for name, member in names.items() if new.get(name)}
        if new.get("referencedSecurityGroupId"):
            rule["ReferencedGroupId"] = new["referencedSecurityGroupId"]
        if new.get("fromPort") is not None:
            rule |= {"FromPort": new["fromPort"], "ToPort": new["toPort"]}
        rule |= {"IpProtocol": _protocol(new["ipProtocol"]), "Description": new.get("description") or ""}
        api.client.modify_security_group_rules(
            GroupId=new["securityGroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": id, "SecurityGroupRule": rule}],
        )

    def delete(api: Api, id: str, state: Properties) -> None:
        revoke = getattr(api.client, f"revoke_security_group_{lower}")
        revoke(GroupId=state["securityGroupId"], SecurityGroupRuleIds=[id])

    changeable = {
        "ipProtocol": Property(str, required=True, form=_protocol),
        "fromPort": Property(int),
        "toPort": Property(int),
        "cidrIpv4": Property(str, replace=_another_kind, check=ipv4_cidr),
        "cidrIpv6": Property(str, replace=_another_kind, check=ipv6_cidr),
        "prefixListId": Property(str, replace=_another_kind),
        "referencedSecurityGroupId": Property(str, replace=_another_kind),
        "description": Property(str),
    }
    return ResourceType(
        token=f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule",
        service="ec2",
        properties={"securityGroupId": Property(str, required=True, replace=True), **changeable},
        outputs=("arn", "securityGroupRuleId"),
        create=create,
        read=_read_rule,
        delete=delete,
        puts=(Put(tuple(changeable), modify), ec2_tags.PUT),
        tagged=True,
        checks=(_rule_problems,),
    )


KINDS = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP, _rule_type("Ingress"), _rule_type("Egress"))

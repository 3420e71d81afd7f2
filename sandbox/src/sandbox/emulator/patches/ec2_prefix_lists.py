"""A security group rule may be for a prefix list, and shows it.

EC2 API Reference, "IpPermission" and "SecurityGroupRule". MiniStack drops the list and keeps a rule without a peer.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

from typing import Any

from ministack.services import ec2

from sandbox.emulator.patches import replaces

OTHER_PEERS = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs")

_stock_parse = ec2._parse_ip_permissions
_stock_rule = ec2._sg_rule_xml


@replaces(ec2, "_parse_ip_permissions")
def parse_ip_permissions(params: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
    """The rules of a request."""
    rules = _stock_parse(params, prefix)
    for number, rule in enumerate(rules, start=1):
        position = 1
        while prefix_list := ec2._p(params, f"{prefix}.{number}.PrefixListIds.{position}.PrefixListId"):
            rule["PrefixListIds"].append({"PrefixListId": prefix_list})
            position += 1
    return rules


@replaces(ec2, "_sg_rule_xml")
def rule_xml(group_id: str, rule: dict[str, Any], is_egress: bool = False) -> str:
    """The rule as the API shows it: an item per peer."""
    lists = [entry["PrefixListId"] for entry in rule.get("PrefixListIds", [])]
    others = any(rule.get(kind) for kind in OTHER_PEERS)
    shown = _stock_rule(group_id, rule, is_egress) if others or not lists else ""
    # MiniStack derives the rule's id from all that is in it: it stays the same when only the peers are left out.
    known = {**rule, "SecurityGroupRuleId": ec2._sg_rule_id(group_id, is_egress, rule)}
    alone = _stock_rule(group_id, {**known, **{kind: [] for kind in OTHER_PEERS}}, is_egress)
    ends = [f"</toPort><prefixListId>{each}</prefixListId>" for each in lists]
    return shown + "".join(alone.replace("</toPort>", end, 1) for end in ends)

# ruff: noqa: A001, A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon Route 53: private hosted zones and their alias records."""

import secrets
from typing import Any

from sandbox.grammars import schemas
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import unordered
from sandbox.providers.aws.table import Put, ResourceType
from sandbox.providers.values import Properties


def _host(value: Any) -> Any:
    """Names are the same with and without the final dot, and in capitals."""
    return value.rstrip(".").lower() if isinstance(value, str) else value


def _wait(api: Api, change: dict[str, Any]) -> None:
    def in_sync() -> bool:
        return api.client.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"

    api.wait(in_sync, f"the change {change['Id']} to reach all name servers")


def _vpc(api: Api, vpc: Properties) -> dict[str, str]:
    return {"VPCId": vpc["vpcId"], "VPCRegion": vpc.get("vpcRegion") or api.session.region}


def _create_zone(api: Api, inputs: Properties) -> str:
    made = api.client.create_hosted_zone(
        Name=inputs["name"],
        CallerReference=secrets.token_hex(8),
        VPC=_vpc(api, inputs["vpcs"][0]),
        HostedZoneConfig={"Comment": inputs["comment"], "PrivateZone": True},
    )
    id = made["HostedZone"]["Id"].rpartition("/")[2]
    _add_tags(api, id, inputs)
    _wait(api, made["ChangeInfo"])
    return id


def _read_zone(api: Api, id: str, state: Properties) -> Properties | None:
    found = if_there(api.client.get_hosted_zone, Id=id)
    if not found:
        return None
    zone, servers = found["HostedZone"], _name_servers(api, id, found)
    tagged = api.client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id)["ResourceTagSet"]
    return {
        "name": _host(zone["Name"]),
        "comment": zone["Config"].get("Comment", ""),
        "vpcs": [_shown(api, vpc, state) for vpc in found.get("VPCs", [])],
        "zoneId": id,
        "arn": f"arn:{api.session.partition}:route53:::hostedzone/{id}",
        "nameServers": sorted(servers),
        "primaryNameServer": next(iter(servers), None),
        "tagsAll": tags.from_list(tagged.get("Tags")),
    }


def _name_servers(api: Api, id: str, zone: dict[str, Any]) -> list[str]:
    """A private zone has no set of its own: its NS record tells."""
    if "DelegationSet" in zone:
        return zone["DelegationSet"]["NameServers"]
    start = {"StartRecordName": zone["HostedZone"]["Name"], "StartRecordType": "NS", "MaxItems": "1"}
    records = api.client.list_resource_record_sets(HostedZoneId=id, **start)["ResourceRecordSets"]
    return [each["Value"].rstrip(".") for record in records if record["Type"] == "NS" for each in record["ResourceRecords"]]


def _shown(api: Api, vpc: dict[str, str], state: Properties) -> Properties:
    """The region is shown where the program gave it, or where it is another."""
    told = any("vpcRegion" in given for given in state.get("vpcs") or [])
    region = {"vpcRegion": vpc["VPCRegion"]} if told or vpc["VPCRegion"] != api.session.region else {}
    return {"vpcId": vpc["VPCId"], **region}


def _put_comment(api: Api, id: str, new: Properties, old: Properties) -> None:
    api.client.update_hosted_zone_comment(Id=id, Comment=new["comment"])


def _put_vpcs(api: Api, id: str, new: Properties, old: Properties) -> None:
    """AWS refuses to take a private zone's last VPC away: the new ones come first."""
    for vpc in [vpc for vpc in new["vpcs"] if vpc not in old["vpcs"]]:
        _wait(api, api.client.associate_vpc_with_hosted_zone(HostedZoneId=id, VPC=_vpc(api, vpc))["ChangeInfo"])
    for vpc in [vpc for vpc in old["vpcs"] if vpc not in new["vpcs"]]:
        _wait(api, api.client.disassociate_vpc_from_hosted_zone(HostedZoneId=id, VPC=_vpc(api, vpc))["ChangeInfo"])


def _add_tags(api: Api, id: str, inputs: Properties) -> None:
    if pairs := tags.as_list(inputs):
        api.client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id, AddTags=pairs)


def _remove_tags(api: Api, id: str, names: list[str]) -> None:
    api.client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id, RemoveTagKeys=names)


def _private(value: Any) -> str | None:
    return None if value else "the sandbox models private zones only: give one VPC or more"


ZONE = ResourceType(
    token="aws:route53/zone:Zone",
    service="route53",
    properties={
        "name": Property("CreateHostedZone.Name", required=True, replace=True, form=_host),
        "comment": Property(str, default="Managed by Pulumi"),
        "vpcs": Property(list, required=True, form=unordered, schema=schemas.ZONE_VPCS, check=_private),
    },
    outputs=("arn", "nameServers", "primaryNameServer", "zoneId"),
    create=_create_zone,
    read=_read_zone,
    delete=lambda api, id, state: api.client.delete_hosted_zone(Id=id),
    puts=(
        Put(("comment",), _put_comment),
        Put(("vpcs",), _put_vpcs),
        tags.put_tags(_add_tags, _remove_tags),
    ),
    tagged=True,
)


def _change(api: Api, action: str, record: Properties) -> str:
    (alias,) = record["aliases"]
    target = {
        "HostedZoneId": alias["zoneId"],
        "DNSName": alias["name"],
        "EvaluateTargetHealth": alias["evaluateTargetHealth"],
    }
    change = {"Action": action, "ResourceRecordSet": {"Name": record["name"], "Type": record["type"], "AliasTarget": target}}
    answer = api.client.change_resource_record_sets(HostedZoneId=record["zoneId"], ChangeBatch={"Changes": [change]})
    _wait(api, answer["ChangeInfo"])
    return f"{record['zoneId']}_{_host(record['name'])}_{record['type']}"


def _read_record(api: Api, id: str, state: Properties) -> Properties | None:
    zone, name, kind = id.split("_")
    start = {"StartRecordName": name, "StartRecordType": kind, "MaxItems": "1"}
    found = if_there(api.client.list_resource_record_sets, HostedZoneId=zone, **start).get("ResourceRecordSets", [])
    if not found or (_host(found[0]["Name"]), found[0]["Type"]) != (name, kind):
        return None
    target = found[0]["AliasTarget"]
    alias = {
        "name": _host(target["DNSName"]),
        "zoneId": target["HostedZoneId"],
        "evaluateTargetHealth": target["EvaluateTargetHealth"],
    }
    return {"zoneId": zone, "name": name, "type": kind, "aliases": [alias], "fqdn": name}


def _address(value: Any) -> str | None:
    return None if value == "A" else "is not A: the sandbox models aliases of IPv4 addresses only"


RECORD = ResourceType(
    token="aws:route53/record:Record",
    service="route53",
    properties={
        "zoneId": Property("ChangeResourceRecordSets.HostedZoneId", required=True, replace=True),
        "name": Property(str, required=True, replace=True, form=_host),
        "type": Property(str, required=True, replace=True, check=_address),
        "aliases": Property(list, required=True, schema=schemas.RECORD_ALIAS),
    },
    outputs=("fqdn",),
    create=lambda api, inputs: _change(api, "CREATE", inputs),
    read=_read_record,
    delete=lambda api, id, state: _change(api, "DELETE", state),
    puts=(Put(("aliases",), lambda api, id, new, old: _change(api, "UPSERT", new)),),
)

KINDS = (ZONE, RECORD)

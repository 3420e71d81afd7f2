# ruff: noqa: A001, A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon Route 53: hosted zones and their records."""

import secrets
from typing import Any

from sandbox.grammars import schemas
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.refusals import records
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
    vpcs, servers = inputs.get("vpcs") or [], inputs.get("delegationSetId")
    made = api.client.create_hosted_zone(
        Name=inputs["name"],
        CallerReference=secrets.token_hex(8),
        HostedZoneConfig={"Comment": inputs["comment"], "PrivateZone": bool(vpcs)},
        **({"VPC": _vpc(api, vpcs[0])} if vpcs else {}),
        **({"DelegationSetId": servers} if servers else {}),
    )
    id = made["HostedZone"]["Id"].rpartition("/")[2]
    _add_tags(api, id, inputs)
    _wait(api, made["ChangeInfo"])
    _put_vpcs(api, id, {"vpcs": vpcs}, {"vpcs": vpcs[:1]})
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
    wanted, present = (each.get("vpcs") or [] for each in (new, old))
    for vpc in [vpc for vpc in wanted if vpc not in present]:
        _wait(api, api.client.associate_vpc_with_hosted_zone(HostedZoneId=id, VPC=_vpc(api, vpc))["ChangeInfo"])
    for vpc in [vpc for vpc in present if vpc not in wanted]:
        _wait(api, api.client.disassociate_vpc_from_hosted_zone(HostedZoneId=id, VPC=_vpc(api, vpc))["ChangeInfo"])


def _add_tags(api: Api, id: str, inputs: Properties) -> None:
    if pairs := tags.as_list(inputs):
        api.client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id, AddTags=pairs)


def _remove_tags(api: Api, id: str, names: list[str]) -> None:
    api.client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id, RemoveTagKeys=names)


def _delete_zone(api: Api, id: str, state: Properties) -> None:
    if state.get("forceDestroy"):
        for record in api.client.list_resource_record_sets(HostedZoneId=id)["ResourceRecordSets"]:
            if record["Type"] not in ("NS", "SOA") or _host(record["Name"]) != _host(state["name"]):
                _send(api, id, "DELETE", record)
    api.client.delete_hosted_zone(Id=id)


ZONE = ResourceType(
    token="aws:route53/zone:Zone",
    service="route53",
    properties={
        "name": Property("CreateHostedZone.Name", required=True, replace=True, form=_host),
        "comment": Property(str, default="Managed by Pulumi"),
        "vpcs": Property(list, form=unordered, schema=schemas.ZONE_VPCS),
    },
    outputs=("arn", "nameServers", "primaryNameServer", "zoneId"),
    create=_create_zone,
    read=_read_zone,
    delete=_delete_zone,
    puts=(
        Put(("comment",), _put_comment),
        Put(("vpcs",), _put_vpcs),
        tags.put_tags(_add_tags, _remove_tags),
    ),
    tagged=True,
)


PROXIMITY = {"awsRegion": "AWSRegion", "bias": "Bias", "localZoneGroup": "LocalZoneGroup"}

ROUTING = {
    "failoverRoutingPolicies": lambda given: {"Failover": given["type"]},
    "geolocationRoutingPolicies": lambda given: {
        "GeoLocation": {f"{name.capitalize()}Code": value for name, value in given.items() if value}
    },
    "geoproximityRoutingPolicy": lambda given: {
        "GeoProximityLocation": {PROXIMITY[name]: value for name, value in given.items() if name in PROXIMITY}
    },
    "latencyRoutingPolicies": lambda given: {"Region": given["region"]},
    "weightedRoutingPolicies": lambda given: {"Weight": given["weight"]},
    "cidrRoutingPolicy": lambda given: {
        "CidrRoutingConfig": {"CollectionId": given["collectionId"], "LocationName": given["locationName"]}
    },
}
"""Property -> what Route 53 calls its (only) item."""


def _send(api: Api, zone: str, action: str, record: dict[str, Any]) -> None:
    change = {"Action": action, "ResourceRecordSet": record}
    answer = api.client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    _wait(api, answer["ChangeInfo"])


def _full_name(api: Api, record: Properties) -> str:
    """The real provider puts the zone's name behind one that does not end with it."""
    name, zone = _host(record["name"]), _host(api.client.get_hosted_zone(Id=record["zoneId"])["HostedZone"]["Name"])
    if name in ("", "@"):
        return zone
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}"


def _quoted(record: Properties, value: str) -> str:
    """The real provider puts quotes around texts."""
    return f'"{value}"' if record["type"] in ("SPF", "TXT") else value


def _record(api: Api, record: Properties) -> dict[str, Any]:
    wanted: dict[str, Any] = {"Name": _full_name(api, record), "Type": record["type"]}
    for alias in record.get("aliases") or []:
        target = {"HostedZoneId": alias["zoneId"], "DNSName": alias["name"], "EvaluateTargetHealth": alias["evaluateTargetHealth"]}
        wanted["AliasTarget"] = target
    if record.get("records"):
        values = [{"Value": _quoted(record, value)} for value in record["records"]]
        wanted |= {"TTL": record["ttl"], "ResourceRecords": values}
    for name, member in (("setIdentifier", "SetIdentifier"), ("healthCheckId", "HealthCheckId")):
        wanted |= {member: record[name]} if record.get(name) else {}
    for name, form in ROUTING.items():
        if record.get(name):
            wanted |= form(record[name][0] if isinstance(record[name], list) else record[name])
    return wanted | ({"MultiValueAnswer": True} if record.get("multivalueAnswerRoutingPolicy") else {})


def _change(api: Api, action: str, record: Properties) -> str:
    wanted = _record(api, record)
    _send(api, record["zoneId"], action, wanted)
    parts = (record["zoneId"], wanted["Name"], record["type"], record.get("setIdentifier"))
    return "_".join(part for part in parts if part)


def _read_record(api: Api, id: str, state: Properties) -> Properties | None:
    zone, kind = state["zoneId"], state["type"]
    if not if_there(api.client.get_hosted_zone, Id=zone):
        return None
    name = _full_name(api, state)
    found = [
        record
        for record in api.client.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name)["ResourceRecordSets"]
        if (_host(record["Name"]), record["Type"], record.get("SetIdentifier")) == (name, kind, state.get("setIdentifier") or None)
    ]
    if not found:
        return None
    aliases = [
        {
            "name": _host(target["DNSName"]),
            "zoneId": target["HostedZoneId"],
            "evaluateTargetHealth": target["EvaluateTargetHealth"],
        }
        for target in [found[0].get("AliasTarget")]
        if target
    ]
    return {"zoneId": zone, "name": state["name"], "type": kind, "aliases": aliases or None, "fqdn": name}


CHANGEABLE = ("aliases", "records", "ttl", "healthCheckId", "setIdentifier", "multivalueAnswerRoutingPolicy", *ROUTING)

RECORD = ResourceType(
    token="aws:route53/record:Record",
    service="route53",
    properties={
        "zoneId": Property("ChangeResourceRecordSets.HostedZoneId", required=True, replace=True),
        "name": Property(str, required=True, replace=True, form=_host),
        "type": Property(str, required=True, replace=True),
        "aliases": Property(list, schema=schemas.RECORD_ALIAS),
    },
    outputs=("fqdn",),
    create=lambda api, inputs: _change(api, "UPSERT" if inputs.get("allowOverwrite") else "CREATE", inputs),
    read=_read_record,
    delete=lambda api, id, state: _change(api, "DELETE", state),
    puts=(Put(CHANGEABLE, lambda api, id, new, old: _change(api, "UPSERT", new)),),
    checks=(records.problems,),
)

KINDS = (ZONE, RECORD)

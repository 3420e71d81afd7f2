# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon ECS: clusters and their capacity providers."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import from_shape, unordered
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import Properties

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""ECS API Reference, CreateCluster."""

FARGATE = {"FARGATE", "FARGATE_SPOT"}
"""The capacity providers that need nothing else."""


def _name(value: Any) -> str | None:
    return None if NAME.fullmatch(value) else "is not 1 to 255 letters, digits, hyphens and underscores"


def _cluster(api: Api, cluster: str) -> dict[str, Any] | None:
    found = api.client.describe_clusters(clusters=[cluster], include=["SETTINGS", "CONFIGURATIONS", "TAGS"])
    return next((one for one in found["clusters"] if one["status"] == "ACTIVE"), None)


def _read_cluster(api: Api, id: str, state: Properties) -> Properties | None:
    cluster = _cluster(api, id)
    return cluster and {
        "name": cluster["clusterName"],
        "settings": from_shape(cluster.get("settings", [])),
        "configuration": from_shape(cluster.get("configuration")),
        "arn": cluster["clusterArn"],
        "tagsAll": tags.from_list(cluster.get("tags"), "key", "value"),
    }


def _delete_cluster(api: Api, id: str, state: Properties) -> None:
    api.client.delete_cluster(cluster=id)
    api.wait(lambda: _cluster(api, id) is None, f"the cluster {id} to be deleted")


def _logging_fits(inputs: Properties) -> Iterator[Problem]:
    """ECS API Reference, ExecuteCommandConfiguration."""
    execute = ((inputs.get("configuration") or {}).get("executeCommandConfiguration")) or {}
    if execute.get("logging") == "OVERRIDE" and not execute.get("logConfiguration"):
        yield "configuration.executeCommandConfiguration.logConfiguration", "is required with the logging OVERRIDE"
    if execute.get("logConfiguration") and execute.get("logging", "DEFAULT") != "OVERRIDE":
        yield "configuration.executeCommandConfiguration.logConfiguration", "needs the logging OVERRIDE"


CLUSTER = ResourceType(
    token="aws:ecs/cluster:Cluster",
    service="ecs",
    properties={
        "name": Property("CreateCluster.clusterName", replace=True, check=_name),
        "settings": Property("CreateCluster.settings", kept=True),
        "configuration": Property("CreateCluster.configuration"),
    },
    outputs=("arn",),
    create=lambda api, inputs: api.send("CreateCluster", inputs, tags=tags.as_list(inputs, "key", "value"))["cluster"][
        "clusterArn"
    ],
    read=_read_cluster,
    delete=_delete_cluster,
    puts=(
        Put(("settings", "configuration"), lambda api, id, new, old: api.send("UpdateCluster", new, cluster=id)),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_resource(resourceArn=id, tags=tags.as_list(inputs, "key", "value")),
            lambda api, id, names: api.client.untag_resource(resourceArn=id, tagKeys=names),
        ),
    ),
    name=Name(property="name", longest=255),
    tagged=True,
    checks=(_logging_fits,),
)


def _put_capacity(api: Api, inputs: Properties) -> str:
    empty = {"capacityProviders": [], "defaultCapacityProviderStrategy": []}
    wanted = empty | api.arguments("PutClusterCapacityProviders", inputs)
    api.client.put_cluster_capacity_providers(**wanted)
    return inputs["clusterName"]


def _read_capacity(api: Api, id: str, state: Properties) -> Properties | None:
    cluster = _cluster(api, id)
    return cluster and {
        "clusterName": cluster["clusterName"],
        "capacityProviders": cluster.get("capacityProviders", []),
        "defaultCapacityProviderStrategies": from_shape(cluster.get("defaultCapacityProviderStrategy", [])),
    }


def _providers(value: Any) -> str | None:
    unknown = sorted(set(value) - FARGATE)
    if not unknown:
        return None
    return f"The specified capacity provider {unknown[0]} was not found; the sandbox models {', '.join(sorted(FARGATE))}"


def _strategy_uses_providers(inputs: Properties) -> Iterator[Problem]:
    for index, item in enumerate(inputs.get("defaultCapacityProviderStrategies") or []):
        if item["capacityProvider"] not in (inputs.get("capacityProviders") or []):
            path = f"defaultCapacityProviderStrategies[{index}].capacityProvider"
            yield path, f"{item['capacityProvider']} is not one of capacityProviders"


def _strategy_is_one(inputs: Properties) -> Iterator[Problem]:
    """ECS API Reference, CapacityProviderStrategyItem: one base, and each provider once."""
    given = inputs.get("defaultCapacityProviderStrategies") or []
    providers = [item.get("capacityProvider") for item in given]
    if len(set(providers)) != len(providers):
        yield "defaultCapacityProviderStrategies", "InvalidParameterException: names a capacity provider twice"
    if sum(bool(item.get("base")) for item in given) > 1:
        yield "defaultCapacityProviderStrategies", "InvalidParameterException: only one capacity provider can have a base"


CAPACITY_PROVIDERS = ResourceType(
    token="aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
    service="ecs",
    properties={
        "clusterName": Property("PutClusterCapacityProviders.cluster", required=True, replace=True),
        "capacityProviders": Property("PutClusterCapacityProviders.capacityProviders", form=unordered, check=_providers),
        "defaultCapacityProviderStrategies": Property(
            "PutClusterCapacityProviders.defaultCapacityProviderStrategy", form=unordered
        ),
    },
    create=_put_capacity,
    read=_read_capacity,
    delete=lambda api, id, state: api.client.put_cluster_capacity_providers(
        cluster=id, capacityProviders=[], defaultCapacityProviderStrategy=[]
    ),
    puts=(
        Put(
            ("capacityProviders", "defaultCapacityProviderStrategies"),
            lambda api, id, new, old: _put_capacity(api, new),
        ),
    ),
    checks=(_strategy_uses_providers, _strategy_is_one),
)

KINDS = (CLUSTER, CAPACITY_PROVIDERS)

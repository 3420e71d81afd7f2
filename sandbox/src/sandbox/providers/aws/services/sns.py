# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon SNS: topics, their policies and subscriptions."""

import json
import re
from collections.abc import Iterator
from typing import Any

from sandbox.grammars import messages, policies
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api, if_there
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import key_id
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import UNKNOWN, Properties
from sandbox.subscribers import ENDPOINTS

NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
"""SNS API Reference, CreateTopic."""

ATTRIBUTES = {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId"}

AT_BIRTH = {
    "archivePolicy": "ArchivePolicy",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "fifoThroughputScope": "FifoThroughputScope",
    "fifoTopic": "FifoTopic",
    "policy": "Policy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
"""Attributes that are carried."""

OF_SUBSCRIPTIONS = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}
"""The same of a subscription."""

RAW = ("firehose", "http", "https", "sqs")
"""Protocols with raw message delivery (the same page)."""

PENDING = "PendingConfirmation"


def _name(value: Any) -> str | None:
    return None if NAME.fullmatch(value) else "is not 1 to 256 letters, digits, hyphens and underscores (and .fifo at the end)"


def _create_topic(api: Api, inputs: Properties) -> str:
    every = {**ATTRIBUTES, **AT_BIRTH}
    attributes = {member: _text(inputs[name]) for name, member in every.items() if inputs.get(name)}
    return api.client.create_topic(Name=inputs["name"], Attributes=attributes, Tags=tags.as_list(inputs))["TopicArn"]


def _read_topic(api: Api, id: str, state: Properties) -> Properties | None:
    attributes = api.client.get_topic_attributes(TopicArn=id)["Attributes"]
    return {
        "name": id.rpartition(":")[2],
        **{name: attributes.get(member) for name, member in ATTRIBUTES.items()},
        "arn": id,
        "owner": attributes["Owner"],
        "policy": attributes.get("Policy") or _default_policy(api, id),
        "tagsAll": tags.from_list(api.client.list_tags_for_resource(ResourceArn=id)["Tags"]),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _put_attribute(property: str, member: str) -> Put:
    def call(api: Api, id: str, new: Properties, old: Properties) -> None:
        value = _default_policy(api, id) if member == "Policy" and not new.get(property) else _text(new.get(property) or "")
        api.client.set_topic_attributes(TopicArn=id, AttributeName=member, AttributeValue=value)

    return Put((property,), call)


TOPIC = ResourceType(
    token="aws:sns/topic:Topic",
    service="sns",
    properties={
        "name": Property("CreateTopic.Name", replace=True, check=_name),
        "displayName": Property(str),
        "kmsMasterKeyId": Property(str, form=key_id),
    },
    outputs=("arn", "owner", "policy"),
    filled={"beginningArchiveTime": "", "fifoThroughputScope": "", "signatureVersion": 0, "tracingConfig": ""},
    create=_create_topic,
    read=_read_topic,
    delete=lambda api, id, state: api.client.delete_topic(TopicArn=id),
    puts=(
        *(_put_attribute(name, member) for name, member in {**ATTRIBUTES, **AT_BIRTH}.items()),
        tags.put_tags(
            lambda api, id, inputs: api.client.tag_resource(ResourceArn=id, Tags=tags.as_list(inputs)),
            lambda api, id, names: api.client.untag_resource(ResourceArn=id, TagKeys=names),
        ),
    ),
    name=Name(property="name", longest=256),
    tagged=True,
)


def _put_policy(api: Api, topic: str, policy: str) -> str:
    api.client.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return topic


def _read_policy(api: Api, id: str, state: Properties) -> Properties | None:
    attributes = api.client.get_topic_attributes(TopicArn=id)["Attributes"]
    if not attributes.get("Policy"):
        return None
    return {"arn": id, "policy": attributes["Policy"], "owner": attributes["Owner"]}


def _default_policy(api: Api, topic: str) -> str:
    """What SNS gives a new topic; a policy can't be deleted, the real provider puts this one back."""
    actions = ("AddPermission", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish")
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions, "RemovePermission", "SetTopicAttributes", "Subscribe")],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": api.session.account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


TOPIC_POLICY = ResourceType(
    token="aws:sns/topicPolicy:TopicPolicy",
    service="sns",
    properties={
        "arn": Property("SetTopicAttributes.TopicArn", required=True, replace=True),
        "policy": Property(str, required=True, form=same_document, check=policies.problem_of(policies.TOPIC)),
    },
    outputs=("owner",),
    create=lambda api, inputs: _put_policy(api, inputs["arn"], inputs["policy"]),
    read=_read_policy,
    delete=lambda api, id, state: if_there(_put_policy, api=api, topic=id, policy=_default_policy(api, id)),
    puts=(Put(("policy",), lambda api, id, new, old: _put_policy(api, id, new["policy"])),),
)


def _protocol(value: Any) -> str | None:
    return None if value in ENDPOINTS else f"is not one of {', '.join(ENDPOINTS)}"


def _endpoint_fits(inputs: Properties) -> Iterator[Problem]:
    protocol, endpoint = inputs["protocol"], inputs["endpoint"]
    if UNKNOWN not in (protocol, endpoint) and not re.fullmatch(ENDPOINTS[protocol], endpoint):
        yield "endpoint", f"InvalidParameter: Invalid parameter: {endpoint!r} is no endpoint of the protocol {protocol}"
    if protocol == "firehose" and not inputs.get("subscriptionRoleArn"):
        yield "protocol", "InvalidParameter: Invalid parameter: SubscriptionRoleArn is required"
    scope = inputs.get("filterPolicyScope", "MessageAttributes")
    if scope == "MessageAttributes" and inputs.get("filterPolicy") and messages.nested(inputs["filterPolicy"]):
        reason = "Filter policy scope MessageAttributes does not support nested filter policy"
        yield "filterPolicy", f"InvalidParameter: Invalid parameter: FilterPolicy: {reason}"
    if inputs.get("deliveryPolicy") and protocol not in ("http", "https", UNKNOWN):
        yield (
            "deliveryPolicy",
            f"InvalidParameter: Invalid parameter: DeliveryPolicy: Delivery protocol [{protocol}] does not support it",
        )
    if inputs.get("rawMessageDelivery") and protocol not in (*RAW, UNKNOWN):
        yield "rawMessageDelivery", f"InvalidParameter: Delivery protocol [{protocol}] does not support raw message delivery."


def _read_subscription(api: Api, id: str, state: Properties) -> Properties | None:
    attributes = api.client.get_subscription_attributes(SubscriptionArn=id)["Attributes"]
    return {
        "topic": attributes["TopicArn"],
        "protocol": attributes["Protocol"],
        "endpoint": attributes["Endpoint"],
        "rawMessageDelivery": attributes.get("RawMessageDelivery", "false") == "true",
        "arn": id,
        "ownerId": attributes["Owner"],
        "pendingConfirmation": attributes.get(PENDING, "false") == "true",
        "confirmationWasAuthenticated": attributes.get("ConfirmationWasAuthenticated", "false") == "true",
    }


def _put_raw(api: Api, id: str, new: Properties, old: Properties) -> None:
    value = str(new["rawMessageDelivery"]).lower()
    api.client.set_subscription_attributes(SubscriptionArn=id, AttributeName="RawMessageDelivery", AttributeValue=value)


def _put_more(api: Api, id: str, new: Properties, old: Properties) -> None:
    for name, member in OF_SUBSCRIPTIONS.items():
        if new.get(name) != old.get(name):
            value = _text(new.get(name) or ("{}" if name == "filterPolicy" else ""))
            api.client.set_subscription_attributes(SubscriptionArn=id, AttributeName=member, AttributeValue=value)


TOPIC_SUBSCRIPTION = ResourceType(
    token="aws:sns/topicSubscription:TopicSubscription",
    service="sns",
    properties={
        "topic": Property("Subscribe.TopicArn", required=True, replace=True),
        "protocol": Property("Subscribe.Protocol", required=True, replace=True, check=_protocol),
        "endpoint": Property("Subscribe.Endpoint", required=True, replace=True),
        "rawMessageDelivery": Property(bool, default=False),
    },
    outputs=("arn", "confirmationWasAuthenticated", "ownerId", "pendingConfirmation"),
    filled={"filterPolicyScope": ""},
    create=lambda api, inputs: api.send("Subscribe", inputs, ReturnSubscriptionArn=True)["SubscriptionArn"],
    read=_read_subscription,
    delete=lambda api, id, state: api.client.unsubscribe(SubscriptionArn=id),
    puts=(
        Put(("rawMessageDelivery",), _put_raw, on_create=True),
        Put(tuple(OF_SUBSCRIPTIONS), _put_more, on_create=True),
    ),
    checks=(_endpoint_fits,),
)

KINDS = (TOPIC, TOPIC_POLICY, TOPIC_SUBSCRIPTION)

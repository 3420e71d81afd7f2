# ruff: noqa: A002, A006, ARG001, ARG002, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon Q Developer in chat applications: configurations of channels of Slack and Microsoft Teams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name

from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import from_shape
from sandbox.providers.aws.table import Put, ResourceType
from sandbox.providers.values import Properties, ProviderError

CHANGEABLE = ("iamRoleArn", "snsTopicArns", "guardrailPolicyArns", "userAuthorizationRequired")

Find = Callable[[Api, str, Properties], list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Chat:
    """One kind of channel."""

    token: str
    what: str
    """The API's word for it."""
    channel: str
    """Property with the channel's id, which can be changed."""
    place: tuple[str, ...]
    """Those around it, which can't."""
    named: tuple[str, ...]
    """What AWS adds."""
    find: Find
    """What AWS lists, by API, ARN and state."""

    @property
    def kind(self) -> ResourceType:
        """Its type."""
        fixed = ("configurationName", *self.place)
        return ResourceType(
            token=self.token,
            service="chatbot",
            properties={
                **{name: self._member(name, required=True) for name in (*fixed, self.channel, "iamRoleArn")},
                "snsTopicArns": self._member("snsTopicArns", kept=True),
                "guardrailPolicyArns": self._member("guardrailPolicyArns", kept=True),
                "userAuthorizationRequired": self._member("userAuthorizationRequired", default=False),
                # Of the endpoint: a configuration belongs to no region.
                "region": Property(str, replace=True, local=True),
            },
            outputs=("chatConfigurationArn", *self.named),
            filled={"loggingLevel": "NONE"},
            create=self._create,
            read=self._read,
            delete=lambda api, id, state: self._call(api, "Delete", ChatConfigurationArn=id),
            puts=(
                Put(fixed, _refuse),
                Put((self.channel, *CHANGEABLE), self._update),
                tags.put_tags(
                    lambda api, arn, inputs: api.client.tag_resource(ResourceARN=arn, Tags=_tags(inputs)),
                    lambda api, arn, names: api.client.untag_resource(ResourceARN=arn, TagKeys=names),
                ),
            ),
            tagged=True,
        )

    def _operation(self, verb: str) -> str:
        return f"{verb}{self.what}ChannelConfiguration"

    def _member(self, name: str, **more: Any) -> Property:
        return Property(f"{self._operation('Create')}.{name[0].upper()}{name[1:]}", **more)

    def _call(self, api: Api, verb: str, **arguments: Any) -> Any:
        return getattr(api.client, xform_name(self._operation(verb)))(**arguments)

    def _create(self, api: Api, inputs: Properties) -> str:
        made = api.send(self._operation("Create"), inputs, Tags=_tags(inputs))
        return made["ChannelConfiguration"]["ChatConfigurationArn"]

    def _update(self, api: Api, id: str, new: Properties, old: Properties) -> None:
        api.send(self._operation("Update"), new, ChatConfigurationArn=id)

    def _read(self, api: Api, id: str, state: Properties) -> Properties | None:
        found = self.find(api, id, state)
        if len(found) > 1:
            raise ProviderError(f"{self.token}: too many results: wanted 1, got {len(found)}")
        if not found:
            return None
        live = from_shape({name: value for name, value in found[0].items() if name != "Tags"})
        outputs = {name: live.get(name, "") for name in self.named}
        return {**live, **outputs, "tagsAll": tags.from_list(found[0].get("Tags"), "TagKey", "TagValue")}


def _tags(inputs: Properties) -> list[dict[str, str]]:
    return tags.as_list(inputs, "TagKey", "TagValue")


def _refuse(api: Api, id: str, new: Properties, old: Mapping[str, Any]) -> None:
    """The API has no such change, and the real provider plans it all the same: none of its properties asks for a replacement."""
    raise ProviderError(f"{api.kind.token}: Provider produced inconsistent result after apply: its name and place can't be changed")


def _slack(api: Api, id: str, state: Properties) -> list[dict[str, Any]]:
    return api.client.describe_slack_channel_configurations(ChatConfigurationArn=id)["SlackChannelConfigurations"]


def _teams(api: Api, id: str, state: Properties) -> list[dict[str, Any]]:
    """By the team, as the real provider asks: it can have one channel of each (`findTeamsChannelConfigurationByTeamID`)."""
    return api.client.list_microsoft_teams_channel_configurations(TeamId=state["teamId"])["TeamChannelConfigurations"]


SLACK = Chat(
    token="aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
    what="Slack",
    channel="slackChannelId",
    place=("slackTeamId",),
    named=("slackChannelName", "slackTeamName"),
    find=_slack,
)
TEAMS = Chat(
    token="aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration",
    what="MicrosoftTeams",
    channel="channelId",
    place=("teamId", "tenantId"),
    named=("channelName", "teamName"),
    find=_teams,
)

KINDS = (SLACK.kind, TEAMS.kind)

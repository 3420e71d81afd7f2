"""Amazon Q Developer in chat applications: channels of Slack and Microsoft Teams that show alerts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.base import Component
from components.documents import as_json
from components.names import names
from settings.sections.alerts import MicrosoftTeamsSettings, SlackSettings

Channel = SlackSettings | MicrosoftTeamsSettings

REGIONS = ("eu-west-1", "us-east-2", "us-west-2", "ap-southeast-1")
"""Where Amazon Q Developer has endpoints, for topics of every region (AWS General Reference, "Amazon Q Developer in chat
applications endpoints and quotas")."""

NOTHING = "arn:aws:iam::aws:policy/AWSDenyAll"
"""Guardrail of each channel. Without one it would be AdministratorAccess (API Reference, CreateSlackChannelConfiguration)."""


@dataclass(frozen=True, kw_only=True)
class ChatArgs:
    account: Account
    channels: Sequence[tuple[Channel, Sequence[pulumi.Output[str]]]]
    """Each with the topics that it shows; one that is named twice shows both."""


class Chat(Component):
    """Channels that show alerts, and from which nobody can do anything.

    Creates: a role without rights, a configuration per channel. AWS takes one configuration of a channel in an account.
    """

    def __init__(self, name: str, args: ChatArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        role = self._role(f"{name}-chat", args.account)
        topics: dict[Channel, list[pulumi.Output[str]]] = {}
        for channel, arns in args.channels:
            topics.setdefault(channel, []).extend(arns)
        for channel, arns in topics.items():
            self._connect(channel, arns, role, args.account)
        self.register_outputs({})

    def _role(self, name: str, account: Account) -> pulumi.Output[str]:
        """Notifications need no rights (Amazon Q Developer in chat applications, "Understanding permissions"). Its trust has no
        condition on the account: no page of AWS says that Q sends one, and who has the role may do nothing.
        """
        statement = {"Effect": "Allow", "Principal": {"Service": "chatbot.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = aws.iam.Role(
            name,
            path=names().role_path("alerts/"),
            assume_role_policy=as_json({"Version": "2012-10-17", "Statement": [statement]}),
            permissions_boundary=account.permissions_boundary,
            opts=self.child(),
        )
        return role.arn

    def _connect(self, channel: Channel, topics: list[pulumi.Output[str]], role: pulumi.Output[str], account: Account) -> None:
        # As the channel's, so that a channel that moves between receivers stays what it is.
        identity = re.sub(r"[^A-Za-z0-9]", "", channel.channel)
        common = {
            "configuration_name": names().chat(identity),
            "iam_role_arn": role,
            "guardrail_policy_arns": [NOTHING],
            "sns_topic_arns": topics,
            "user_authorization_required": True,
            "region": account.region if account.region in REGIONS else REGIONS[0],
            "opts": self.child(),
        }
        match channel:
            case SlackSettings():
                aws.chatbot.SlackChannelConfiguration(
                    identity, slack_team_id=channel.workspace, slack_channel_id=channel.channel, **common
                )
            case MicrosoftTeamsSettings():
                aws.chatbot.TeamsChannelConfiguration(
                    identity, tenant_id=channel.tenant, team_id=channel.team, channel_id=channel.channel, **common
                )

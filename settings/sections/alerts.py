"""`dbt-platform:alerts`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, SecretStr, ValidationInfo, WithJsonSchema, field_validator

from settings import rules
from settings.errors import InvalidSettingsError
from settings.sections.section import NAME, Section

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="An e-mail address.")]

Url = Annotated[
    SecretStr,
    BeforeValidator(rules.decrypted),
    AfterValidator(rules.https_address),
    # `writeOnly` keeps the value out of messages (settings/errors.py).
    WithJsonSchema(
        {
            "description": "An https address, encrypted: `pulumi config set --secret --path 'dbt-platform:alerts.urls.NAME' URL`.",
            "writeOnly": True,
            "anyOf": [{"type": "string"}, {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}],
        }
    ),
]

Guid = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")]

AlertName = Annotated[str, Field(pattern=NAME, max_length=30)]
"""Becomes part of a topic's name."""

MOST_RECEIVERS = 40
"""Sets of receivers: Airflow's role names the topics of each, and its policies hold 10,240 characters."""


class SlackSettings(Section):
    """A channel of a Slack workspace that somebody has let AWS into (docs/operations.md, Alerts)."""

    workspace: str = Field(pattern=r"^[0-9A-Z]{1,255}$", description="Id of the workspace, as `T07EA123LEP`.")
    channel: str = Field(pattern=r"^[A-Za-z0-9]{1,255}$", description="Id of the channel, as `C07EZ1ABC23`: the end of its link.")


class MicrosoftTeamsSettings(Section):
    """A channel of Microsoft Teams that somebody has let AWS into (docs/operations.md, Alerts)."""

    tenant: Guid = Field(description="Id of the tenant: `tenantId` in the channel's link.")
    team: Guid = Field(description="Id of the team: `groupId` in the channel's link.")
    channel: str = Field(
        pattern=r"^([a-zA-Z0-9-_=+/.,])*%3[aA]([a-zA-Z0-9-_=+/.,])*%40([a-zA-Z0-9-_=+/.,])*$",
        max_length=255,
        description="Id of the channel, as in its link: `19%3ab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2`.",
    )


class AddressSettings(Section):
    """Where alerts go."""

    emails: list[Email] = Field(default=[], description="Addresses that get the alerts, each after confirming the subscription.")
    slack: SlackSettings | None = Field(default=None, description="Slack channel that gets them too.")
    microsoft_teams: MicrosoftTeamsSettings | None = Field(default=None, description="Channel of Teams that gets them too.")
    urls: dict[AlertName, Url] = Field(
        default={},
        description="Web addresses that get them too as Amazon SNS posts them, by a name of yours: of a service that wakes people, "
        "or of your own. Encrypted, because who knows one can send to it.",
    )

    @property
    def addresses(self) -> Mapping[str, str]:
        """The URLs in clear, by name."""
        return {name: url.get_secret_value() for name, url in self.urls.items()}

    @property
    def reach_somebody(self) -> bool:
        return bool(self.emails or self.slack or self.microsoft_teams or self.urls)


class ReceiverSettings(AddressSettings):
    """Who learns of some workstreams, in place of the stack's receivers."""

    workstreams: list[str] = Field(min_length=1, description="Names of the workstreams.")

    @field_validator("urls")
    @classmethod
    def _somebody_gets_them(cls, urls: dict[str, SecretStr], info: ValidationInfo) -> dict[str, SecretStr]:
        fields = ("emails", "slack", "microsoft_teams")
        if not urls and all(field in info.data for field in fields) and not any(info.data[field] for field in fields):
            raise ValueError("Nobody would get the alerts. Give emails, slack, microsoftTeams or urls")
        return urls


class AlertSettings(AddressSettings):
    """Who learns of failures and of costs."""

    receivers: dict[AlertName, ReceiverSettings] = Field(
        default={},
        max_length=MOST_RECEIVERS,
        description="Receivers of the alerts of some workstreams alone, by a name of yours. The receivers above then get those of "
        "the other workstreams, and of the platform itself.",
    )
    monthly_budget_usd: PositiveInt | None = Field(
        default=None,
        description="US dollars that everything with the stack's tags `project` and `environment` may cost in a month. The alerts "
        "tell when 80 % of it are forecast to be exceeded, and when it is spent. Null: no budget.",
    )

    @field_validator("receivers")
    @classmethod
    def _connectable(cls, receivers: dict[str, ReceiverSettings], info: ValidationInfo) -> dict[str, ReceiverSettings]:
        named = {"alerts.microsoftTeams": info.data.get("microsoft_teams")}
        named |= {f"alerts.receivers.{name}.microsoftTeams": each.microsoft_teams for name, each in receivers.items()}
        invalid = rules.one_channel_each({place: (each.team, each.channel) for place, each in named.items() if each})
        if invalid:
            raise InvalidSettingsError(invalid)
        return receivers

    @property
    def has_urls(self) -> bool:
        return bool(self.urls or any(receiver.urls for receiver in self.receivers.values()))

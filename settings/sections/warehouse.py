"""`dbt-platform:warehouse` and `dbt-platform:connections`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings import rules
from settings.sections.section import NAME, UNQUOTED, Identifier, Section

Authentication = Literal["keyPair", "workloadIdentity", "password"]

SECRET_FIELDS: Mapping[Authentication, Mapping[str, str]] = {
    "keyPair": {"SNOWFLAKE_PRIVATE_KEY": "private_key", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": "private_key_passphrase"},
    "workloadIdentity": {},
    "password": {"SNOWFLAKE_PASSWORD": "password"},
}
"""Variable of the container to field of the secret's JSON, which names `account` and `user` too: what `ops credentials put` writes,
the task definition injects and `image/runner/environment.py` reads.
"""


ConnectionName = Annotated[str, Field(pattern=NAME, max_length=30), AfterValidator(rules.connection_name)]
"""Becomes part of the secret's name."""


class ConnectionSettings(Section):
    """Who dbt is at Snowflake, and what it works with there."""

    user: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.@$-]*$", description="Snowflake service user: letters, digits and `_.@$-`.")
    role: Identifier = Field(description=f"Snowflake role that owns what dbt creates. {UNQUOTED}")
    database: Identifier = Field(description=f"Snowflake database that dbt writes to. {UNQUOTED}")
    warehouse: Identifier = Field(description=f"Snowflake virtual warehouse that runs the queries. {UNQUOTED}")
    authentication: Authentication = Field(
        default="keyPair",
        description="How dbt logs in: `keyPair` with the private key in Secrets Manager; `workloadIdentity` as the AWS role of its "
        "task, without any secret; `password` with the password in Secrets Manager, which Snowflake is phasing out.",
    )


class WarehouseSettings(ConnectionSettings):
    """Where and as whom dbt connects to Snowflake."""

    account: Annotated[str, AfterValidator(rules.account_identifier)] = Field(
        description="Snowflake account identifier, `ORGANIZATION-ACCOUNT`."
    )
    host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Host name, without protocol and port, of Snowflake's PrivateLink endpoint or of a proxy; left out, the "
        "account's public name.",
    )
    port: int = Field(default=rules.HTTPS, ge=1, le=65535, description="TCP port of the host.")
    protocol: Literal["https", "http"] = Field(
        default="https", description="`http` only for a test double in development: it shows every query to the network."
    )

    @property
    def login(self) -> dict[str, str]:
        """What operators and the pipeline need besides the secret."""
        return self.model_dump(include={"account", "user", "role", "database", "warehouse", "authentication"})

    @property
    def host_name(self) -> str:
        """Where dbt finds Snowflake."""
        return self.host or f"{self.account}.snowflakecomputing.com"

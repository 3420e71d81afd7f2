"""What all sections of the stack configuration share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$", max_length=255)]
"""A Snowflake identifier that needs no quotes (Snowflake, "Identifier requirements")."""

UNQUOTED = "An identifier without quotes: letters, digits, `_` and `$`, not starting with a digit."


NAME = r"^[a-z][a-z0-9-]*[a-z0-9]$"
"""Of what the stack file names by itself; it becomes part of names in AWS."""

AccountId = Annotated[str, Field(pattern=r"^\d{12}$", description="An AWS account: twelve digits in quotes.")]


class Section(BaseModel):
    """Immutable, camelCase in YAML, and no key that we do not know."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid", validate_default=True)

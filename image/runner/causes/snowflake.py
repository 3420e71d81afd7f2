"""What Snowflake refuses, at the log-in and in a statement. Sources are pages of its documentation unless they say otherwise."""

from .model import Cause
from .snowflake_login import CONNECTION, LOG_IN
from .snowflake_objects import OBJECTS
from .snowflake_statements import PASSING, RIGHTS
from .snowflake_values import VALUES, WHATEVER

SNOWFLAKE: tuple[Cause, ...] = (*LOG_IN, *RIGHTS, *PASSING, *VALUES, *OBJECTS, *WHATEVER, *CONNECTION)
"""From special to general: what the connection says has the most general words."""

"""Advice that several of Snowflake's causes give, and where its numbers are from."""

CONNECTOR = "snowflake-connector-python, errorcode.py and network.py"
COMPILED = "`compiled/` among the run's artifacts has the statement as it was sent."
AGAIN = "The next try goes on with what is left."

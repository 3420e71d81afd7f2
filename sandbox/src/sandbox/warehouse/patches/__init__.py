"""What differs between snowduck and Snowflake, one concern per module; each says which behaviour it restores."""

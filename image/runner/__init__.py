"""The entry point of the dbt container: runs one dbt project, or a selection of it, once."""

"""The sandbox: the platform on one machine, with stand-ins for AWS, Snowflake and Airflow's host, and the real Pulumi engine."""

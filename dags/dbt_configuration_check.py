"""Shows every broken `config/*.json` as one import error on the page of the airflow DAG list.

A file of its own, because Airflow stops scheduling all DAGs of a file that has an import error.
"""

from pathlib import Path

from dbt_configuration import ConfigurationError, read

_, errors = read(Path(__file__).parent / "config")
if errors:
    raise ConfigurationError("\n" + "\n".join(str(error) for error in errors))

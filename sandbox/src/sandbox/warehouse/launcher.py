"""Starts the warehouse: `python launcher.py PORT DATABASE_FILE`.

Runs by path in the warehouse's own virtual environment, so it puts the checkout on the import path itself.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Serve until SIGTERM or SIGINT; the exit code is then 0."""
    port, database = int(sys.argv[1]), Path(sys.argv[2])
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    os.environ["SNOWDUCK_DB_PATH"] = str(database)  # snowduck reads it when it is imported
    from sandbox.warehouse.server import serve  # noqa: PLC0415

    serve(os.environ["WAREHOUSE_BIND"].split(","), port, admin_password=os.environ["WAREHOUSE_ADMIN_PASSWORD"])


if __name__ == "__main__":
    main()

"""Tells a catalogue of the team's (DataHub, OpenMetadata, Marquez) what the run read and wrote, as OpenLineage events.

Off, unless the container has OPENLINEAGE_URL, which OpenLineage's client reads, with OPENLINEAGE_API_KEY and others (OpenLineage,
"Python client", "Configuration"). OpenLineage's own processor makes the events of dbt's artifacts; `dbt-ol`, the program around it,
would start dbt itself.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from runner.environment import Environment
from runner.output import Output

URL = "OPENLINEAGE_URL"

PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/main/integration/dbt"
"""Whose rules the events follow (OpenLineage, "producer")."""

PATIENCE = 60
"""Seconds for all events of a run: each is a request of its own."""


class Lineage:
    """Of one run. Raises whatever dbt's files, the client or the catalogue raise: no run may fail of it."""

    def __init__(self, environment: Environment, output: Output) -> None:
        self._environment, self._output = environment, output
        self._events: list[Any] = []

    def keep(self, target: Path, since: float) -> None:
        """Takes in what a command left in dbt's target folder, if it left results since then (UNIX time)."""
        results = target / "run_results.json"
        if not os.environ.get(URL) or not results.exists() or results.stat().st_mtime < since:
            return
        from openlineage.common.provider.dbt.processor import DbtArtifactProcessor  # noqa: PLC0415 - only who asks for it waits

        files = [json.loads(self._output.scrub(path.read_text())) for path in (target / "manifest.json", results)]
        warehouse = self._environment.warehouse
        profile = {"type": "snowflake", "account": warehouse.account, "database": warehouse.database}

        class Artifacts(DbtArtifactProcessor):
            """Takes dbt's files from where this run has them."""

            def get_dbt_metadata(self) -> Any:
                return files[0], files[1], profile, None

            def dbt_run_run_facet(self) -> dict[str, Any]:
                return {}

        namespace = os.environ.get("OPENLINEAGE_NAMESPACE", self._environment.platform)
        events = Artifacts(producer=PRODUCER, job_namespace=namespace, skip_errors=True).parse().events()
        self._events += events

    def send(self) -> None:
        """Sends what was taken in, as far as time allows."""
        if not self._events:
            return
        from openlineage.client import OpenLineageClient  # noqa: PLC0415

        client, end = OpenLineageClient(), time.monotonic() + PATIENCE
        for number, event in enumerate(self._events):
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self._events) - number} of {len(self._events)} OpenLineage events are not sent")
            client.emit(event)
        self._output.event("lineage_sent", count=len(self._events))

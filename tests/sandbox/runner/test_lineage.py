"""What a run tells a catalogue that speaks OpenLineage."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.sandbox.runner_process import Runs, project

MODELS = {"a": "select 1 as x", "b": "select x from {{ ref('a') }}"}


class Catalogue(HTTPServer):
    """Takes events."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.events: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()


class Receiver(BaseHTTPRequestHandler):
    server: Catalogue  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        self.server.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.keys.add(self.headers["Authorization"])
        self.send_response(201)
        self.end_headers()


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    with Catalogue() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def table(dataset: dict[str, Any]) -> str:
    """Its name, without database and schema."""
    return dataset["name"].rpartition(".")[2].upper()


def test_a_catalogue_learns_which_table_is_made_of_which(runs: Runs, catalogue: Catalogue):
    """A team that has a catalogue would otherwise see dbt's tables in it without where they come from."""
    project(runs.project, MODELS)
    told = {"OPENLINEAGE_URL": f"http://127.0.0.1:{catalogue.server_port}", "OPENLINEAGE_API_KEY": "key-of-the-team"}

    run = runs.run("run", DBT_SECRETS="OPENLINEAGE_API_KEY", **told)

    assert run.code == 0, run.text
    done = [event for event in catalogue.events if event["eventType"] == "COMPLETE"]
    made = {table(event["outputs"][0]): [table(read) for read in event["inputs"]] for event in done}
    assert made == {"A": [], "B": ["A"]}
    assert all(event["outputs"][0]["namespace"].startswith("snowflake://") for event in done)
    assert catalogue.keys == {"Bearer key-of-the-team"}
    assert "key-of-the-team" not in run.text


def test_a_catalogue_that_is_not_there_fails_no_run(runs: Runs):
    """The data are what the run is for."""
    project(runs.project, MODELS)

    run = runs.run("run", OPENLINEAGE_URL="http://127.0.0.1:1")

    assert run.code == 0, run.text
    assert "lineage" in " ".join(event["message"] for event in run.of("warning"))

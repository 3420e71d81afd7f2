"""A plugin of dbt's, which finds it by the beginning of its name: what `ref('project', 'model')` of another project means.

dbt asks it for models whenever it has read a project (dbt-core, `dbt.plugins`). They are in the file that RUNNER_REFS names, where
there is one: runner/refs.py writes it.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from dbt.contracts.graph.node_args import ModelNodeArgs
from dbt.plugins.manager import dbt_hook, dbtPlugin
from dbt.plugins.manifest import PluginNodes

UNCHANGED = datetime(2026, 1, 1)  # noqa: DTZ001 - as dbt has it
"""dbt takes the time into the checksum: with today's, `state:modified` would find all that reads these models changed."""


class OtherProjects(dbtPlugin):
    """Their public models, as nodes that dbt reads and never builds."""

    @dbt_hook
    def get_nodes(self) -> PluginNodes:
        nodes, file = PluginNodes(), os.environ.get("RUNNER_REFS")
        for model in json.loads(Path(file).read_text(encoding="utf-8")) if file else []:
            nodes.add_model(ModelNodeArgs(**model, access="public", generated_at=UNCHANGED))
        return nodes


plugins = [OtherProjects]

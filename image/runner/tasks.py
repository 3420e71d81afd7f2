"""dbt's own tasks, told which nodes to run: it would resolve a selection itself, and knows nothing of a former try."""

import importlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TASKS = {
    "build": ("dbt.task.build", "BuildTask"),
    "compile": ("dbt.task.compile", "CompileTask"),
    "run": ("dbt.task.run", "RunTask"),
    "seed": ("dbt.task.seed", "SeedTask"),
    "snapshot": ("dbt.task.snapshot", "SnapshotTask"),
    "test": ("dbt.task.test", "TestTask"),
}
"""Where dbt keeps what a command does."""


@contextmanager
def only(verb: str, selected: Collection[str], left: Collection[str]) -> Iterator[None]:
    """Inside, the command runs what is left of the selected nodes, in the order of the graph; as `dbt retry` for whole runs."""
    from dbt import selected_resources  # noqa: PLC0415
    from dbt.graph.queue import GraphQueue  # noqa: PLC0415
    from dbt_common.events.contextvars import task_contextvars  # noqa: PLC0415

    module, name = _TASKS[verb]
    where = importlib.import_module(module)
    complete: Any = getattr(where, name)

    class Chosen(complete):
        def get_graph_queue(self) -> GraphQueue:
            manifest: Any = self.manifest
            selected_resources.set_selected_resources(set(selected))
            queued: Any = set(left)
            if verb == "build":
                # A unit test goes just before its model. dbt never runs one without its model, which would pass for a success.
                models = {test: manifest.unit_tests[test].depends_on_nodes[0] for test in left if test in manifest.unit_tests}
                self.selected_unit_tests = {test for test, model in models.items() if model in left}
                self.build_model_to_unit_test_map(self.selected_unit_tests)
                queued -= self.selected_unit_tests
            return GraphQueue(self.graph.get_subset_graph(queued).graph, manifest, queued)

        def raise_on_first_error(self) -> bool:
            return False

        def run(self) -> Any:
            if left:
                return super().run()
            # Without a node that is left dbt finds nothing to do, and leaves out the project's hooks.
            with task_contextvars(project_root=self.config.project_root):
                self._runtime_initialize()
                result = self.execute_with_hooks(frozenset())
            self.manifest.write(str(Path(self.config.project_target_path) / "manifest.json"))
            return result

    setattr(where, name, Chosen)
    try:
        yield
    finally:
        setattr(where, name, complete)

"""Drives dbt in this process."""

import base64
import json
import os
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from runner import schemas
from runner.code import Code, code
from runner.commands import BUILD, Command
from runner.environment import Environment
from runner.outcome import Interruption, RunnerError
from runner.output import escaped
from runner.private_key import private_key
from runner.progress import Node
from runner.selection import Selection
from runner.tasks import only

PROJECT = Path(os.environ.get("RUNNER_PROJECT", "/app/project"))
PROFILES = Path(os.environ.get("RUNNER_PROFILES", "/app"))
TARGET = Path(os.environ.get("DBT_TARGET_PATH", "/tmp/dbt/target"))  # noqa: S108 - a volume of this container alone
LOGS = Path(os.environ.get("DBT_LOG_PATH", "/tmp/dbt/logs"))  # noqa: S108


def import_dbt() -> None:
    """Import what every run needs of dbt; takes seconds."""
    import dbt.adapters.snowflake  # noqa: PLC0415
    import dbt.cli.main  # noqa: PLC0415
    import dbt.task.build  # noqa: F401, PLC0415
    from dbt.task.freshness import FreshnessTask  # noqa: PLC0415
    from dbt_common.behavior_flags import BehaviorFlagRendered  # noqa: PLC0415
    from dbt_common.events import base_types  # noqa: PLC0415

    # For each command and each flag of the adapter, dbt looks through the source of the whole call stack to name the module
    # that the flag comes from: a tenth of the time to the first query, for a name that appears nowhere.
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters")

    # The build runs the project's hooks; the check of its sources would run them once more, and dbt leaves that to a flag of
    # the project (`source_freshness_run_project_hooks`).
    FreshnessTask.get_hooks_by_type = lambda *_: []  # pyright: ignore[reportAttributeAccessIssue]

    # A lone surrogate in a message, a name or data fits into no event of dbt's, and its complaint about that into none either:
    # the thread would end in a recursion, and the model without a result.
    base_types.ParseDict = _parse_any_text  # pyright: ignore[reportPrivateImportUsage]

    schemas.use()


def _parse_any_text(content: Any, message: Any) -> Any:
    from google.protobuf.json_format import ParseDict, ParseError  # noqa: PLC0415

    try:
        return ParseDict(content, message)
    except ParseError:
        return ParseDict(_escaped(content), type(message)())


def _escaped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return escaped(value) if isinstance(value, str) else value


class Dbt:
    """One dbt project with its manifest, parsed once for all commands that have the same variables."""

    def __init__(self, environment: Environment, callback: Callable[[Any], None]) -> None:
        self._environment = environment
        self._callback = callback
        self.variables = ""
        """YAML: of the run's variables, those that the project reads."""
        self.manifest: Any = None

    def parse(self, variables: str) -> None:
        """Read the project with these variables (a JSON object, or nothing). Raises RunnerError if it can't be read."""
        self.variables, self.manifest = variables, None
        outcome = self.invoke("parse", "--no-write-json")
        if outcome.exception or not outcome.success:
            raise RunnerError.about(f"dbt can't read the project: {outcome.exception}")
        self.manifest = outcome.result

    def selected(self, selection: Selection, command: Command = BUILD, state: Path | None = None) -> list[Node]:
        """The nodes that the command runs, in the manifest's order.

        Raises:
            RunnerError: dbt does not understand the selection.
        """
        listed = self.matches(selection, *_known(command.listing), *(["--state", str(state)] if state else []))
        # A model without a line of SQL is one to `dbt list`, and none to `dbt build`.
        found = {node_id: node for node_id, node in self._nodes.items() if node_id in listed and not getattr(node, "empty", False)}
        return [_node(node_id, node) for node_id, node in found.items()]

    def above(self) -> dict[str, set[str]]:
        """Id of each node: ids of all that it reads, itself or by way of others, sources included."""
        parents = {node_id: set(node.depends_on_nodes) for node_id, node in self._nodes.items()}
        found: dict[str, set[str]] = {}
        for node_id in TopologicalSorter(parents).static_order():
            direct = parents.get(node_id, set())
            found[node_id] = direct.union(*(found[parent] for parent in direct))
        return found

    def sources_made_by(self, nodes: Sequence[Node]) -> set[str]:
        """Ids of the sources whose tables are what these nodes make."""
        made = {same(node.relation) for node in nodes if node.relation}
        return {source.unique_id for source in self.manifest.sources.values() if same(source.relation_name) in made}

    def matches(self, selection: Selection, *options: str) -> set[str]:
        """Ids of all that the selection finds, by `dbt list` with these options. Raises RunnerError as `selected` does."""
        outcome = self.invoke("list", *selection.arguments, *options, "--output", "json", "--output-keys", "unique_id")
        if outcome.exception:
            raise RunnerError.about(f"dbt does not understand the selection {selection}: {outcome.exception}")
        return {json.loads(line)["unique_id"] for line in outcome.result or []}

    def run(
        self,
        command: Command,
        selection: Selection,
        options: Sequence[str],
        *,
        nodes: Collection[str],
        left: Collection[str],
        state: Path | None,
    ) -> Any:
        """Run what is left of the selected nodes, and the project's hooks around it, also if nothing is left.

        The selection is for those who read dbt's artifacts: it is not resolved again.
        """
        compare = ["--state", str(state), "--defer"] if state else []
        with only(command.verb, nodes, left):
            restriction = _known(command.restriction)
            return self.invoke(command.verb, *command.options, *restriction, *selection.arguments, *options, *compare)

    def code(self, node_ids: Collection[str]) -> dict[str, Code]:
        """What these nodes are made of, by their id; nothing is compiled for it."""
        return {node_id: code(self._nodes[node_id], self.manifest, self.variables) for node_id in node_ids}

    def compiled_anew(self, node_ids: Collection[str]) -> dict[str, str]:
        """Id of each of these nodes that dbt can compile before anything is built: its code as dbt would send it now."""
        # On a copy: dbt puts ephemeral models into what reads them once only, and the build compiles all of it again.
        manifest = self.manifest.deepcopy()
        with only("compile", node_ids, node_ids):
            outcome = self.invoke("compile", manifest=manifest, callbacks=[])
        results = outcome.result.results if outcome.result else []
        return {found.node.unique_id: found.node.compiled_code for found in results if found.status == "success"}

    def is_python(self, node_id: str) -> bool:
        return getattr(self._nodes[node_id], "language", "") == "python"

    def operate(self, command: Command) -> Any:
        """A command that runs no nodes of its own; its `dbtRunnerResult`."""
        selection = Selection().of(command)
        return self.invoke(*command.verb.split(), *command.options, *selection.arguments)

    def invoke(self, *arguments: str, manifest: Any = None, callbacks: list[Callable[[Any], None]] | None = None) -> Any:
        """A dbt command; its `dbtRunnerResult`. Raises Interruption if the run was interrupted meanwhile.

        Args:
            arguments: The command and its options.
            manifest: To work on; None: the run's.
            callbacks: Told of dbt's events; None: the run's.
        """
        from dbt.cli.main import dbtRunner  # noqa: PLC0415 - takes seconds: the connection is checked meanwhile

        quiet = ["--log-level", "none", "--log-level-file", "debug", "--log-path", str(LOGS), "--no-use-colors"]
        quiet += ["--log-file-max-bytes", "0"]  # the log is stored as one piece; by default dbt begins another after 10 MB
        project = [
            "--project-dir",
            str(PROJECT),
            "--profiles-dir",
            str(_profiles(self._environment.target)),
            "--profile",
            "platform",
        ]
        project += ["--target", self._environment.target, *(["--vars", self.variables] if self.variables else [])]
        command = [*quiet, *arguments, *project, "--target-path", str(TARGET)]
        told = [self._callback] if callbacks is None else callbacks
        outcome = dbtRunner(manifest=manifest or self.manifest, callbacks=told).invoke(command)
        if isinstance(outcome.exception, Interruption):
            raise outcome.exception
        return outcome

    def write_manifest(self) -> None:
        """As `build` does it, for a run that builds nothing."""
        TARGET.mkdir(parents=True, exist_ok=True)
        self.manifest.write(str(TARGET / "manifest.json"))

    def compiled(self, node_id: str) -> str:
        """The SQL that was sent for a node, or nothing."""
        node = self._nodes.get(node_id) if self.manifest else None
        return getattr(node, "compiled_code", None) or ""

    def places(self) -> dict[str, str]:
        """Id of each node: what tells it from the same one that another workstream builds into a schema of its own."""
        return {
            node_id: f"{getattr(node, 'database', None)}.{getattr(node, 'schema', None)}|{node_id}"
            for node_id, node in self._nodes.items()
        }

    @property
    def ends_with_hooks(self) -> bool:
        """Whether the project, or a package of it, has an `on-run-end`."""
        return any("on-run-end" in node.tags for node in self.manifest.nodes.values() if node.resource_type == "operation")

    @property
    def node_ids(self) -> list[str]:
        """All nodes of the project that `build` could run."""
        return list(self._nodes)

    @property
    def _nodes(self) -> Mapping[str, Any]:
        """As dbt has them now: it puts another in a node's place when it compiles it. Iterated from the last one on."""
        functions = getattr(self.manifest, "functions", {})  # since dbt 1.11
        return ChainMap(functions, self.manifest.unit_tests, self.manifest.nodes)


def _known(options: Sequence[str]) -> list[str]:
    """The options without kinds of nodes that this dbt does not have: functions came with 1.11."""
    from dbt.artifacts.resources.types import NodeType  # noqa: PLC0415

    kinds = {str(kind) for kind in NodeType}
    left_out = {n for n, (option, kind) in enumerate(pairwise(options)) if option == "--resource-type" and kind not in kinds}
    return [word for n, word in enumerate(options) if not left_out.intersection({n, n - 1})]


def _node(node_id: str, node: Any) -> Node:
    return Node(
        id=node_id,
        name=node.name,
        kind=str(node.resource_type),
        path=node.original_file_path,
        parents=tuple(node.depends_on_nodes),
        relation=getattr(node, "relation_name", None) or "",
        adds=_adds(node.config),
        **_build_after(node.config),
    )


def _build_after(config: Any) -> dict[str, Any]:
    """A model's `freshness: {build_after: {count, period, updates_on}}`."""
    wanted = getattr(config.get("freshness"), "build_after", None)
    if not wanted:
        return {}
    seconds = timedelta(**{f"{wanted.period.value}s": wanted.count}).total_seconds() if wanted.period else 0
    return {"build_after": seconds, "needs_all": wanted.updates_on.value == "all"}


def _adds(config: Any) -> bool:
    """Whether the model, built twice, has its rows twice: an incremental one, unless something says which rows it replaces."""
    replaces = config.get("unique_key") or config.get("incremental_strategy") in {"microbatch", "insert_overwrite"}
    return config.get("materialized") == "incremental" and not replaces


def same(relation: str) -> str:
    """The same for a name with and without quotes, in upper and lower case."""
    return relation.replace('"', "").upper()


@cache
def _profiles(target: str) -> Path:
    """A folder with `profiles.yml` in which the one output has the name of the target: dbt renders values only, no names."""
    import yaml  # noqa: PLC0415

    profiles = yaml.safe_load((PROFILES / "profiles.yml").read_text())
    [output] = profiles["platform"]["outputs"].values()
    profiles["platform"] = {"target": target, "outputs": {target: output}}
    folder = TARGET.parent / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
    return folder


def profile_variables(environment: Environment) -> dict[str, str]:
    """What `profiles.yml` reads beside the container's own environment. dbt hides the values of DBT_ENV_SECRET_*."""
    warehouse = environment.warehouse
    key = private_key(warehouse.private_key, warehouse.private_key_passphrase) if warehouse.private_key else b""
    federated = warehouse.authenticator == "workloadIdentity"
    return {
        "SNOWFLAKE_HOST": warehouse.host,
        "RUNNER_AUTHENTICATOR": "workload_identity" if federated else "",
        "RUNNER_IDENTITY_PROVIDER": "aws" if federated else "",
        "DBT_ENV_SECRET_PRIVATE_KEY": base64.b64encode(key).decode(),
        "DBT_ENV_SECRET_PASSWORD": warehouse.password,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }

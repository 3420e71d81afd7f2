"""The start of a run: log in to the warehouse, import dbt, parse the project."""

import gc
import multiprocessing.context  # noqa: F401 - see `connect`
import os
import threading
from typing import TYPE_CHECKING

from runner import connection
from runner.dbt import Dbt, import_dbt, profile_variables
from runner.environment import Environment
from runner.events import Events
from runner.identity import identity
from runner.output import Output
from runner.parse_cache import ParseCache

if TYPE_CHECKING:
    from runner.queries import Queries


def connect(environment: Environment, output: Output, cache: ParseCache | None) -> "Queries":
    """Log in, and import dbt and fetch the parsed project meanwhile. Returns what hears of dbt's queries from now on.

    Of two threads that import at once one may be given a module that the other has half done, where modules import each other
    (`importlib` prefers that to waiting for ever). `multiprocessing` is such a one, and both want it: so it is there before.

    Raises:
        RunnerError: the warehouse can't be reached, or refuses.
    """
    gc.disable()
    secrets = profile_variables(environment)
    for name, value in secrets.items():
        if name.startswith("DBT_ENV_SECRET_"):
            output.hide(value)
    os.environ.update(secrets)
    dbt = threading.Thread(target=import_dbt, daemon=True, name="import")
    dbt.start()
    connection.check(environment.warehouse, identity(environment))
    output.event("connected", address=environment.warehouse.address)
    if cache:
        output.if_possible("fetch the parsed project", cache.fetch)
    dbt.join()
    import_dbt()  # nothing, unless the other import stood in the way of a part of it
    from runner.queries import Queries  # noqa: PLC0415 - imports the connector, which takes a second

    queries = Queries(identity(environment))
    queries.install()
    return queries


def parse(dbt: Dbt, variables: str, *, cache: ParseCache | None, events: Events, output: Output) -> bool:
    """Parse the project, or take what a former run has parsed of it; whether it was that.

    Args:
        dbt: What parses.
        variables: YAML: of the run's variables those that the project reads.
        cache: Where a project that was parsed with these is kept.
        events: What dbt complained about.
        output: For what can't be used or kept.

    Raises:
        RunnerError: dbt can't read the project.
    """
    dbt.parse(variables)
    cached = bool(cache and cache.fetched)
    if cached and (reason := events.unusable):
        output.event("warning", message=f"The kept parsed project can't be used, so dbt reads everything: {reason}")
    if cache:
        output.if_possible("keep the parsed project", cache.store)
    # Nothing of what was made so far will ever be garbage, and to look for it there took a sixth of the start.
    gc.freeze()
    gc.enable()
    return cached and not events.unusable

"""The dbt variables of a run, without those that the project never reads.

dbt parses a project anew whenever its variables differ, and every scheduled run has a data interval of its own: passed on
to a project that does not ask for it, it would make the cache of the parsed project useless.
"""

import json
import re
from pathlib import Path

_READ_BY_DBT = {".sql", ".yml", ".yaml", ".py", ".md"}

_COMPUTED = re.compile(r"""\bvar(\.has_var)?\(\s*(?!(['"])\w+\2\s*[,)])""")
"""A call of dbt's `var` whose argument is no plain name."""


def needed(variables: str, project: Path) -> str:
    """Those of the variables (a JSON object, or nothing) that the project or one of its packages may read, as JSON."""
    try:
        given = json.loads(variables or "{}")
    except ValueError:
        return variables  # dbt takes YAML too, and says what is wrong with it
    if not given or not isinstance(given, dict):
        return variables
    texts = [path.read_text(errors="replace") for path in project.rglob("*") if path.suffix in _READ_BY_DBT and path.is_file()]
    if any(_COMPUTED.search(text) for text in texts):
        return variables
    kept = {name: value for name, value in given.items() if any(name in text for text in texts)}
    return json.dumps(kept) if kept else ""

"""What an image's build gives in place of what only a task has, so that dbt can read the project: a line of shell each.

`eval "$(python -m runner.placeholders FOLDER REFS)"` exports each variable that the project asks for without a default and that is
not set, and sets VARS: the dbt variables that it asks for likewise, as JSON. For models of other projects it writes the file REFS,
and names it in RUNNER_REFS. None is kept in the image: dbt only parses with them.
"""

import json
import os
import re
import shlex
import sys
from collections.abc import Collection
from pathlib import Path

from runner.project import required
from runner.refs import placeholders

_NUMBERS = re.compile(r"\|\s*(int|float|as_number|as_native)\b")
_FLAGS = re.compile(r"\|\s*as_bool\b")


def variables_of(project: Path, known: Collection[str]) -> dict[str, str]:
    """Variables of the environment that the project asks for and nobody has set; `known` are the names of those that are."""
    return {name: _value(after) for name, after in required(project, "env_var").items() if name not in known}


def dbt_variables_of(project: Path) -> dict[str, str]:
    """Dbt's variables that the project asks for and has no value of."""
    return {name: _value(after) for name, after in required(project, "var").items()}


def exports(project: Path, known: Collection[str]) -> str:
    """The lines of shell; `known` are the names in the environment."""
    variables = variables_of(project, known)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, f"VARS={shlex.quote(json.dumps(dbt_variables_of(project)))}"])


def _value(after: str) -> str:
    """Of the form that the filter behind the call asks for; `after` is the rest of the expression."""
    if _NUMBERS.search(after):
        return "1"
    return "True" if _FLAGS.search(after) else "placeholder"


def stand_ins(project: Path, file: Path) -> dict[str, str]:
    """Writes the file that stands for the models of other projects, if it names any; the environment that dbt needs then."""
    found = placeholders(project)
    if not found:
        return {}
    file.write_text(json.dumps(found), encoding="utf-8")
    return {"RUNNER_REFS": str(file)}


if __name__ == "__main__":
    for variable, value in stand_ins(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"export {variable}={shlex.quote(value)}")
    print(exports(Path(sys.argv[1]), os.environ))

"""Holds the configurations that a team's own stack has written to what is the team's: airflow would run all else with a dag too."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Teams = Mapping[str, Sequence[str]]
"""By team: its workstreams that are not called after it."""


def teams(dag_folder: Path) -> Teams:
    """As the platform's stack has written them; nothing without teams."""
    file = dag_folder / "teams.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def foreign(name: str, content: Mapping[str, Any], of: Teams) -> list[str]:
    """What a configuration of a team's workstream names that is not the workstream's own; nothing for the platform's."""
    if name.partition("-")[0] not in of and not any(name in names for names in of.values()):
        return []
    platform = content["cluster"].rpartition("/")[2]
    family = content["taskDefinition"].rpartition("/")[2].partition(":")[0]
    told = {**content, "taskDefinition": family}
    own = {
        "dagId": f"dbt_{name.replace('-', '_')}",
        "artifactsPrefix": name,
        "logGroup": f"/{platform}/workstreams/{name}",
        "taskDefinition": f"{platform}-{name}",
    }
    return [f"{key}: {told[key]!r} should be {value!r}, as a team runs its own" for key, value in own.items() if told[key] != value]

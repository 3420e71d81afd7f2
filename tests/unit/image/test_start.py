"""What the time from the start of a container to its first query depends on."""

import inspect
import json
from pathlib import Path

import pytest
from dbt.contracts.project import Project
from dbt_common import dataclass_schema
from dbt_common.behavior_flags import Behavior, BehaviorFlagRendered
from runner import schemas
from runner.dbt import import_dbt


def test_dbt_does_not_read_source_files_for_each_flag_of_the_adapter(monkeypatch: pytest.MonkeyPatch):
    """It did so for each command; an upgrade of dbt that renames what is replaced would bring that back unseen."""
    monkeypatch.setattr(BehaviorFlagRendered, "_default_source", BehaviorFlagRendered._default_source)
    import_dbt()
    monkeypatch.setattr(inspect, "stack", lambda *_: pytest.fail("looked through the stack"))

    behavior = Behavior([{"name": "new", "default": True, "description": "something new", "docs_url": ""}], {})

    assert behavior.new.setting


def test_what_dbt_checks_its_files_by_is_made_once_for_all_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """It was made in each run; an upgrade of dbt that makes it another way would bring that back unseen."""
    mixin, own = dataclass_schema.dbtClassMixin, vars(dataclass_schema.dbtClassMixin)["json_schema"]
    monkeypatch.setattr(mixin, "json_schema", own)
    made: dict[str, schemas.Schema] = {}
    schemas.keep(made)
    expected = Project.json_schema()
    (tmp_path / "schemas.json").write_text(json.dumps(made))
    monkeypatch.setattr(mixin, "json_schema", own)
    own.__func__.cache_clear()
    monkeypatch.setattr(dataclass_schema, "build_json_schema", lambda _: pytest.fail("made again"))

    schemas.use(tmp_path / "schemas.json")

    assert Project.json_schema() == expected
    with pytest.raises(dataclass_schema.ValidationError):
        Project.validate({"name": "no name"})

"""What the time from the start of a container to its first query depends on."""

import inspect

import pytest
from dbt_common.behavior_flags import Behavior, BehaviorFlagRendered
from runner.dbt import import_dbt


def test_dbt_does_not_read_source_files_for_each_flag_of_the_adapter(monkeypatch: pytest.MonkeyPatch):
    """It did so for each command; an upgrade of dbt that renames what is replaced would bring that back unseen."""
    monkeypatch.setattr(BehaviorFlagRendered, "_default_source", BehaviorFlagRendered._default_source)
    import_dbt()
    monkeypatch.setattr(inspect, "stack", lambda *_: pytest.fail("looked through the stack"))

    behavior = Behavior([{"name": "new", "default": True, "description": "something new", "docs_url": ""}], {})

    assert behavior.new.setting

"""The dbt commands that a run may consist of."""

import re

import pytest
from dbt.cli.main import cli
from runner.commands import BUILD, NODES, VERBS, parse


def _options(verb: str) -> set[str]:
    """What dbt's own command line knows."""
    found = cli
    for word in verb.split():
        found = found.commands[word]  # pyright: ignore[reportAttributeAccessIssue]
    return {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_and_option_is_one_of_dbt_s(verb: str):
    """What the configuration accepts would be refused by dbt, in the first night."""
    assert set(VERBS[verb]) <= _options(verb)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("dbt build", "build"),
        ("run -s tag:a +b --exclude c -x", "run --fail-fast --select tag:a +b --exclude c"),
        ("seed --full-refresh --select=raw", "seed --full-refresh --select raw"),
        ("test -m a --indirect-selection cautious", "test --indirect-selection cautious --select a"),
        ("run --selector nightly --threads 8 --vars '{day: 2026-01-01}'", None),
        ("run-operation grant_all --args '{role: reporter}'", None),
        ("build --exclude-resource-type test unit_test", None),
        ("dbt source freshness --select source:raw", "source freshness --select source:raw"),
        ("docs generate --no-compile", None),
        ("dbt deps", "deps"),
    ],
)
def test_a_command_means_what_it_says(text: str, meant: str | None):
    """An option that is lost would run something else, without a word."""
    command = parse(text)

    assert parse(str(command)) == command
    assert str(command) == (meant or str(command))


def test_kinds_of_nodes_narrow_what_a_command_runs():
    assert parse("build --resource-type model seed").kinds == ("model", "seed")
    assert parse("build --exclude-resource-type test unit_test").kinds == ("model", "seed", "snapshot", "function")
    assert BUILD.kinds == NODES["build"]
    assert BUILD.restriction == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rm -rf /", "no dbt command that a run can consist of. Known: build, run"),
        ("dbt init", "no dbt command"),
        ("", "no dbt command"),
        ("run --target prod", "`run` has no option '--target' in a run. Known: "),
        ("run tag:sales", "no option 'tag:sales'"),
        ("run --select", "--select needs a value"),
        ("run --select a --selector b", "use one of them"),
        ("run-operation --args '{a: 1}'", "lacks the macro's name"),
        ("build --resource-type source", "leaves nothing to run"),
        ("run 'a", "a quote without its end"),
    ],
)
def test_what_no_run_can_do_is_refused_with_what_it_can(text: str, said: str):
    """It would be found out when the run starts."""
    with pytest.raises(ValueError, match=re.escape(said)):
        parse(text)

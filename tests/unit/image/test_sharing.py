"""What the workstreams of one project tell each other: what is built, and what somebody is building."""

import io
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from runner import built, news
from runner.artifacts import Artifacts
from runner.code import Code
from runner.freshness import Sources
from runner.news import News
from runner.outcome import RunnerError
from runner.output import Output
from runner.progress import Node, Result

from tests.unit.image.support import Bucket, environment, node

ORDERS = "source.raw.orders"
NODES = [node("a", ORDERS), node("b", "model.a"), node("c", "model.b")]
SHARED = "_projects/shop-1a2b3c4d"
FILE = f"{SHARED}/built.json"


class Project:
    """As much of `Dbt` as there is to know about these nodes."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.source: dict[str, str] = {}
        self.compiles: dict[str, str] = {}
        self.node_ids = [each.id for each in NODES]

    def places(self) -> dict[str, str]:
        return {each.id: f"ANALYTICS.{self.schema}|{each.id}" for each in NODES}

    def code(self, node_ids: Collection[str]) -> dict[str, Code]:
        return {node_id: Code(settings="s", source=self.source.get(node_id, "as it was")) for node_id in node_ids}

    def compiled(self, node_id: str) -> str:
        return self.compiles.get(node_id, "select 1")

    def compiled_anew(self, node_ids: Collection[str]) -> dict[str, str]:
        return {node_id: self.compiled(node_id) for node_id in node_ids if self.compiled(node_id)}

    def is_python(self, _: str) -> bool:
        return False


class Loaded(Sources):
    """A source that is loaded so far."""

    def __init__(self, at: str) -> None:
        self.at = at

    @property
    def loaded(self) -> dict[str, str]:
        return {ORDERS: self.at}


class Workstream:
    """One run of it after the other."""

    def __init__(self, bucket: Bucket, name: str, nodes: list[Node], schema: str = "MARTS", shared: str = SHARED) -> None:
        self.bucket, self.name, self.nodes, self.shared = bucket, name, nodes, shared
        self.project, self.log, self.loaded = Project(schema), io.StringIO(), Loaded("2026-01-01")
        self.begin()

    def begin(self) -> None:
        """The next run."""
        settings = environment(WORKSTREAM=self.name, ARTIFACTS_URI=f"s3://artifacts/{self.name}", PROJECT_STATE=self.shared)
        output = Output(stream=self.log)
        dbt: Any = self.project
        self.news = News(settings, Artifacts(settings, output, self.bucket), dbt, self.loaded, output)

    def due(self, **options: bool) -> str:
        return "".join(sorted(node_id[-1] for node_id in self.news.due(self.nodes, (), **options)))

    def build(self, names: str, status: str = "success", *, ended: bool = True) -> None:
        """That these have ended, and with `ended` the run."""
        started = datetime.now(UTC).isoformat()
        results = {f"model.{name}": Result(status=status, started=started) for name in names}
        self.news.keep({each.id: each for each in NODES}, results, ended=ended)

    def run(self) -> str:
        """A whole one; what it built."""
        self.begin()
        names = self.due()
        self.build(names)
        return names


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def others(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What happens while a run waits for another one, a thing at each look."""
    happens: list[Any] = []

    def sleep(_: float) -> None:
        assert happens, "waits for nothing"
        happens.pop(0)()

    monkeypatch.setattr(news.time, "sleep", sleep)
    return happens


def test_what_another_workstream_has_built_is_not_built_again(bucket: Bucket):
    """Both read the same source, and the warehouse would be paid twice for each piece of news."""
    sales, finance = Workstream(bucket, "sales", NODES[:2]), Workstream(bucket, "finance", NODES)
    assert [sales.run(), finance.run(), sales.run(), finance.run()] == ["ab", "c", "", ""]

    sales.loaded.at = finance.loaded.at = "2026-01-02"
    assert [sales.run(), finance.run()] == ["ab", "c"], "what is built on it is due all the same"


def test_an_answer_of_s3_that_is_lost_makes_nobody_wait(bucket: Bucket, others: list[Any], monkeypatch: pytest.MonkeyPatch):
    """The client repeats the call, and hears that somebody has written meanwhile: it was itself."""
    put, unanswered = bucket.put_object, [True]

    def put_unheard(**given: Any) -> Any:
        answer = put(**given)
        return put(**given) if unanswered and unanswered.pop() else answer

    monkeypatch.setattr(bucket, "put_object", put_unheard)
    sales = Workstream(bucket, "sales", NODES[:2])

    assert [sales.run(), sales.run()] == ["ab", ""]
    assert (others, unanswered) == ([], [])
    assert json.loads(bucket.objects[FILE])["building"] == {}


def test_workstreams_that_build_into_schemas_of_their_own_share_nothing(bucket: Bucket):
    """The one's table would never be made, because the other has one of that name."""
    sales, finance = Workstream(bucket, "sales", NODES, schema="SALES"), Workstream(bucket, "finance", NODES, schema="FINANCE")

    assert [sales.run(), finance.run(), sales.run()] == ["abc", "abc", ""]


def test_a_workstream_that_remembers_alone_takes_what_others_build_for_new(bucket: Bucket):
    """Who built what it reads tells it nothing: it would miss all of that."""
    alone = Workstream(bucket, "finance", NODES, shared="")
    assert [alone.run(), alone.run()] == ["abc", ""]
    alone.nodes = NODES[1:]

    assert [alone.run(), alone.run()] == ["bc", "bc"], "a is somebody else's now"
    assert "finance/state/built.json" in bucket.objects


def test_no_two_runs_build_a_node_at_once(bucket: Bucket, others: list[Any]):
    """Two would write one table, and an incremental model have its rows twice."""
    sales, finance = Workstream(bucket, "sales", NODES[:2]), Workstream(bucket, "finance", NODES)
    assert sales.due() == "ab"
    others += [lambda: sales.build("a", ended=False), lambda: None, lambda: sales.build("ab")]

    assert finance.due() == "c"
    assert others == []
    assert finance.log.getvalue().count('"waiting"') == 2, "once for two nodes, once for the one that is left"
    assert "so this one waits: sales (1 of them)" in finance.log.getvalue()


def test_what_the_other_run_did_not_build_is_built(bucket: Bucket, others: list[Any]):
    """A failure of one workstream would leave the other's tables old."""
    sales, finance = Workstream(bucket, "sales", NODES[:2]), Workstream(bucket, "finance", NODES)
    sales.due()
    others += [lambda: sales.build("a"), lambda: pytest.fail("waits for a run that has ended")]

    assert finance.due() == "bc"


def test_a_run_that_builds_whatever_there_is_takes_part(bucket: Bucket, others: list[Any]):
    """What somebody builds by hand, or a workstream without `onlyNew`, would be built twice at once, or be unknown to others."""
    sales, finance = Workstream(bucket, "sales", NODES), Workstream(bucket, "finance", NODES)
    finance.run()
    assert sales.due(whatever=True) == "abc"
    others += [lambda: sales.build("abc")]
    finance.begin()

    assert finance.due(whatever=True) == "abc"


def test_nobody_waits_for_a_run_that_was_killed(bucket: Bucket, others: list[Any], monkeypatch: pytest.MonkeyPatch):
    """It can't say that it is over."""
    sales, finance = Workstream(bucket, "sales", NODES[:2]), Workstream(bucket, "finance", NODES)
    sales.due()
    later = datetime.now(UTC) + timedelta(seconds=news.HELD)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return later.astimezone(tz)

    others += [lambda: monkeypatch.setattr(built, "datetime", Later)]

    assert finance.due() == "abc"


def test_a_run_that_goes_on_is_waited_for(bucket: Bucket, others: list[Any]):
    """It says so from time to time, also while nothing of it ends."""
    sales = Workstream(bucket, "sales", NODES[:2])
    sales.due()
    page = json.loads(bucket.objects[FILE])
    page["building"]["sales"]["until"] = "2026-01-01T00:00:00+00:00"
    bucket.objects[FILE] = json.dumps(page).encode()
    sales.news._built.read()

    sales.build("", ended=False)

    assert json.loads(bucket.objects[FILE])["building"]["sales"]["until"] > datetime.now(UTC).isoformat()


def test_a_run_does_not_wait_for_ever(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    """It pays for its task, and its schedule goes on."""
    sales, finance = Workstream(bucket, "sales", NODES[:2]), Workstream(bucket, "finance", NODES)
    sales.due()
    monkeypatch.setattr(news, "PATIENCE", -60)

    with pytest.raises(RunnerError, match=r"another workstream that builds the same nodes of the project: sales \(2 of them\)"):
        finance.due()


def test_a_retry_does_not_wait_for_its_own_former_try(bucket: Bucket):
    """A container that was killed would hold up its own workstream for minutes."""
    sales = Workstream(bucket, "sales", NODES)
    sales.due()
    sales.begin()

    assert sales.due() == "abc"


def test_of_two_that_begin_at_once_one_looks_again(bucket: Bucket, others: list[Any]):
    """Both have seen that nobody builds it, and both would."""
    sales, finance = Workstream(bucket, "sales", NODES[:2]), Workstream(bucket, "finance", NODES)
    write = bucket.put_object

    def first_sales(**options: Any) -> Mapping[str, str]:
        bucket.put_object = write  # pyright: ignore[reportAttributeAccessIssue]
        assert sales.due() == "ab"
        return write(**options)

    bucket.put_object = first_sales  # pyright: ignore[reportAttributeAccessIssue]
    others += [lambda: sales.build("ab")]

    assert finance.due() == "c"


def test_what_two_keep_at_once_is_kept_of_both(bucket: Bucket):
    """The later one would write over what the other has built, which would be built again."""
    sales, finance = Workstream(bucket, "sales", NODES[:1]), Workstream(bucket, "finance", NODES[1:])
    assert [sales.due(), finance.due()] == ["a", "bc"]

    finance.build("bc")
    sales.build("a")

    kept = json.loads(bucket.objects[FILE])
    assert {place[-1] for place in kept["nodes"]} == {"a", "b", "c"}
    assert kept["building"] == {}


def test_what_failed_is_forgotten(bucket: Bucket):
    """A test that failed by hand, after the same had passed, would never be looked at again."""
    sales = Workstream(bucket, "sales", NODES)
    sales.run()
    sales.begin()
    sales.due(whatever=True)
    sales.build("b", status="fail")

    assert sales.run() == "bc"


def test_code_that_means_the_same_is_compiled_once(bucket: Bucket):
    """Each run after a formatter's would compile the whole project again, for ever."""
    sales = Workstream(bucket, "sales", NODES)
    sales.run()
    sales.project.source = {"model.a": "formatted", "model.b": "changed"}
    sales.project.compiles = {"model.a": "select 1 -- one", "model.b": "select 2"}

    assert sales.run() == "bc"
    sales.project.compiles["model.a"] = ""  # can't be compiled: would be due
    assert sales.run() == ""


def test_code_that_cant_be_compiled_before_the_run_is_taken_for_changed(bucket: Bucket):
    """A query in it may read what is not there yet."""
    sales = Workstream(bucket, "sales", NODES)
    sales.run()
    sales.project.source, sales.project.compiles = {"model.b": "asks the warehouse"}, {"model.b": ""}

    assert sales.run() == "bc"

"""What the log says while nothing ends."""

import io
import json

from runner.output import Output
from runner.phases import Phases
from runner.pulse import Pulse

from sandbox.network import wait_until
from tests.unit.image.support import progress, result


def test_a_run_that_waits_says_for_what():
    """A warehouse that was killed left containers waiting for minutes, and nobody could see whether anything moved."""
    stream, made = io.StringIO(), progress(customers=result("success"))
    pulse = Pulse(made, Phases(lambda: 0), Output(stream=stream), interval=0.01)
    made.start("model.orders")
    pulse.start()

    assert wait_until(lambda: "still_running" in stream.getvalue(), 60)
    pulse.end()

    assert json.loads(stream.getvalue().splitlines()[0])["nodes"] == ["model.orders"]


def test_a_run_that_waits_before_its_first_node_says_for_what():
    """The check of the sources waited 140 seconds for such a warehouse, and the log ended at "parsed"."""
    stream, phases = io.StringIO(), Phases(lambda: 0)
    pulse = Pulse(progress(), phases, Output(stream=stream), interval=0.01)
    phases.begin("freshness")
    pulse.start()

    assert wait_until(lambda: "still_running" in stream.getvalue(), 60)
    pulse.end()

    assert json.loads(stream.getvalue().splitlines()[0])["phase"] == "freshness"

"""What Pulumi's SDK does for each resource and nothing needs: more than half of what the program takes with 200 workstreams."""

import gc
import inspect
from pathlib import Path
from types import FrameType

import pulumi
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2


def spare() -> None:
    """Leave it out (docs/decisions/0011-what-growth-costs.md: what each takes).

    The SDK has no switch for it. It is pinned, and tests/unit/test_main.py would notice if it called these otherwise.
    """
    resource._get_stack_trace = _declaration
    # Four messages for each resource, each of which stops the program until the engine has it: to be read with `--debug` only.
    pulumi.log.debug = _unsaid
    # All outputs live until the end: the collector goes through all of them again and again, and finds nothing.
    gc.disable()


def _unsaid(*_message: object, **_about: object) -> None:
    pass


def _declaration() -> source_pb2.StackTrace:
    """The line that declares a resource.

    The SDK tells every frame, down to the thread's first: two fifths of a large state. The engine only stores them: it uses them
    for components in other languages, of which there are none here (pulumi/pulumi#20430).
    """
    constructor = _constructor()
    if constructor is None or constructor.f_back is None:
        return source_pb2.StackTrace()
    place = source_pb2.SourcePosition(uri=Path(constructor.f_back.f_code.co_filename).as_uri(), line=constructor.f_back.f_lineno)
    return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=place)])


def _constructor() -> FrameType | None:
    """That of the resource's own class: the third from here, which has called CustomResource's and that Resource's."""
    frame, constructors = inspect.currentframe(), 0
    while frame is not None:
        constructors += frame.f_code.co_name == "__init__"
        if constructors == 3:
            return frame
        frame = frame.f_back
    return None

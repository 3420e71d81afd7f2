"""What the state keeps of the way that the program took to each resource."""

from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

_whole = resource._get_stack_trace


def leave_out_callers() -> None:
    """Keep the line that declares a resource, and not who called it: two fifths of a large state.

    The SDK sends every frame of the stack, down to the thread's first, and has no switch for it. The engine only stores them: it
    uses them for components in other languages, of which there are none here (pulumi/pulumi#20430).
    """
    resource._get_stack_trace = _shortened  # the SDK is pinned, and tests/unit/test_main.py would notice


def _shortened() -> source_pb2.StackTrace:
    trace = _whole()
    del trace.frames[1:]
    return trace

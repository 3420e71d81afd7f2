"""Progress: each step says what it does, how it went and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from sandbox.errors import SandboxError

console = Console(highlight=False)

Report = Callable[[str], None]
"""Tells the user one thing about the step that runs."""


class Steps:
    """Runs named steps and remembers their durations, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Report]:
        """A step; what it reports stands below its name."""
        start = time.monotonic()
        with console.status(escape(name)) as status:

            def report(text: str) -> None:
                status.update(f"{escape(name)}: {escape(text)}")
                console.print(f"    [dim]{escape(text)}[/dim]")

            try:
                yield report
            except KeyboardInterrupt:
                fix = "`make demo-down` ends what runs; `make demo` starts over."
                raise SandboxError(f"Interrupted in the step: {name}.", fix) from None
            except BaseException:
                console.print(f"[red]✗[/red] {escape(name)} [dim]{time.monotonic() - start:.1f} s[/dim]")
                raise
        self.seconds[name] = time.monotonic() - start
        console.print(f"[green]✓[/green] {escape(name)} [dim]{self.seconds[name]:.1f} s[/dim]")

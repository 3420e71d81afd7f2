"""What runs here: which run, of which image, and since when."""

import time
from pathlib import Path

from runner.environment import Environment

FINGERPRINT = Path("/app/fingerprint")
"""Written when the image is built: its revision, a hash of all that it was made of; by hand, of project, runner and packages."""

_TICKS = 100
"""Per second, in /proc (sysconf(_SC_CLK_TCK) of every Linux that Fargate runs)."""


def fingerprint(path: Path = FINGERPRINT) -> str:
    """Names the image: the end of its tag, and its label; `unknown` outside of one."""
    return path.read_text().strip() if path.exists() else "unknown"


def identity(environment: Environment) -> dict[str, object]:
    """What names a run in the log and in Snowflake's query history."""
    return {
        "platform": environment.platform,
        "workstream": environment.workstream,
        "run": environment.run_id,
        "try": environment.try_number,
        "image": fingerprint(),
    }


def process_age() -> float:
    """Seconds since this process was started, interpreter's own start included."""
    started = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / _TICKS
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started

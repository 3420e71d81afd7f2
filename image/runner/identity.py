"""What runs here: the image's fingerprint, and since when."""

import time
from pathlib import Path

FINGERPRINT = Path("/app/fingerprint")
"""Written when the image is built: a digest of project, runner and dbt."""

_TICKS = 100
"""Per second, in /proc (sysconf(_SC_CLK_TCK) of every Linux that Fargate runs)."""


def fingerprint(path: Path = FINGERPRINT) -> str:
    """Names project, runner and dbt together; `unknown` outside of an image."""
    return path.read_text().strip() if path.exists() else "unknown"


def process_age() -> float:
    """Seconds since this process was started, interpreter's own start included."""
    started = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / _TICKS
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started

"""Where the sandbox keeps what it makes."""

import os
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
"""What a process of another environment needs on its import path to find this package."""

REPOSITORY = SOURCE.parents[1]
"""The checkout that this package is a member of: the folder of Pulumi.yaml."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dbt-platform"
"""What is worth keeping between sandboxes, by version: the Pulumi CLI, virtual environments, Docker's images."""


@dataclass(frozen=True)
class Home:
    """The folder of one sandbox, `.sandbox` in the checkout unless `SANDBOX_HOME` names another."""

    path: Path

    @staticmethod
    def of_environment() -> "Home":
        """The folder that the user chose."""
        return Home((REPOSITORY / os.environ.get("SANDBOX_HOME", ".sandbox")).resolve())

    @property
    def logs(self) -> Path:
        """Output of the stand-ins and of every `pulumi` command; outlives the sandbox."""
        return self.path / "logs"

    @property
    def update_events(self) -> Path:
        """The engine's events of the deployment, one JSON object a line."""
        return self.logs / "pulumi-up.events"

    @property
    def measures(self) -> Path:
        """What the last demo measured, as JSON; outlives the sandbox."""
        return self.path / "measures.json"

    @property
    def lock(self) -> Path:
        """Held by the one command that changes this sandbox."""
        return self.path / "lock"

    @property
    def state(self) -> Path:
        """What runs: see `sandbox.state`."""
        return self.path / "sandbox.json"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: plugins and credentials of the engine."""
        return self.path / "pulumi-home"

    @property
    def backend(self) -> Path:
        """Pulumi's state, in files."""
        return self.path / "backend"

    @property
    def project(self) -> Path:
        """A copy of Pulumi.yaml with the rendered stack configuration, so that the committed files stay as they are."""
        return self.path / "project"

    @property
    def docker_config(self) -> Path:
        """DOCKER_CONFIG: keeps registry log-ins out of the user's own configuration."""
        return self.path / "docker"

    @property
    def daemon(self) -> Path:
        """Run-time files of a Docker daemon that this sandbox started."""
        return self.path / "dockerd"

    @property
    def passphrase(self) -> Path:
        """Encrypts secrets in the stack's state."""
        return self.path / "passphrase"

    @property
    def warehouse_database(self) -> Path:
        """The warehouse's DuckDB file; it puts more beside it."""
        return self.path / "warehouse" / "main.duckdb"

    @property
    def perishable(self) -> list[Path]:
        """What goes when the sandbox ends."""
        return [
            *(self.path / name for name in ("pulumi-home", "backend", "project", "docker", "dockerd", "passphrase", "warehouse")),
            self.state,
        ]

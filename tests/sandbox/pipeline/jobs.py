"""A GitLab project whose pipeline's jobs run here, against an account that `bootstrap/` has set up.

gitlab-ci-local runs each job's own script with GitLab's variables and a token, in a shell of this machine instead of the
images that templates.yml names.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from sandbox import engine
from sandbox.demo import lifecycle
from sandbox.demo.stack import Stack
from sandbox.packages import ensure_program
from sandbox.paths import CACHE, Home
from tests.conftest import copy_repository
from tests.gitlab import Checkout, Event
from tests.sandbox.pipeline.account import Bootstrapped, token

HERE = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""Where the Docker daemon is, which for a job is its service."""

ADMINISTRATOR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK")
"""What an administrator's shell has and a job's has not."""


class SharedState(Stack):
    """A stack whose state is in the account's bucket; an administrator's commands."""

    def __init__(self, account: Bootstrapped, home: Home, name: str, repository: Path) -> None:
        super().__init__(home, account.stack.state, account.tools.cli, name=name, repository=repository)
        self.account = account

    @property
    def environment(self) -> dict[str, str]:
        """With the backend that the bootstrap told."""
        return {**super().environment, "PULUMI_BACKEND_URL": self.account.variables(self.name)["PULUMI_BACKEND_URL"]}


class Project:
    """A clone of the repository, set up as docs/gitlab.md says (steps 3 to 6) for the environment `dev`."""

    def __init__(self, account: Bootstrapped, folder: Path) -> None:
        ensure_program("rsync", "rsync", print)  # gitlab-ci-local copies the project with it before each job
        self.account = account
        self.folder = copy_repository(folder / "project")
        self.stack = SharedState(account, Home(folder / "home"), "dev", self.folder)
        engine.prepare_home(self.stack.home.pulumi_home, Path(sys.executable))
        self._set_up(self.stack, _settings(account, self.folder))
        self.checkout = Checkout(self.folder, images=False)

    def _set_up(self, stack: SharedState, values: dict[str, object]) -> None:
        stack.init(values, "--secrets-provider", self.account.outputs["secretsProvider"])
        shutil.copy(stack.configuration, self.folder)

    def add_team(self, name: str) -> SharedState:
        """Sets up the stack `name` of a team on `dev`, with one workstream like finance, as docs/teams.md says."""
        platform = yaml.safe_load(self.stack.configuration.read_text())["config"]
        kept = (
            "aws:region",
            "aws:allowedAccountIds",
            "aws:defaultTags",
            "dbt-platform:environment",
            "dbt-platform:image",
            "dbt-platform:warehouse",
        )
        team = name.partition("-")[2]
        keys = {
            **{key: platform[key] for key in kept},
            "dbt-platform:permissionsBoundary": self.account.outputs["workloadBoundaries"][name],
            "dbt-platform:team": {"name": team, "platformStack": "dev"},
            "dbt-platform:workstreams": {team: {**platform["dbt-platform:workstreams"]["finance"], "schema": team.upper()}},
        }
        stack = SharedState(self.account, self.stack.home, name, self.folder)
        (self.folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": keys}))
        self._set_up(stack, {})
        return stack

    def run(self, job: str, event: Event, *, ref: str = "main") -> str:
        """Runs one job of a pipeline and returns its log. Errors: RuntimeError with the log when it fails."""
        stage, _, environment = job.partition(":")
        scope = "preview/dev" if stage == "models" else environment or "dev"
        variables = self.account.variables(f"preview/{scope}" if stage in ("preview", "drift") else scope)
        inherited = {name: value for name, value in self.stack.environment.items() if name not in ADMINISTRATOR}
        endpoint = inherited["AWS_ENDPOINT_URL"]
        pip = next((CACHE / "uv").glob("*/bin"))  # an image of Python's has it
        shell = {**inherited, "AWS_ENDPOINT_URL_STS": endpoint, "PATH": f"{pip}:{inherited['PATH']}"}
        return self.checkout.execute(
            job,
            event,
            shell,
            {
                **variables,
                **{name: os.environ.get(name, "") for name in HERE},
                "AWS_ID_TOKEN": token(ref, ref_protected=str(ref == "main").lower()),
                "PULUMI_HOME": inherited["PULUMI_HOME"],
                "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache/uv")),
            },
        )

    @contextmanager
    def merged(self, *changes: tuple[str, str, str]) -> Iterator[None]:
        """As `edited`, on main already: no push that follows has changed these files."""
        with self.edited(*changes):
            self.checkout.commit()
            yield
        self.checkout.commit()

    @contextmanager
    def edited(self, *changes: tuple[str, str, str]) -> Iterator[None]:
        """Changes files of the project for a while; each: name, old text, new text."""
        before: dict[Path, str] = {}
        for name, old, new in changes:
            path = self.folder / name
            text = path.read_text()
            before.setdefault(path, text)
            assert old in text, f"{name} has no {old!r} any more"
            path.write_text(text.replace(old, new, 1))
        try:
            yield
        finally:
            for path, text in before.items():
                path.write_text(text)


def _settings(account: Bootstrapped, folder: Path) -> dict[str, object]:
    """What the committed stack file can't know; and no run that starts by itself in the middle of a test."""
    workstreams = yaml.safe_load((folder / "Pulumi.dev.yaml").read_text())["config"]["dbt-platform:workstreams"]
    return {
        **lifecycle.configuration(account.stack.state, account.tools),
        "aws:allowedAccountIds": [account.stack.state.account],
        "dbt-platform:permissionsBoundary": account.outputs["workloadBoundaries"]["dev"],
        "dbt-platform:teams": {"marketing": {}},
        "dbt-platform:workstreams": {name: {**settings, "schedule": None} for name, settings in workstreams.items()},
    }

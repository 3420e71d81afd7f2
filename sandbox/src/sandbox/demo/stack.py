"""The Pulumi stack `sandbox`: the repository's own program, with the real engine, against the stand-ins."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.paths import REPOSITORY, Home
from sandbox.processes import tail
from sandbox.state import State
from sandbox.steps import Report, console

NAME = "sandbox"


class Stack:
    """Runs `pulumi` for one sandbox."""

    def __init__(self, home: Home, state: State, cli: Path, *, name: str = NAME, repository: Path = REPOSITORY) -> None:
        self.home = home
        self.state = state
        self.cli = cli
        self.name = name
        self.repository = repository
        self.configuration = home.project / f"Pulumi.{name}.yaml"
        self._values = home.project / f"{name}.json"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of Pulumi, its plugins, and every tool that talks to this sandbox."""
        return {
            **os.environ,
            "PATH": ":".join(map(str, [self.cli.parent, Path(sys.executable).parent, *_uv_folder(), os.environ["PATH"]])),
            "AWS_ENDPOINT_URL": self.state.emulator_url,
            "AWS_ACCESS_KEY_ID": self.state.account,
            "AWS_SECRET_ACCESS_KEY": self.state.secret_key,
            "AWS_REGION": self.state.region,
            "AWS_DEFAULT_REGION": self.state.region,
            # The MWAA client would look up env.127.0.0.1 otherwise.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "DOCKER_CONFIG": str(self.home.docker_config),
            "OPS_COMMAND": ".venv/bin/sandbox exec ops",  # what its advice is to begin with
            "PULUMI_HOME": str(self.home.pulumi_home),
            "PULUMI_BACKEND_URL": f"file://{self.home.backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.home.passphrase),
            "PULUMI_STACK": self.name,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # --event-log
        }

    def init(self, values: Mapping[str, Any], *options: str) -> None:
        """Makes an empty stack whose configuration is the committed one with `values` merged in; `options` are Pulumi's.

        `pulumi stack init` writes a salt into the stack file beside Pulumi.yaml: a copy keeps the checkout clean.
        """
        for folder in (self.home.project, self.home.backend, self.home.docker_config):
            folder.mkdir(parents=True, exist_ok=True)
        self.home.passphrase.touch(mode=0o600)
        self.home.passphrase.write_text(secrets.token_urlsafe(24))
        shutil.copy(self.repository / "Pulumi.yaml", self.home.project)
        self._values.write_text(json.dumps(dict(values)))
        self.configure(values)
        command = [self.cli, "stack", "init", self.name, "--non-interactive", *options, "--cwd", self.home.project]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxError(f"pulumi stack init failed:\n{done.stderr}", f"Remove {self.home.backend} and try again.")

    def recover(self) -> None:
        """Settles what a killed `pulumi up` left behind, with the command that docs/operations.md tells people to use.

        Raises:
            SandboxError: somebody else is at work on the stack.
        """
        ops = str(Path(sys.executable).with_name("ops"))
        command = [ops, "--stack", self.name, "recover", "--config-file", str(self.configuration)]
        done = subprocess.run(command, cwd=self.repository, env=self.environment, stdout=sys.stderr, check=False)
        if done.returncode:
            raise SandboxError("ops recover failed, see above.", "`make demo-down` ends everything.")

    def log_in(self) -> None:
        """Lets Docker push to the account's registry for 12 hours, with the command that README tells people to use."""
        command = [Path(sys.executable).with_name("ci"), "login"]
        done = subprocess.run(command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxError(f"ci login failed:\n{done.stderr}", "This is a defect.")

    def render(self) -> None:
        """Takes over what the committed configuration says now, with the values of `init`: what a person edits is deployed."""
        self.configure(json.loads(self._values.read_text()))

    def configure(self, values: Mapping[str, Any]) -> None:
        """Renders the stack's configuration anew."""
        document = yaml.safe_load((self.repository / f"Pulumi.{self.name}.yaml").read_text())
        if self.configuration.exists():
            document["encryptionsalt"] = yaml.safe_load(self.configuration.read_text()).get("encryptionsalt")
        for key, value in values.items():
            old = document["config"].get(key)
            document["config"][key] = {**old, **value} if isinstance(old, dict) else value
        self.configuration.write_text(yaml.safe_dump({k: v for k, v in document.items() if v is not None}))

    def command(self, verb: str, *options: str) -> list[str]:
        """`pulumi <verb>` for this stack and its rendered configuration."""
        takes_configuration = verb in ("up", "preview", "destroy", "refresh", "config")
        configuration = ["--config-file", str(self.configuration)] if takes_configuration else []
        return [str(self.cli), verb, *options, "--stack", self.name, *configuration, "--cwd", str(self.repository)]

    def run(self, verb: str, *options: str, report: Report | None = None) -> str:
        """Runs `pulumi <verb>`, keeps its output in the logs and returns it.

        Raises:
            SandboxError: it failed; with the end of its output.
        """
        log = self.home.logs / f"pulumi-{verb}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = self.command(verb, *options, "--non-interactive", "--color=never")
        lines: list[str] = []
        with log.open("w") as output:
            child = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            )

            def follow() -> None:
                for line in child.stdout or ():
                    output.write(line)
                    output.flush()
                    lines.append(line)
                    if report and line.strip():
                        report(line.rstrip())

            try:
                follow()
            except KeyboardInterrupt:  # Pulumi is told too, ends what it does just now, and unlocks the stack
                console.print("    Pulumi ends what it has begun; Ctrl+C again does not wait for that.")
                follow()
                raise
        said = "".join(lines)
        if child.wait():
            raise SandboxError(f"pulumi {verb} failed:\n{_diagnostics(said) or tail(log, 40)}", f"Its whole output: {log}")
        return said

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        command = self.command("stack", "output", "--json")
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SandboxError(f"pulumi stack output failed:\n{done.stderr}", "Deploy the stack first: make demo")
        return json.loads(done.stdout)


def _diagnostics(said: str) -> str:
    """What Pulumi says of the failure, and which policies were broken, without the outputs that it prints after it."""
    sections = re.findall(r"^(Policies|Diagnostics):\n(.*?)(?=^[A-Z][a-z]+:|\Z)", said, re.MULTILINE | re.DOTALL)
    return "\n".join(text.rstrip() for title, text in sections if title == "Diagnostics" or "[mandatory]" in text)


def _uv_folder() -> list[Path]:
    """Where make keeps uv, which the official CLI's language host calls (Pulumi.yaml: toolchain)."""
    return [Path(os.environ["UV"]).parent] if "UV" in os.environ else []

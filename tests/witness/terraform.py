"""Terraform and hashicorp/aws, where a machine has them: nothing is fetched, and no AWS is asked."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROVIDER = "registry.terraform.io/hashicorp/aws"
PLUGINS = ("/opt/tf-plugins", "/usr/local/share/terraform/plugins", "~/.terraform.d/plugins")
"""Folders with unpacked providers; the last two are Terraform's own."""


def absent() -> str | None:
    """Why Terraform can't be asked on this machine, if it can't."""
    if shutil.which("terraform") is None:
        return "there is no terraform"
    if _plugins() is None:
        return f"no folder of {', '.join(PLUGINS)} has {PROVIDER}"
    return None


def _plugins() -> Path | None:
    return next((path for path in (Path(each).expanduser() for each in PLUGINS) if (path / PROVIDER).is_dir()), None)


def binary() -> Path:
    """The provider's executable file."""
    folder = _plugins()
    assert folder, absent()
    return max((folder / PROVIDER).glob("*/*/terraform-provider-aws_*"))


@dataclass(frozen=True)
class Terraform:
    """One working folder."""

    folder: Path

    def prepare(self, main: Mapping[str, Any], how: str = "init") -> None:
        """Write the root module; `init` installs the provider from this machine, `get` finds the modules."""
        settings = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{_plugins()}"\n  }}\n}}\n'
        (self.folder / "settings.tfrc").write_text(settings)
        required = {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}}
        (self.folder / "main.tf.json").write_text(json.dumps({**required, **main}, indent=1))
        self.run(how)

    def run(self, *arguments: str, timeout: float = 600) -> str:
        """What a command of Terraform prints.

        Raises:
            AssertionError: It failed; with what it said.
        """
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))},
            "TF_CLI_CONFIG_FILE": str(self.folder / "settings.tfrc"),
            "CHECKPOINT_DISABLE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = ["terraform", arguments[0], *(["-no-color"] if arguments[0] != "providers" else []), *arguments[1:]]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-9000:]}"
        return done.stdout

    def schemas(self) -> dict[str, Any]:
        """Type of a resource -> what the provider says about it."""
        return self.described()["resource_schemas"]

    def described(self) -> dict[str, Any]:
        """All that the provider says about itself: `provider`, `resource_schemas`."""
        return json.loads(self.run("providers", "schema", "-json"))["provider_schemas"][PROVIDER]

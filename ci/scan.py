"""Known vulnerabilities of what runs, or will run, found by Trivy in a container.

Before a merge: the base images by digest and the locked Python packages, which are all that an image is made of beside our own
code. After a deployment and every night: the images that the stack runs, by digest, because what is known grows by itself.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import docker
import yaml

from ops.errors import OpsError
from settings.sections.image import ImageSettings

IGNORED = Path("ci/vulnerabilities.yaml")
"""Trivy's ignore file: each entry has a reason, and a date after which it counts again (Trivy, "Filtering")."""

VULNERABLE = 10
"""Exit code that tells a finding from a failure of Trivy's own, which is 1."""

RULES = ("--scanners", "vuln", "--severity", "CRITICAL", "--ignore-unfixed", "--exit-code", str(VULNERABLE))
"""Only what an update mends: anything else nobody can act on."""


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """Trivy beside the Docker daemon, which sees this folder as `/work`: GitLab shares a job's folder with its services."""

    client: Any
    """A `docker.DockerClient`."""
    image: str
    folder: Path

    @staticmethod
    def here(image: str) -> "Scanner":
        """With the daemon that DOCKER_HOST names."""
        return Scanner(client=docker.from_env(), image=image, folder=Path.cwd())

    def vulnerable(self, kind: str, target: str, *options: str, environment: Mapping[str, str] | None = None) -> bool:
        """Does an update mend anything critical in `target`? Prints what.

        Args:
            kind: Trivy's command, `fs` or `image`.
            target: Path below this folder, or reference of an image.
            options: More of Trivy's.
            environment: The container's, for a log-in.

        Raises:
            OpsError: Trivy could not tell.
        """
        code = self._run(kind, *RULES, "--ignorefile", f"/work/{IGNORED}", *options, target, environment=environment)
        if code not in (0, VULNERABLE):
            raise OpsError(f"Trivy could not scan {target}, see above.", "Is the registry reachable, and Trivy's database?")
        return code == VULNERABLE

    def bill_of_materials(self, target: str, file: str, environment: Mapping[str, str]) -> None:
        """Writes what an image is made of to `file`, in CycloneDX's form. Errors: OpsError when Trivy can't read the image."""
        options = ("--image-src", "remote", "--format", "cyclonedx", "--output", f"/work/{file}")
        if self._run("image", *options, target, environment=environment):
            raise OpsError(f"Trivy could not read {target}, see above.", "May the job's role pull from that registry?")

    def _run(self, *arguments: str, environment: Mapping[str, str] | None) -> int:
        print("$ trivy", *arguments, flush=True)
        container = self.client.containers.run(
            self.image,
            ["--quiet", *arguments],
            environment=dict(environment or {}),
            volumes={
                str(self.folder): {"bind": "/work", "mode": "rw"},
                str(self.folder / ".cache/trivy"): {"bind": "/root/.cache", "mode": "rw"},
            },
            detach=True,
        )
        try:
            for line in container.logs(stream=True, follow=True):
                print(line.decode(errors="replace"), end="", flush=True)
            return container.wait()["StatusCode"]
        finally:
            container.remove(force=True)


def sources(scanner: Scanner, root: Path) -> None:
    """Scans what the images will be made of. Errors: OpsError when an update would mend something critical."""
    found = [base for base in base_images(root) if scanner.vulnerable("image", base, "--image-src", "remote")]
    if scanner.vulnerable("fs", "/work/image/requirements.txt"):
        found.append("image/requirements.txt")
    _refuse(found, "Raise the package in image/requirements.in, or the base image: Renovate may wait with it already.")


def deployed(scanner: Scanner, outputs: Mapping[str, Any], stack: str) -> None:
    """Scans the images that a stack runs, and writes the bill of materials of each to `sbom-<stack>-<project>.cdx.json`.

    Raises:
        OpsError: an update would mend something critical.
    """
    environment = _log_in(outputs["region"])
    found = []
    for project, reference in outputs["images"].items():
        scanner.bill_of_materials(reference, f"sbom-{stack}-{project.replace('/', '-')}.cdx.json", environment)
        if scanner.vulnerable("image", reference, "--image-src", "remote", environment=environment):
            found.append(f"{reference} ({project})")
    _refuse(found, "Raise the package or the base image, and deploy: the changed pin makes another image.")


def base_images(root: Path) -> Iterator[str]:
    """The base images of all committed stacks, each once."""
    default = ImageSettings.model_fields["base_image"].default
    files = [yaml.safe_load(file.read_text())["config"] for file in sorted(root.glob("Pulumi.*.yaml"))]
    yield from dict.fromkeys(config.get("dbt-platform:image", {}).get("baseImage", default) for config in files)


def _log_in(region: str) -> dict[str, str]:
    """To ECR, as Trivy takes it; the token is good for every registry that the job's role may pull from."""
    (data,) = boto3.client("ecr", region_name=region).get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    return {"TRIVY_USERNAME": user, "TRIVY_PASSWORD": password}


def _refuse(found: list[str], fix: str) -> None:
    if found:
        raise OpsError(
            f"Critical vulnerabilities that an update mends, in: {', '.join(found)}; see above.",
            f"{fix} To live with one for a while: an entry in {IGNORED}, with a reason and an expiry date.",
        )

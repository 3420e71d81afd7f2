"""The log-in with which Docker pushes images to Amazon ECR, in Docker's own configuration."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FILE = "config.json"


def configuration_folder() -> Path:
    """Where Docker, and Pulumi's docker provider, look for log-ins (docker/cli, `cli/config`)."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def log_in(ecr: Any, folder: Path) -> str:
    """Writes the log-in as `docker login` does, and returns the registry that it is for. It ends after 12 hours.

    The token must be in no input of a resource: Pulumi's state is read by more people than may push images.

    Args:
        ecr: boto3's client.
        folder: Of Docker's configuration; what else is in there stays.
    """
    token = ecr.get_authorization_token()["authorizationData"][0]
    registry = urlsplit(token["proxyEndpoint"]).netloc
    file = folder / FILE
    written = json.loads(file.read_text()) if file.exists() else {}
    log_ins = {**written.get("auths", {}), registry: {"auth": token["authorizationToken"]}}
    folder.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps({**written, "auths": log_ins}, indent=2))
    return registry

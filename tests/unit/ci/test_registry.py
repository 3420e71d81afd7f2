"""Docker's log-in at Amazon ECR."""

import json
from pathlib import Path

from ci import registry

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


class Ecr:
    """Stands for boto3's client."""

    def get_authorization_token(self) -> dict[str, list[dict[str, str]]]:
        return {"authorizationData": [{"authorizationToken": "QVdTOnNlY3JldA==", "proxyEndpoint": f"https://{ECR}"}]}


def test_docker_finds_the_log_in_where_it_looks_for_it(tmp_path: Path, monkeypatch):
    """Else a deployment builds an image and ends with `no basic auth credentials`."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))

    said = registry.log_in(Ecr(), registry.configuration_folder())

    file = tmp_path / "docker/config.json"
    assert json.loads(file.read_text()) == {"auths": {ECR: {"auth": "QVdTOnNlY3JldA=="}}}
    assert file.stat().st_mode & 0o777 == 0o600, "others on the machine could push"
    assert said == ECR


def test_other_log_ins_and_settings_stay(tmp_path: Path):
    """A person's own configuration is written to."""
    other = {"auths": {"registry.example.com": {"auth": "YTpi"}}, "currentContext": "default"}
    (tmp_path / "config.json").write_text(json.dumps(other))

    registry.log_in(Ecr(), tmp_path)

    written = json.loads((tmp_path / "config.json").read_text())
    assert written["currentContext"] == "default"
    assert set(written["auths"]) == {"registry.example.com", ECR}

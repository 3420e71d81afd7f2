"""The container as ECS runs it: built from the Dockerfile, no root, nothing writable but its volumes, PID 1."""

import base64
import gzip
import io
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import BuildError
from docker.models.containers import Container

from projects.sources import Sources
from sandbox.base.image import ensure_base
from sandbox.docker_engine import bridge_gateway
from sandbox.network import wait_until
from sandbox.paths import CACHE, REPOSITORY
from tests.sandbox.runner_process import Runs, project

pytestmark = pytest.mark.slow

LABEL = "dbt-platform.test-image"
REVISION = "0123456789abcdef"
SIZE = 250_000_000
"""Compressed bytes at most: pulling is three quarters of a Fargate task's start."""


@pytest.fixture(scope="module")
def daemon() -> docker.DockerClient:
    return docker.from_env()


def _build(daemon: docker.DockerClient, context: Path, folder: str, **more: str) -> str:
    """The tag of the image of a project, with more build arguments; raises BuildError."""
    arguments = {"BASE_IMAGE": ensure_base(CACHE, print), "PROJECT": folder, **more}
    image, _ = daemon.images.build(
        path=str(context),
        dockerfile="image/Dockerfile",
        buildargs=arguments,
        network_mode="host",
        tag=f"{LABEL}:{folder.replace('/', '-').lower()}",
        labels={LABEL: "yes"},
        rm=True,
        forcerm=True,
    )
    return image.tags[0]


@pytest.fixture(scope="module")
def image(daemon: docker.DockerClient) -> str:
    return _build(daemon, REPOSITORY, "dbt_project", REVISION=REVISION)


@pytest.fixture
def containers(daemon: docker.DockerClient) -> Iterator[list[Container]]:
    made: list[Container] = []
    yield made
    for container in made:
        container.remove(force=True)


def _start(containers: list[Container], image: str, runs: Runs, *arguments: str, **options: Any) -> Container:
    """As the task definition says: read-only root filesystem, two writable volumes, our variables and no other."""
    gateway = bridge_gateway()
    names = ("AWS_", "DBT_RUN", "DBT_TRY", "SNOWFLAKE_", "PLATFORM", "WORKSTREAM", "ARTIFACTS_URI")
    variables = {name: value for name, value in runs.environment().items() if name.startswith(names)}
    variables |= {"SNOWFLAKE_HOST": gateway, "AWS_ENDPOINT_URL": f"http://{gateway}:{runs.cloud.port}"}
    container = docker.from_env().containers.run(
        image,
        list(arguments),
        environment=variables | options.pop("environment", {}),
        read_only=True,
        tmpfs={"/tmp": "mode=1777", "/home/dbt": "mode=1777"},
        detach=True,
        labels={LABEL: "yes"},
        **options,
    )
    containers.append(container)
    return container


def _finish(container: Container, seconds: float = 240) -> tuple[int, str]:
    return container.wait(timeout=seconds)["StatusCode"], container.logs().decode()


def _output(containers: list[Container], image: str, *command: str, **options: Any) -> bytes:
    """What another command than the runner prints in the image.

    Read after its end: `containers.run` without `detach` follows the log, and lost what stands after the last line break.
    """
    program, *arguments = command
    container = docker.from_env().containers.run(
        image, arguments, entrypoint=program, detach=True, labels={LABEL: "yes"}, **options
    )
    containers.append(container)
    code = container.wait(timeout=120)["StatusCode"]
    assert code == 0, container.logs().decode()
    return container.logs(stderr=False)


def test_it_runs_the_shop_without_root_and_without_writing_to_its_root_filesystem(
    image: str, runs: Runs, containers: list[Container], daemon: docker.DockerClient
):
    """ECS would refuse the task, or an intruder could change the runner."""
    code, log = _finish(_start(containers, image, runs, "run", "--select", "tag:finance"))

    assert code == 0, log
    assert runs.server.run(f"select count(*) from ANALYTICS.{runs.workstream.upper()}.RECEIVABLES") == [(5,)]
    assert "report.html" in {name.rpartition("/")[2] for name in runs.objects()}
    user = daemon.images.get(image).attrs["Config"]["User"]
    assert user.split(":")[0] == "50000", "a name can't be checked against runAsNonRoot"


def test_it_ends_as_pid_1_when_ecs_stops_it(image: str, runs: Runs, containers: list[Container]):
    """The kernel ignores SIGTERM for a PID 1 without a handler: ECS would kill it after two minutes, and nothing is stored."""
    project(runs.project, {"a": "select system$wait(300) as x"})
    container = _start(containers, image, runs, "run", volumes={str(runs.project): {"bind": "/app/project", "mode": "ro"}})
    assert wait_until(lambda: b'"node_started"' in container.logs(), 120), container.logs().decode()

    told = time.monotonic()
    container.stop(timeout=60)

    code, log = _finish(container)
    assert code == 143, log
    assert time.monotonic() - told < 20
    assert "dbt was cancelled: 1 cancelled" in log
    assert json.loads(runs.read("runs/run-1/1/summary.json"))["outcome"] == "cancelled"
    assert log.rstrip().splitlines()[-1].startswith("Artifacts: "), "something was said after the last block"


def test_it_ends_as_pid_1_before_there_is_a_run_to_cancel(image: str, runs: Runs, containers: list[Container]):
    """Somebody who stops it right after its start, or `check` at a host that does not answer, would wait for the kill."""
    with socket.create_server((bridge_gateway(), 0)) as silent:
        port = str(silent.getsockname()[1])
        container = _start(containers, image, runs, "check", environment={"SNOWFLAKE_PORT": port})
        assert wait_until(lambda: b"network" in container.logs(), 60), container.logs().decode()
        told = time.monotonic()
        container.stop(timeout=60)

    assert _finish(container)[0] == 143
    assert time.monotonic() - told < 30


def test_a_container_without_its_environment_names_what_is_missing(
    image: str, daemon: docker.DockerClient, containers: list[Container]
):
    """The default command is `run`; somebody who starts the image by hand would see a traceback."""
    container = daemon.containers.run(image, detach=True, labels={LABEL: "yes"})
    containers.append(container)

    code, log = _finish(container, 30)

    assert code == 2
    for name in ("WORKSTREAM", "ARTIFACTS_URI", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_PRIVATE_KEY"):
        assert f"{name} is not set" in log
    assert "Traceback" not in log


def test_it_is_small_and_says_what_it_is(image: str, daemon: docker.DockerClient):
    """Every start of a task pulls it; a label that lies is worse than none."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as archive:
        for chunk in daemon.images.get(image).save():
            archive.write(chunk)
    assert packed.tell() <= SIZE

    labels = daemon.images.get(image).labels
    assert {"org.opencontainers.image.revision", "org.opencontainers.image.source"} <= set(labels)
    assert "Healthcheck" not in daemon.images.get(image).attrs["Config"]


def test_it_names_itself_as_its_label_and_tag_do(image: str, daemon: docker.DockerClient, containers: list[Container]):
    """Nobody could find the image that a query of last night came from."""
    named = _output(containers, image, "cat", "/app/fingerprint").decode().strip()

    assert named == daemon.images.get(image).labels["org.opencontainers.image.revision"] == REVISION


def test_its_bill_of_materials_lists_what_is_installed(image: str, containers: list[Container]):
    """After the next vulnerability in a package, nobody could say which images have it."""
    bill = json.loads(_output(containers, image, "cat", "/app/sbom.cdx.json"))

    assert bill["bomFormat"] == "CycloneDX"
    versions = {component["name"]: component["version"] for component in bill["components"]}
    lock = (REPOSITORY / "image" / "requirements.txt").read_text()
    for name in ("dbt-core", "dbt-snowflake", "snowflake-connector-python", "cryptography"):
        assert f"{name}=={versions[name]} " in lock
    assert "pip" not in versions


def test_everything_is_compiled(image: str, containers: list[Container]):
    """On a read-only filesystem nothing can be compiled later: each start would compile two thousand files again."""
    script = (
        "import importlib.util, pathlib, sysconfig\n"
        "for root in (sysconfig.get_path('purelib'), '/app/runner', sysconfig.get_path('stdlib') + '/json'):\n"
        "    for path in pathlib.Path(root).rglob('*.py'):\n"
        "        if not pathlib.Path(importlib.util.cache_from_source(str(path))).exists(): print(path)\n"
    )
    missing = _output(containers, image, "python", "-c", script).decode().split()

    assert [path for path in missing if "/templates/" not in path] == []


def test_what_dbt_checks_its_files_by_is_there(image: str, containers: list[Container]):
    """It depends on dbt alone: each run would make it again, for a tenth of the time to the first query."""
    options = "--project-dir /app/project --profiles-dir /app --profile platform --target-path /tmp --log-path /tmp"
    script = (
        "from dbt_common import dataclass_schema\n"
        "from runner.dbt import import_dbt\n"
        "import_dbt()\n"
        "dataclass_schema.build_json_schema = None\n"
        "from dbt.cli.main import dbtRunner\n"
        f"print(dbtRunner().invoke('--quiet parse {options}'.split()).exception)"
    )
    told = ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE", "SCHEMA")

    said = _output(containers, image, "python", "-c", script, environment={f"SNOWFLAKE_{name}": "none" for name in told})

    assert said.decode().splitlines()[-1] == "None"


def test_a_task_role_can_prove_itself_to_snowflake(image: str, containers: list[Container]):
    """The image lacks the descriptions of most AWS services; without STS's nobody could log in without a secret."""
    script = (
        "from snowflake.connector.wif_util import AttestationProvider, create_attestation\n"
        "print(create_attestation(AttestationProvider.AWS).credential)"
    )
    role = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIATASKROLE", "AWS_SECRET_ACCESS_KEY": "secret"}

    proof = _output(containers, image, "python", "-c", script, environment=role)

    assert json.loads(base64.b64decode(proof))["url"].startswith("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity")


def test_another_project_runs_just_as_well(daemon: docker.DockerClient, runs: Runs, containers: list[Container], tmp_path: Path):
    """A team could bring only a project that looks like ours."""
    context = _context(tmp_path)
    weather = Sources.of(REPOSITORY / "tests" / "projects" / "weather")  # and the package that lies beside it
    weather.copy(context / "analytics")
    built = _build(daemon, context, "analytics", PLACE=weather.place)

    # Built by hand, so it has no revision to name itself by.
    assert re.fullmatch("[0-9a-f]{16}", _output(containers, built, "cat", "/app/fingerprint").decode().strip())

    given = {"DBT_TARGET": "production", "COLDEST": "-80"}  # which the build did not know
    container = _start(containers, built, runs, "run", "--vars", '{"unit": "fahrenheit"}', environment=given)

    code, log = _finish(container)
    assert code == 0, log
    rows = runs.server.run(f"select STATION, TEMPERATURE from ANALYTICS.{runs.workstream.upper()}.TEMPERATURES order by 1")
    assert [f"{station} {temperature}" for station, temperature in rows] == ["north 50.0", "south 77.0"]


HASHED = "tabulate==0.9.0 --hash=sha256:{}\n"
TABULATE = "024ca478df22e9340661486f85298cff5f6dcdba14f3813e8830015b9ed1948f"


def test_the_oldest_dbt_and_packages_of_the_project_s_own_run_as_well(
    daemon: docker.DockerClient, runs: Runs, containers: list[Container], tmp_path: Path
):
    """A team that pins its dbt, or needs a package beside it, could not come."""
    context = _context(tmp_path)
    models = {"a": "select 1 as x", "b": "select x + 1 as y from {{ ref('a') }}"}
    pins = f"dbt-core==1.10.0\ndbt-snowflake==1.10.0\n{HASHED.format(TABULATE)}"
    tests = "models: [{name: b, columns: [{name: y, tests: [not_null]}]}]"
    project(context / "pinned", models, requirements_txt=pins, models__b_yml=tests)
    built = _build(daemon, context, "pinned")

    code, log = _finish(_start(containers, built, runs, "run"))
    _, versions = _finish(_start(containers, built, runs, "debug"))

    assert code == 0, log
    assert "dbt succeeded: 1 pass, 2 success" in log
    assert [line for line in versions.splitlines() if line.startswith("dbt-")] == ["dbt-core 1.10.0", "dbt-snowflake 1.10.0"]
    bill = json.loads(_output(containers, built, "cat", "/app/sbom.cdx.json"))
    listed = {component["name"]: component["version"] for component in bill["components"]}
    assert (listed["dbt-core"], listed["tabulate"]) == ("1.10.0", "0.9.0")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"models__a_sql": "select * from {{ ref('gone') }}"}, r"gone"),
        ({"requirements_txt": "snowflake-connector-python==5.0.0"}, r"connector-python<5 and snowflake-connector-python==5.0.0"),
        ({"requirements_txt": HASHED.format("0" * 64)}, r"(?i)hash mismatch for `tabulate==0.9.0`"),
        (
            {"requirements_txt": "dbt-core==1.9.0"},
            r"requirements.txt asks for dbt-core==1.9.0, and the platform works with dbt-core",
        ),
    ],
    ids=["model", "conflict", "hash", "dbt"],
)
def test_a_project_that_cannot_be_read_is_no_image(daemon: docker.DockerClient, tmp_path: Path, files: dict[str, str], said: str):
    """It would be found at five in the morning."""
    context = _context(tmp_path)
    project(context / "broken_project", {"b": "select 1 as x"}, **files)

    with pytest.raises(BuildError) as failure:
        _build(daemon, context, "broken_project")

    output = "".join(str(line.get("stream", "")) for line in failure.value.build_log if isinstance(line, dict))
    assert re.search(said, output), output


def _context(tmp_path: Path) -> Path:
    """A build context that lacks but the project."""
    context = tmp_path / "context"
    shutil.copytree(REPOSITORY / "image", context / "image", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / ".dockerignore", context)
    return context

"""Truth table of the pipeline: what happens x what changed -> the jobs that GitLab creates."""

from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from queue import SimpleQueue

import pytest
import yaml

from projects.sources import Sources
from sandbox.paths import REPOSITORY
from tests.gitlab import Checkout, Event, Job, read

INFRASTRUCTURE, IMAGE, DAGS, CODE, DOCS = (
    ("components/network/network.py",),
    ("dbt_project/models/marts/orders.sql",),
    ("dags/dbt_workstreams.py",),
    ("tests/unit/components/test_network.py",),
    ("docs/gitlab.md", "README.md"),
)


def merge_request(*changed: str, **variables: str) -> Event:
    return Event(source="merge_request_event", changed=changed, variables=variables)


def fork(*changed: str) -> Event:
    return merge_request(*changed, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="7")


def main(*changed: str, **variables: str) -> Event:
    return Event(branch="main", changed=changed, variables=variables)


def web(**inputs: str) -> Event:
    return Event(source="web", branch="main", inputs=inputs)


def release(source: str = "push", tag: str = "v1.2.3", **inputs: str) -> Event:
    return Event(source=source, tag=tag, inputs=inputs)


TABLE: dict[str, tuple[Event, str]] = {
    "merge request: infrastructure": (merge_request(*INFRASTRUCTURE), "unit lint preview:dev preview:prod"),
    "merge request: image": (merge_request(*IMAGE), "unit lint dbt scan preview:dev preview:prod"),
    "merge request: another dbt project": (
        merge_request("dbt_finance/dbt_project.yml"),
        "unit lint dbt scan preview:dev preview:prod",
    ),
    "merge request: image, with a warehouse": (
        merge_request(*IMAGE, MODELS_STACK="dev"),
        "unit lint dbt scan preview:dev preview:prod models models:drop",
    ),
    "merge request: dags": (merge_request(*DAGS), "unit lint preview:dev preview:prod"),
    "merge request: code": (merge_request(*CODE), "unit lint"),
    "merge request: docs": (merge_request(*DOCS), "unit"),
    "merge request: a page beside the code": (
        merge_request("dbt_project/README.md"),
        "unit lint dbt scan preview:dev preview:prod",
    ),
    "merge request: nothing that anything reads": (merge_request("LICENSE"), "default-job"),
    "merge request of a fork": (fork(*INFRASTRUCTURE, *IMAGE, *DAGS), "unit lint dbt scan"),
    "merge request of a fork: docs": (fork(*DOCS), "unit"),
    "merge request of a fork: nothing that anything reads": (fork("LICENSE"), "default-job"),
    "the first push": (main(*INFRASTRUCTURE, *IMAGE, *DAGS, *CODE, *DOCS, CI_COMMIT_BEFORE_SHA="0" * 40), "unit lint dbt scan"),
    "main: infrastructure": (main(*INFRASTRUCTURE), "unit lint infrastructure:dev verify:dev scan:dev"),
    "main: a stack's settings": (main("Pulumi.dev.yaml"), "unit lint infrastructure:dev verify:dev scan:dev"),
    "main: image": (main(*IMAGE), "unit lint dbt scan image:dev verify:dev scan:dev"),
    "main: a pinned commit": (main("projects.lock.yaml"), "unit lint dbt scan image:dev verify:dev scan:dev"),
    "main: how images are put together": (main("projects/sources.py"), "unit lint infrastructure:dev verify:dev scan:dev"),
    "main: runner": (main("image/runner/cli.py"), "unit lint dbt scan image:dev verify:dev scan:dev"),
    "main: Airflow's requirements": (main("dags/requirements.txt"), "unit lint infrastructure:dev verify:dev scan:dev"),
    "main: Airflow's startup script": (main("dags/startup.sh"), "unit lint infrastructure:dev verify:dev scan:dev"),
    "main: dags": (main(*DAGS), "unit lint dags:dev verify:dev scan:dev"),
    "main: dags and image": (main(*DAGS, *IMAGE), "unit lint dbt scan image:dev verify:dev scan:dev"),
    "main: everything": (
        main(*INFRASTRUCTURE, *IMAGE, *DAGS, *CODE, *DOCS),
        "unit lint dbt scan infrastructure:dev verify:dev scan:dev",
    ),
    "main: code": (main(*CODE), "unit lint"),
    "main: the pipeline itself": (main("ci/radius.py", ".gitlab/ci/rules.yml"), "unit lint"),
    "main: docs": (main(*DOCS), "unit"),
    "main: nothing that anything reads": (main("LICENSE"), "default-job"),
    "release": (release(), "unit lint dbt scan preview:prod infrastructure:prod verify:prod scan:prod"),
    "release again, to go back": (
        release("web", back="true"),
        "unit lint dbt scan preview:prod infrastructure:prod verify:prod scan:prod",
    ),
    "release: destroy": (release("web", destroy="destroy prod"), "destroy:prod"),
    "release: destroy what follows main": (release("web", destroy="destroy dev"), ""),
    "schedule": (Event(source="schedule", branch="main"), "drift:dev drift:prod scan:dev scan:prod"),
    "web: nothing chosen": (web(), "default-job"),
    "web: infrastructure": (web(deploy="infrastructure"), "infrastructure:dev verify:dev scan:dev"),
    "web: image": (web(deploy="image"), "image:dev verify:dev scan:dev"),
    "web: dags": (web(deploy="dags"), "dags:dev verify:dev scan:dev"),
    "web: destroy": (web(destroy="destroy dev"), "destroy:dev"),
    "web: destroy what follows releases": (web(destroy="destroy prod"), ""),
    "a branch without a merge request": (Event(branch="feature", changed=INFRASTRUCTURE), ""),
    "a tag that is no release": (release(tag="v1.2.3-rc1"), ""),
    "a schedule of another branch": (Event(source="schedule", branch="feature"), ""),
    "a pipeline by hand on another branch": (Event(source="web", branch="feature"), ""),
    "a trigger": (Event(source="trigger", branch="main"), ""),
}

DEPLOYMENTS = {f"{kind}:{stack}" for kind in ("infrastructure", "image", "dags") for stack in ("dev", "prod")}


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Job]]:
    """The jobs of every event, asked for by two processes at a time."""
    checkouts: SimpleQueue[Checkout] = SimpleQueue()
    for _ in range(2):
        checkouts.put(Checkout(tmp_path_factory.mktemp("checkout")))

    def jobs(event: Event) -> dict[str, Job]:
        checkout = checkouts.get()
        try:
            return checkout.jobs(event)
        finally:
            checkouts.put(checkout)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(TABLE, pool.map(jobs, (event for event, _ in TABLE.values())), strict=True))


@pytest.mark.parametrize("name", TABLE)
def test_the_jobs_of_a_pipeline(pipelines: dict[str, dict[str, Job]], name: str):
    """A job too many deploys what nobody asked for; a job too few leaves a merged change undeployed or unchecked."""
    assert {job for job in pipelines[name] if of_a_known_stack(job)} == set(TABLE[name][1].split())


def of_a_known_stack(job: str) -> bool:
    """The table is about dev and prod, and holds on when somebody adds an environment."""
    return job.partition(":")[2] in {"", "dev", "prod", "drop"}


def test_a_change_of_any_project_that_a_stack_runs_builds_its_image():
    """Merged models would never be deployed, without a word: GitLab has no pattern for "whatever the stacks name"."""
    patterns = read(REPOSITORY / ".gitlab/ci/rules.yml")[".paths"]["image"]
    stacks = [yaml.safe_load(file.read_text())["config"] for file in REPOSITORY.glob("Pulumi.*.yaml")]
    named = [each["project"] for stack in stacks for each in stack["dbt-platform:workstreams"].values()]
    sources = [Sources.of(REPOSITORY / project) for project in named if isinstance(project, str)]
    folders = {folder.relative_to(REPOSITORY).as_posix() for each in sources for folder in (each.project, *each.packages)}

    unseen = {folder for folder in folders if not any(fnmatch(f"{folder}/models/a.sql", pattern) for pattern in patterns)}

    assert unseen == set(), "add each as `<folder>/**/*` to .paths.image in .gitlab/ci/rules.yml"


def test_another_environment_is_one_more_line(tmp_path: Path):
    """docs/gitlab.md promises it; whoever needs `staging` should not have to learn the pipeline first."""
    line = "  - {local: .gitlab/ci/environment.yml, inputs: {environment: staging, pipeline: main}}\n"
    checkout = Checkout(tmp_path, lambda text: text.replace("\nworkflow:", f"{line}\nworkflow:", 1))

    jobs = checkout.jobs(main(*IMAGE))

    assert {job for job in jobs if not of_a_known_stack(job)} == {"image:staging", "verify:staging", "scan:staging"}


def test_a_teams_environment_has_no_smoke_run(tmp_path: Path):
    """Its role may start no run, since Airflow's rights are for all DAGs: the job would be red after every deployment."""
    line = "  - {local: .gitlab/ci/environment.yml, inputs: {environment: dev-marketing, pipeline: main, smoke: none}}\n"
    checkout = Checkout(tmp_path, lambda text: text.replace("\nworkflow:", f"{line}\nworkflow:", 1))

    jobs = checkout.jobs(main(*IMAGE))
    destroy = checkout.jobs(web(destroy="destroy dev-marketing"))

    assert {job for job in jobs if not of_a_known_stack(job)} == {"image:dev-marketing", "scan:dev-marketing"}
    assert {job for job in destroy if not of_a_known_stack(job)} == {"destroy:dev-marketing"}


def test_at_most_one_job_deploys_an_environment(pipelines: dict[str, dict[str, Job]]):
    """Two `pulumi up` of one stack in one pipeline wait for each other, and the second finds nothing to do."""
    for name, jobs in pipelines.items():
        stacks = [job.partition(":")[2] for job in jobs if job in DEPLOYMENTS]
        assert len(stacks) == len(set(stacks)), name


def test_production_and_destroy_wait_for_a_person(pipelines: dict[str, dict[str, Job]]):
    """An automatic one would change production, or delete an environment, with nobody looking."""
    by_hand = {"infrastructure:prod", "image:prod", "dags:prod", "destroy:dev", "destroy:prod", "models:drop"}
    for name, jobs in pipelines.items():
        assert {job.name for job in jobs.values() if job.when == "manual"} == set(jobs) & by_hand, name


def test_a_release_stops_at_its_gate(pipelines: dict[str, dict[str, Job]]):
    """A gate that may fail lets `verify` run before anything was deployed, and report the old version as verified."""
    assert not pipelines["release"]["infrastructure:prod"].allow_failure


@pytest.mark.parametrize(("pipeline", "job"), [("web: destroy", "destroy:dev"), ("release: destroy", "destroy:prod")])
def test_a_stack_that_is_half_destroyed_is_a_failure(pipelines: dict[str, dict[str, Job]], pipeline: str, job: str):
    """A green pipeline over a NAT gateway that is still there is money every hour. It holds nothing else, so it may wait."""
    assert not pipelines[pipeline][job].allow_failure


def test_a_mistyped_confirmation_is_refused(tmp_path: Path):
    """Somebody who types `destroy-dev` must learn that, not wait for a job that never comes."""
    with pytest.raises(RuntimeError, match="destroy"):
        Checkout(tmp_path).jobs(web(destroy="destroy-dev"))

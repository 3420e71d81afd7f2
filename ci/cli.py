"""`ci`: the commands of the pipeline's jobs. Each runs by hand too: with AWS credentials, and PULUMI_BACKEND_URL set."""

import json
import os
from pathlib import Path
from typing import Annotated

import boto3
import typer

from ci import deployment, identity, plan, projects, registry, verification
from ci.comment import MergeRequest
from ci.radius import Kind
from ops.engine import Engine
from ops.explained import Group, Whole

app = typer.Typer(
    cls=Group, help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
models = typer.Typer(
    cls=Whole, no_args_is_help=True, help="The merge request's own build, in schemas of its own. Needs `PYTHONPATH=image`."
)
app.add_typer(models, name="models")
scan = typer.Typer(cls=Whole, no_args_is_help=True, help="Known vulnerabilities that an update mends; fails on a critical one.")
app.add_typer(scan, name="scan")

Stack = Annotated[str, typer.Option(envvar="PULUMI_STACK", help="The Pulumi stack, for instance dev.")]


@app.command("identity")
def adopt_identity(
    minutes: Annotated[int, typer.Option(envvar="IDENTITY_MINUTES", help="How long the job may need its AWS identity.")] = 20,
) -> None:
    """Give the job its AWS identity, unless that would end while the job still works."""
    identity.adopt(os.environ, minutes)


@app.command()
def login() -> None:
    """Let Docker push to the account's registry, for 12 hours: writes its configuration, as `docker login` does."""
    found = registry.log_in(boto3.client("ecr"), registry.configuration_folder())
    print(f"Docker may push to {found} for 12 hours.")


@app.command("dbt")
def check_projects(
    quality: Annotated[Path, typer.Option(help="File for GitLab's code quality report.")] = Path("codequality.json"),
) -> None:
    """Parse the dbt projects and lint their SQL."""
    projects.check(Path(), quality)


@app.command()
def preview(stack: Stack, folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path()) -> None:
    """Show what a deployment would change; write preview-STACK.json, .report.json (GitLab's widget) and .md."""
    text = deployment.preview(Engine(stack), folder)
    print(text)
    merge_request = MergeRequest.of(os.environ)
    if merge_request:
        merge_request.comment(f"preview of {stack}", text)


@app.command()
def deploy(
    kind: Kind,
    stack: Stack,
    *,
    refresh: Annotated[
        bool, typer.Option("--refresh", envvar="REFRESH", help="Also put back what was changed behind Pulumi's back.")
    ] = False,
    back: Annotated[
        bool, typer.Option("--back", envvar="GO_BACK", help="Even if a commit that this one does not descend from is deployed.")
    ] = False,
) -> None:
    """Deploy the stack, after the proof that only what this KIND of change may touch will change."""
    deployment.deploy(Engine(stack), kind, refresh=refresh, back=back)


@app.command("radius")
def prove_radius(
    kind: Kind, file: Annotated[typer.FileText, typer.Argument(help="Output of `pulumi preview --json`; - for the standard input.")]
) -> None:
    """Check that a preview changes only what this KIND of change may touch."""
    deployment.prove(plan.changes(json.load(file)), kind)
    print(f"Every change is within the radius of the kind `{kind}`.")


@app.command()
def drift(stack: Stack) -> None:
    """Fail when somebody changed the stack's resources behind Pulumi's back."""
    deployment.drift(Engine(stack))


@app.command()
def verify(
    stack: Stack,
    workstream: Annotated[
        str | None, typer.Option(envvar="VERIFY_WORKSTREAM", help="Which one; without it the first whose run ends in time.")
    ] = None,
    seconds: Annotated[int | None, typer.Option(envvar="CI_JOB_TIMEOUT", help="When the job will be ended.")] = None,
) -> None:
    """Run one workstream in the deployed Airflow and wait for its success."""
    verification.verify(Engine(stack).outputs(), stack, workstream, seconds / 60 if seconds else None)


@app.command()
def destroy(stack: Stack, confirm: Annotated[str, typer.Option(envvar="DESTROY", help='Type "destroy" and the stack.')]) -> None:
    """Delete everything in the stack that Pulumi does not protect."""
    deployment.destroy(Engine(stack), confirm)


Trivy = Annotated[str, typer.Option(envvar="TRIVY_IMAGE", help="The scanner, by digest.")]


@scan.command("sources")
def scan_sources(trivy: Trivy) -> None:
    """Look for known vulnerabilities in the base images and the packages that the images are made of."""
    from ci.scan import Scanner, sources  # noqa: PLC0415 - only its own jobs install Docker's client

    sources(Scanner.here(trivy), Path())


@scan.command("deployed")
def scan_deployed(stack: Stack, trivy: Trivy) -> None:
    """Look for known vulnerabilities in the images that the stack runs, by digest; write sbom-STACK-PROJECT.cdx.json."""
    from ci.scan import Scanner, deployed  # noqa: PLC0415

    deployed(Scanner.here(trivy), Engine(stack).outputs(), stack)


Number = Annotated[int, typer.Option(envvar="CI_MERGE_REQUEST_IID", help="Number of the merge request.")]
Secret = Annotated[str, typer.Option(envvar="MODELS_SECRET", help="Secret in AWS with the Snowflake user of merge requests.")]


@models.command("build")
def build_models(stack: Stack, merge_request: Number, secret: Secret) -> None:
    """Build and test the changed models of every workstream, on top of what the stack's last runs built."""
    from ci.models import build  # noqa: PLC0415 - only its own jobs install dbt

    build(stack, merge_request, secret)


@models.command("drop")
def drop_models(stack: Stack, merge_request: Number, secret: Secret) -> None:
    """Drop all schemas of the merge request."""
    from ci.models import drop  # noqa: PLC0415

    drop(stack, merge_request, secret)

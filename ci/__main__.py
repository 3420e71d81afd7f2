"""The commands of the pipeline's jobs. Each runs by hand too: with AWS credentials, and PULUMI_BACKEND_URL set."""

import json
import os
from pathlib import Path
from typing import Annotated

import boto3
import typer

from ci import deployment, identity, plan, projects, registry, verification
from ci.comment import MergeRequest
from ci.engine import Engine
from ci.errors import explained
from ci.radius import Kind
from ci.recovery import recover

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

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
) -> None:
    """Deploy the stack, after the proof that only what this KIND of change may touch will change."""
    deployment.deploy(Engine(stack), kind, refresh=refresh)


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


@app.command("recover")
def recover_stack(stack: Stack) -> None:
    """Settle what a killed deployment left behind: its lock, and what it had begun. `deploy` does this by itself."""
    recover(Engine(stack), deployment.PROJECT)


@app.command()
def verify(
    stack: Stack,
    workstream: Annotated[
        str | None, typer.Option(envvar="VERIFY_WORKSTREAM", help="Which one; without it the first by name.")
    ] = None,
) -> None:
    """Run one workstream in the deployed Airflow and wait for its success."""
    verification.verify(Engine(stack).outputs(), stack, workstream)


@app.command()
def destroy(stack: Stack, confirm: Annotated[str, typer.Option(envvar="DESTROY", help='Type "destroy" and the stack.')]) -> None:
    """Delete everything in the stack that Pulumi does not protect."""
    deployment.destroy(Engine(stack), confirm)


if __name__ == "__main__":
    with explained():
        app(prog_name="python -m ci")

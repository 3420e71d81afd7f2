"""The demonstration: deploys the stack, gives it credentials, runs every workstream and shows what came of it."""

import json
import re
import subprocess
from typing import Any

import boto3
from botocore.config import Config
from rich.markup import escape
from rich.table import Table

from sandbox import warehouse
from sandbox.demo.stack import Stack
from sandbox.errors import SandboxError
from sandbox.steps import Steps, console

MARTS = {"sales": "SALES.CUSTOMERS", "finance": "FINANCE.MONTHLY_REVENUE"}
"""One mart of each workstream to show: the sandbox's own dbt project is known."""


def put_credentials(steps: Steps, stack: Stack) -> None:
    """Generates a key pair per connection: the private half goes to Secrets Manager, the public half to the user."""
    outputs = stack.outputs()
    with steps.step("Snowflake credentials") as report:
        for name, login in {"warehouse": outputs["warehouse"], **outputs["connections"]}.items():
            said = _tool(stack, "ops", "credentials", "put", name, "--generate")
            statement = re.search(r"ALTER USER .*?;", said, re.DOTALL)
            if statement is None:
                raise SandboxError(
                    f"`ops credentials put --generate` printed no ALTER USER statement:\n{said}", "This is a defect."
                )
            account = {key: login[key] for key in ("user", "role", "database", "warehouse")}
            query(stack, *warehouse.setup_statements(**account), statement.group())
        report("private keys in Secrets Manager, public keys at the warehouse")


def run_workstreams(steps: Steps, stack: Stack) -> dict[str, str]:
    """Runs every workstream through Airflow; returns each run's state."""
    states: dict[str, str] = {}
    for name in stack.outputs()["workstreams"]:
        with steps.step(f"run {name}"):
            # A failed run has exit code 1 and is worth showing like any other.
            run = json.loads(_tool(stack, "ops", "run", name, "--wait", "--json", expected=(0, 1)))
            states[name] = run["state"]
    return states


def show(stack: Stack, states: dict[str, str]) -> None:
    """What a user would look at after a run."""
    outputs = stack.outputs()
    for name, workstream in outputs["workstreams"].items():
        console.rule(f"{name}: Airflow run {states[name]}")
        console.print(escape(_tool(stack, "ops", "logs", name, "--lines", "6").rstrip()), soft_wrap=True)
        table = f"{outputs['warehouse']['database']}.{MARTS[name]}"
        console.print(f"[bold]Rows of {table}[/bold], read through the Snowflake connector")
        console.print(_rows(stack, table))
        console.print(f"[bold]Artifacts[/bold] {workstream['artifactsUri']}")
        for key in artifacts(stack, workstream["artifactsUri"]):
            console.print(f"    {escape(key)}")
    console.rule("What next")
    console.print(f"{'http://' + outputs['airflowUrl']:<44} Airflow's page")
    for command, purpose in (
        (".venv/bin/sandbox exec ops status", "state of the last runs"),
        (".venv/bin/sandbox exec ops open", "all workstreams on one page"),
        (".venv/bin/sandbox exec ops run sales --wait", "run a workstream again"),
        (".venv/bin/sandbox pulumi preview --diff", "what a change of the code would change"),
        (".venv/bin/sandbox pulumi up --yes", "deploy a change"),
        ("make demo-down", "destroy the stack and end everything"),
    ):
        console.print(f"{command:<44} {purpose}", soft_wrap=True)


def artifacts(stack: Stack, uri: str) -> list[str]:
    """Keys below an `s3://` address."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    pages = client(stack, "s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def image_megabytes(stack: Stack) -> float:
    """Size of the newest dbt image as the registry stores it: the sum of its compressed layers, in MB."""
    ecr = client(stack, "ecr")
    repository = stack.outputs()["repositoryUrl"].partition("/")[2]
    newest = max(ecr.describe_images(repositoryName=repository)["imageDetails"], key=lambda image: image["imagePushedAt"])
    found = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": newest["imageDigest"]}])
    manifest = json.loads(found["images"][0]["imageManifest"])
    return sum(layer["size"] for layer in manifest["layers"]) / 10**6


def client(stack: Stack, service: str) -> Any:
    """A boto3 client of this sandbox's AWS account, with an administrator's rights."""
    environment = stack.environment
    return boto3.client(
        service,  # pyright: ignore[reportArgumentType, reportCallIssue]
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(inject_host_prefix=False),
    )


def query(stack: Stack, *statements: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Runs statements at the warehouse as its administrator; returns column names and rows of the last."""
    import snowflake.connector  # noqa: PLC0415 - takes a second: not for a command that asks nothing

    connection = snowflake.connector.connect(
        account=stack.outputs()["warehouse"]["account"],
        host="127.0.0.1",
        port=stack.state.warehouse_port,
        protocol="http",
        user=warehouse.ADMIN,
        password=stack.state.warehouse_password,
    )
    with connection, connection.cursor() as cursor:
        for sql in statements:
            try:
                cursor.execute(sql)
            except snowflake.connector.Error as error:
                log = stack.home.logs / "warehouse.log"
                raise SandboxError(f"The warehouse refused `{sql}`: {error}", f"Its log: {log}") from None
        rows = [row for row in cursor.fetchall() if isinstance(row, tuple)]
        return [column.name for column in cursor.description or []], rows


def _rows(stack: Stack, table: str) -> Table:
    columns, rows = query(stack, f"SELECT * FROM {table} ORDER BY 1 LIMIT 10")  # noqa: S608  (a constant of this module)
    view = Table(*columns)
    for row in rows:
        view.add_row(*(str(value) for value in row))
    return view


def _tool(stack: Stack, *command: str, expected: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        command, env=stack.environment, cwd=stack.repository, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode not in expected or not done.stdout:
        raise SandboxError(
            f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}", "The stack is up: look at it, then `make demo-down`."
        )
    return done.stdout

"""`ops credentials`: the Snowflake credentials, which Pulumi never sees."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import keys
from ops.context import stack_of
from ops.errors import OpsError

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.command()
def put(
    context: typer.Context,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a new RSA key pair; nobody ever sees its private half.")
    ] = False,
    private_key_file: Annotated[
        Path | None, typer.Option(help="PEM file of the private key; `-` or nothing reads it from standard input.")
    ] = None,
) -> None:
    """Put the private key of the warehouse's user into Secrets Manager, and print the SQL that makes Snowflake accept it.

    A key with a passphrase is asked for it. Neither key nor passphrase is ever printed or passed as an argument.
    """
    if generate and private_key_file:
        raise OpsError("--generate makes a key, and --private-key-file gives one.", "Use one of the two.")
    stack = stack_of(context)
    warehouse = stack.output("warehouse")
    pem = keys.generate() if generate else _read_key(private_key_file)
    passphrase = typer.prompt("Passphrase of the private key", hide_input=True, err=True) if keys.is_encrypted(pem) else ""
    key = keys.load(pem, passphrase)
    secret = {"account": warehouse["account"], "user": warehouse["user"], "private_key": pem, "private_key_passphrase": passphrase}
    _store(stack.session.client("secretsmanager"), stack.output("secretArn"), secret)
    typer.echo("The private key is in Secrets Manager. Run this statement in Snowflake as an administrator of users:", err=True)
    typer.echo(keys.alter_user(warehouse["user"], key))


def _read_key(path: Path | None) -> str:
    if path is not None and str(path) != "-":
        try:
            return path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise OpsError(f"The private key can't be read from {path}: {error}.", "Check --private-key-file.") from error
    if sys.stdin.isatty():
        typer.echo("Paste the private key (PEM), then press Ctrl-D:", err=True)
    return sys.stdin.read()


def _store(client: Any, arn: str, secret: dict[str, str]) -> None:
    try:
        client.put_secret_value(SecretId=arn, SecretString=json.dumps(secret))
    except client.exceptions.ResourceNotFoundException as error:
        raise OpsError("The secret is not there any more.", "Make it again with `pulumi up`.") from error

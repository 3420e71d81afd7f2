"""`ops credentials`: the Snowflake credentials, which Pulumi never sees."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from runner.causes import version_id

from ops import identity, keys
from ops.context import examples, stack_of
from ops.errors import OpsError
from ops.explained import Whole
from ops.stack import Connection, Stack
from settings.sections.warehouse import SECRET_FIELDS

app = typer.Typer(cls=Whole, no_args_is_help=True, help="The Snowflake credentials, which Pulumi never sees.")


@app.command(
    epilog=examples("credentials put --generate", "credentials put < key.p8", "credentials put --private-key-file key.p8 --slot 2")
)
def put(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="CONNECTION", help="Name; without it the stack's only one.")] = None,
    *,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a new RSA key pair; nobody ever sees its private half.")
    ] = False,
    private_key_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM file of the private key; `-` or nothing reads it from standard input.")
    ] = None,
    slot: Annotated[
        int, typer.Option(metavar="1|2", min=1, max=2, help="Which of the user's two public keys the statement sets.")
    ] = 1,
    expires: Annotated[
        datetime | None,
        typer.Option(
            metavar="DATE", formats=["%Y-%m-%d"], help="Last day on which they are good: `ops doctor` and an alert remind of it."
        ),
    ] = None,
) -> None:
    """Put the credentials of a connection's user into Secrets Manager, and print the SQL that makes Snowflake accept a key.

    A password, or the passphrase of a key, is asked for. No secret is ever printed or passed as an argument.
    """
    if generate and private_key_file:
        raise OpsError("--generate makes a key, and --private-key-file gives one.", "Use one of the two.")
    if expires and expires.date() < datetime.now(UTC).date():
        raise OpsError(f"{expires.date()} is over.", "Give a day that is still to come: --expires YYYY-MM-DD")
    stack = stack_of(context)
    connection = stack.connection(name)
    match connection.authentication:
        case "workloadIdentity":
            raise OpsError(
                "These tasks log in to Snowflake with their AWS roles: there is no secret to put.",
                "Run these statements in Snowflake as an administrator of users:\n" + identity.register(connection),
            )
        case "password":
            if generate or private_key_file:
                fix = "Leave the option out, or set the connection's `authentication` to keyPair and deploy."
                raise OpsError(f"{connection.user} logs in to Snowflake with a password, not with a key.", fix)
            _put_password(stack, connection, expires)
        case _:
            _put_key(stack, connection, _read_key(private_key_file) if not generate else keys.generate(), slot, expires)


def _put_password(stack: Stack, connection: Connection, expires: datetime | None) -> None:
    password = _ask(f"Password of {connection.user}")
    if not password:
        raise OpsError("The password is empty.", "Type it, or pass it on standard input.")
    _store(stack, connection, {"SNOWFLAKE_PASSWORD": password}, expires)
    typer.echo("The password is in Secrets Manager; the next run uses it.", err=True)


def _put_key(stack: Stack, connection: Connection, pem: str, slot: int, expires: datetime | None) -> None:
    passphrase = typer.prompt("Passphrase of the private key", hide_input=True, err=True) if keys.is_encrypted(pem) else ""
    key = keys.load(pem, passphrase)
    _store(stack, connection, {"SNOWFLAKE_PRIVATE_KEY": pem, "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": passphrase}, expires)
    typer.echo("The private key is in Secrets Manager. Run this statement in Snowflake as an administrator of users:", err=True)
    typer.echo(keys.alter_user(connection.user, key, slot))


def _read_key(path: Path | None) -> str:
    if path is not None and str(path) != "-":
        try:
            return path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise OpsError(f"The private key can't be read from {path}: {error}.", "Check --private-key-file.") from error
    if sys.stdin.isatty():
        typer.echo("Paste the private key (PEM), then press Ctrl-D:", err=True)
    return sys.stdin.read()


def _ask(what: str) -> str:
    """A secret, unseen from a terminal, or the first line of standard input."""
    return typer.prompt(what, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _store(stack: Stack, connection: Connection, given: dict[str, str], expires: datetime | None) -> None:
    """Stores what the container's variables hold, each under its field, beside whose it is."""
    fields = SECRET_FIELDS[connection.authentication]
    secret = {"account": connection.account, "user": connection.user}
    secret |= {fields[variable]: value for variable, value in given.items()}
    client = stack.session.client("secretsmanager")
    try:
        version = version_id(expires.date() if expires else None)
        client.put_secret_value(SecretId=connection.secret_arn, SecretString=json.dumps(secret), ClientRequestToken=version)
    except client.exceptions.ResourceNotFoundException as error:
        raise OpsError("The secret is not there any more.", "Make it again with `pulumi up`.") from error

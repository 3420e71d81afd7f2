"""Restores: a log-in is verified, by key pair or password (documentation: "Key-pair authentication and key-pair rotation").

snowduck lets everybody in.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import gzip
import json
import secrets
from collections.abc import Mapping

import jwt
from snowduck.server.connector_api import handlers
from snowduck.server.shared import session_manager, shared_connector
from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.warehouse.access import Access, User, fingerprint, password_matches
from sandbox.warehouse.patches.base import expect_version
from sandbox.warehouse.patches.session import Session

_ALLOWED_LIFETIME = 3600
"""Seconds that Snowflake accepts a token at most, whatever its expiry says."""


class LoginError(Exception):
    """A refused log-in: Snowflake's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def apply(access: Access) -> None:
    """Verify before snowduck's session is made."""
    expect_version()

    async def login_request(request: Request) -> JSONResponse:
        body = await request.body()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        data = json.loads(body)["data"]
        try:
            session = _session(access, data, request.query_params)
        except LoginError as refusal:
            return JSONResponse({"data": None, "code": refusal.code, "message": refusal.message, "success": False})
        token = secrets.token_urlsafe(32)
        session_manager.create_session(token, session)
        return JSONResponse({"data": _answer(session, token), "code": None, "message": None, "success": True})

    handlers.login_request = login_request


def _session(access: Access, data: dict, query: Mapping[str, str]) -> Session:
    user = _verified(access, data)
    database = query.get("databaseName", "").upper() or None
    role = _role(access, user, query.get("roleName", "").upper())
    # Snowflake lets in a session whose role may not use the database or the warehouse; its statements fail.
    usable = database and access.has_database(database) and access.allows(role, "USAGE", "DATABASE", database)
    schema = query.get("schemaName", "").upper()
    session = Session(
        shared_connector._duck_conn,
        shared_connector._info_schema_manager,
        user.name,
        database=database if usable else None,
        schema=schema if usable and database and access.has_schema(database, schema) else None,
        role=role,
    )
    warehouse = query.get("warehouse", "").upper()
    session.use_warehouse(warehouse if access.allows(role, "USAGE", "WAREHOUSE", warehouse) else None)
    for name, value in data.get("SESSION_PARAMETERS", {}).items():
        session.set_session_parameter(name, str(value))
    return session


def _verified(access: Access, data: dict) -> User:
    authenticator = data.get("AUTHENTICATOR", "SNOWFLAKE").upper()
    if authenticator == "SNOWFLAKE_JWT":
        return _by_key(access, data)
    if authenticator in ("SNOWFLAKE", "USERNAME_PASSWORD_MFA"):
        return _by_password(access, data)
    raise LoginError("390100", f"The sandbox's warehouse does not know the authenticator {authenticator}.")


def _by_password(access: Access, data: dict) -> User:
    user = access.user(data.get("LOGIN_NAME", "").upper())
    if user is None or not password_matches(data.get("PASSWORD") or "", user.password):
        raise LoginError("390100", "Incorrect username or password was specified.")
    return user


def _by_key(access: Access, data: dict) -> User:
    invalid = LoginError("390144", "JWT token is invalid.")
    user = access.user(data.get("LOGIN_NAME", "").upper())
    if user is None:
        raise invalid
    for key in user.public_keys:
        try:
            claims = jwt.decode(data.get("TOKEN", ""), key, algorithms=["RS256"], options={"require": ["exp", "iat", "iss", "sub"]})
        except jwt.InvalidTokenError:
            continue
        subject = f"{data.get('ACCOUNT_NAME', '').upper()}.{user.name}"
        young = claims["exp"] - claims["iat"] <= _ALLOWED_LIFETIME
        if young and claims["sub"] == subject and claims["iss"] == f"{subject}.{fingerprint(key)}":
            return user
    raise invalid


def _role(access: Access, user: User, asked: str) -> str:
    role = asked or user.default_role or "PUBLIC"
    if not access.has_role(role) or not access.is_member(user.name, role):
        raise LoginError(
            "390189",
            f"Role '{role}' specified in the connect string does not exist or not authorized. "
            "Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.",
        )
    return role


def _answer(session: Session, token: str) -> dict:
    return {
        "token": token,
        "masterToken": token,
        "sessionId": session.id,
        "parameters": [{"name": "AUTOCOMMIT", "value": True}],
        "sessionInfo": {
            "databaseName": session.database,
            "schemaName": session.schema,
            "warehouseName": session.warehouse,
            "roleName": session.role,
        },
    }

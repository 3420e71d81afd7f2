"""Restores: users, roles and grants, and the refusal of what was not granted (documentation: "Access control privileges").

snowduck knows neither. Modelled: USAGE and CREATE SCHEMA on databases, USAGE on warehouses; what a schema holds belongs
to the role that made it. Other grants are accepted without effect.
"""

import re

from snowflake.connector.errors import ProgrammingError

from sandbox.warehouse.access import Access, public_key
from sandbox.warehouse.patches.base import DONE, bare, expect_version
from sandbox.warehouse.patches.session import Session
from sandbox.warehouse.patches.statements import rewrite


def _pattern(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.IGNORECASE)


_NAME = r'"?([\w$]+)"?'
_CREATE = _pattern(rf"create (?:or replace )?(role|user|warehouse) (if not exists )?{_NAME}(.*)")
_ALTER_USER = _pattern(rf"alter user {_NAME} (set|unset) (.*)")
_PROPERTY = _pattern(r"(rsa_public_key(?:_2)?|password|default_role)\b(?: ?= ?(?:'([^']*)'|([\w$]+)))?")
_ROLE_TO_USER = _pattern(rf"(grant|revoke) role {_NAME} (?:to|from) user {_NAME}")
_PRIVILEGE = _pattern(rf"(grant|revoke) (.+) on (database|warehouse) {_NAME} (?:to|from) role {_NAME}")
_CREATE_SCHEMA = _pattern(rf"create (?:or replace )?(?:transient )?schema (?:if not exists )?(?:{_NAME}\.)?{_NAME}")
_CREATE_DATABASE = _pattern(r"create (?:or replace )?(?:transient )?database (?:if not exists )?(\w+)")
_WITHOUT_EFFECT = _pattern(r"(grant|revoke|use secondary roles|create (or replace )?role)\b")
_COMPUTES = _pattern(r"(select|with|insert|merge|update|delete|create (or replace )?((transient|temporary) )?table)\b")
_NO_WAREHOUSE = "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command."

_COLUMNS = {"RSA_PUBLIC_KEY": "key_1", "RSA_PUBLIC_KEY_2": "key_2", "PASSWORD": "password", "DEFAULT_ROLE": "default_role"}


def apply(access: Access) -> None:
    """Answer statements about access ourselves, and check the others."""
    expect_version()
    rules = Privileges(access)
    rewrite(rules.rewrite)


class Privileges:
    """Carries out and enforces access control."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def rewrite(self, session: Session, sql: str) -> str:
        """The statement, or a plain success when it was about access; raises what Snowflake would."""
        statement = bare(sql)
        for pattern, carry_out in (
            (_CREATE, self._create),
            (_ALTER_USER, self._alter_user),
            (_ROLE_TO_USER, self._role_to_user),
            (_PRIVILEGE, self._privilege),
        ):
            if match := pattern.fullmatch(statement):
                carry_out(session, match)
                return DONE
        if _WITHOUT_EFFECT.match(statement):
            return DONE
        self._check(session, statement)
        return sql

    def _create(self, session: Session, match: re.Match[str]) -> None:
        kind, name = match[1].lower(), match[3].upper()
        if kind == "warehouse":
            self._access.add("privileges", session.role or "", "OWNERSHIP", "WAREHOUSE", name)
            return
        if not self._access.add(f"{kind}s", name) and not match[2]:
            raise ProgrammingError(f"Object '{name}' already exists.", errno=2002, sqlstate="42710")
        if kind == "user":
            self._set_properties(name, match[4])

    def _alter_user(self, session: Session, match: re.Match[str]) -> None:
        name = match[1].upper()
        if self._access.user(name) is None:
            raise _unknown(f"User '{name}'")
        if name != session.user and session.role != "ACCOUNTADMIN":
            raise _denied(f"user '{name}'")
        self._set_properties(name, match[3])

    def _set_properties(self, user: str, text: str) -> None:
        for name, quoted, plain in _PROPERTY.findall(text):
            value = quoted or plain.upper() or None
            if value and name.upper().startswith("RSA"):
                try:
                    public_key(value)
                except ValueError:
                    message = "New public key rejected by current policy. Reason: 'Invalid public key'."
                    raise ProgrammingError(message, errno=390210, sqlstate="22000") from None
            self._access.set_user(user, _COLUMNS[name.upper()], value)

    def _role_to_user(self, _: Session, match: re.Match[str]) -> None:
        role, user = match[2].upper(), match[3].upper()
        if not self._access.has_role(role) or self._access.user(user) is None:
            raise ProgrammingError(
                f"Role '{role}' or user '{user}' does not exist or not authorized.", errno=2003, sqlstate="02000"
            )
        if match[1].lower() == "grant":
            self._access.add("memberships", role, user)
        else:
            self._access.remove("memberships", role=role, user_name=user)

    def _privilege(self, _: Session, match: re.Match[str]) -> None:
        kind, name, role = match[3].upper(), match[4].upper(), match[5].upper()
        if not self._access.has_role(role):
            raise _unknown(f"Role '{role}'")
        for privilege in (part.strip().upper().removesuffix(" PRIVILEGES") for part in match[2].split(",")):
            if match[1].lower() == "grant":
                self._access.add("privileges", role, privilege, kind, name)
            else:
                self._access.remove("privileges", role=role, privilege=privilege, kind=kind, object=name)

    def _check(self, session: Session, statement: str) -> None:
        role = session.role
        if match := _CREATE_DATABASE.match(statement):
            self._access.add("privileges", role or "", "OWNERSHIP", "DATABASE", match[1].upper())
            return
        if match := _CREATE_SCHEMA.match(statement):
            database = (match[1] or session.database or "").upper()
            if not self._access.allows(role, "CREATE SCHEMA", "DATABASE", database):
                raise _denied(f"database '{database}'")
        if session.database and not self._access.allows(role, "USAGE", "DATABASE", session.database):
            raise _unknown(f"Database '{session.database}'")
        if _needs_warehouse(statement) and not self._access.allows(role, "USAGE", "WAREHOUSE", session.warehouse or ""):
            raise ProgrammingError(_NO_WAREHOUSE, errno=606, sqlstate="57P03")


def _needs_warehouse(statement: str) -> bool:
    computes = not statement.lower().startswith("select") or " from " in statement.lower()
    return bool(_COMPUTES.match(statement)) and computes


def _unknown(what: str) -> ProgrammingError:
    return ProgrammingError(f"{what} does not exist or not authorized.", errno=2003, sqlstate="02000")


def _denied(what: str) -> ProgrammingError:
    message = f"SQL access control error:\nInsufficient privileges to operate on {what}."
    return ProgrammingError(message, errno=3001, sqlstate="42501")

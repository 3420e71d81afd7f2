"""Users, roles and privileges, kept beside the data.

Snowflake's model (documentation: "Overview of Access Control"), as far as dbt meets it: users have roles, roles have
privileges on databases and warehouses, ACCOUNTADMIN may everything.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from snowduck.info_schema.manager import InfoSchemaManager

ADMIN_ROLE = "ACCOUNTADMIN"

_TABLES = """
create schema if not exists {schema};
create table if not exists {schema}.users (name varchar primary key, password varchar,
    key_1 varchar, key_2 varchar, default_role varchar);
create table if not exists {schema}.roles (name varchar primary key);
create table if not exists {schema}.memberships (role varchar, user_name varchar, primary key (role, user_name));
create table if not exists {schema}.privileges (role varchar, privilege varchar, kind varchar, object varchar,
    primary key (role, privilege, kind, object));
"""


@dataclass(frozen=True, kw_only=True)
class User:
    """A user as the log-in needs it."""

    name: str
    password: str | None
    public_keys: list[RSAPublicKey]
    """Snowflake has two slots, so that a key can be rotated without an outage."""
    default_role: str | None


class Access:
    """Who may log in, with which role, and what the role may do. Names are upper case.

    It has a connection and a lock of its own: log-ins ask it while statements run in other threads.
    """

    def __init__(self, manager: InfoSchemaManager, admin_password: str) -> None:
        self._connection = manager._duck_conn.cursor()
        self._lock = threading.Lock()
        self._schema = f"{manager.account_catalog_name}._access"
        self._connection.execute(_TABLES.format(schema=self._schema))
        for role in (ADMIN_ROLE, "SYSADMIN", "PUBLIC"):
            self.add("roles", role)
        self.add("users", "ADMIN")
        self.set_user("ADMIN", "password", _hashed(admin_password, secrets.token_hex(8)))
        self.set_user("ADMIN", "default_role", ADMIN_ROLE)
        self.add("memberships", ADMIN_ROLE, "ADMIN")

    def add(self, table: str, *row: str) -> bool:
        """Whether the row is new."""
        columns = {"users": "(name)"}.get(table, "")
        values = ", ".join("?" for _ in row)
        sql = f"insert or ignore into {self._schema}.{table} {columns} values ({values})"  # noqa: S608 - our own names
        return self._execute(sql, *row) == [(1,)]

    def remove(self, table: str, **row: str) -> bool:
        """Whether there was such a row."""
        condition = " and ".join(f"{column} = ?" for column in row)
        sql = f"delete from {self._schema}.{table} where {condition}"  # noqa: S608 - our own names
        return self._execute(sql, *row.values()) != [(0,)]

    def set_user(self, name: str, column: str, value: str | None) -> None:
        """Change one property of a user; a password is stored as a salted hash."""
        if column == "password" and value and not value.startswith("pbkdf2$"):
            value = _hashed(value, secrets.token_hex(8))
        sql = f"update {self._schema}.users set {column} = ? where name = ?"  # noqa: S608 - our own names
        self._execute(sql, value, name)

    def user(self, name: str) -> User | None:
        """The user, or None."""
        rows = self._select("select name, password, key_1, key_2, default_role from {}.users where name = ?", name)
        if not rows:
            return None
        name, password, *keys, default_role = rows[0]
        public_keys = [public_key(key) for key in keys if key]
        return User(name=name, password=password, public_keys=public_keys, default_role=default_role)

    def has_role(self, role: str) -> bool:
        return bool(self._select("select 1 from {}.roles where name = ?", role))

    def is_member(self, user: str, role: str) -> bool:
        """Whether the user may use the role; everybody may use PUBLIC."""
        return role == "PUBLIC" or bool(self._select("select 1 from {}.memberships where user_name = ? and role = ?", user, role))

    def allows(self, role: str | None, privilege: str, kind: str, name: str) -> bool:
        """Whether the role has the privilege, itself or by ownership."""
        sql = "select 1 from {}.privileges where role = ? and privilege in (?, 'ALL', 'OWNERSHIP') and kind = ? and object = ?"
        return role == ADMIN_ROLE or bool(self._select(sql, role or "", privilege, kind, name))

    def has_database(self, name: str) -> bool:
        return bool(self._execute("select 1 from duckdb_databases() where upper(database_name) = ?", name))

    def has_schema(self, database: str, name: str) -> bool:
        sql = "select 1 from duckdb_schemas() where upper(database_name) = ? and upper(schema_name) = ?"
        return bool(self._execute(sql, database, name))

    def _select(self, sql: str, *values: str) -> list[tuple]:
        return self._execute(sql.format(self._schema), *values)

    def _execute(self, sql: str, *values: str | None) -> list[tuple]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()


def public_key(text: str) -> RSAPublicKey:
    """The key as `ALTER USER ... SET RSA_PUBLIC_KEY` takes it: base64, with or without PEM's first and last line."""
    body = "".join(line for line in text.splitlines() if not line.startswith("-----"))
    key = load_der_public_key(base64.b64decode(body))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA public key")  # noqa: TRY004 - the text is wrong, not its type
    return key


def fingerprint(key: RSAPublicKey) -> str:
    """What Snowflake calls RSA_PUBLIC_KEY_FP."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def password_matches(password: str, stored: str | None) -> bool:
    """Whether the password is the one whose hash was stored."""
    if not stored:
        return False
    return secrets.compare_digest(_hashed(password, stored.split("$")[1]), stored)


def _hashed(password: str, salt: str) -> str:
    return f"pbkdf2${salt}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), 10_000).hex()}"

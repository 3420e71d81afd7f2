"""Restores: CREATE TABLE name (columns) AS SELECT (documentation: "CREATE TABLE").

It is what dbt writes for a model with an enforced contract. DuckDB knows no column list there, so the columns become
casts in the query.
"""
# pyright: reportMissingImports=false
# (what it imports is in the warehouse's own virtual environment)

import re

import sqlglot
from sqlglot import exp

from sandbox.warehouse.patches.base import bare, expect_version
from sandbox.warehouse.patches.session import Session
from sandbox.warehouse.patches.statements import rewrite

_TYPED_CTAS = re.compile(
    r"create (or replace )?(transient |temporary )?table \S+ ?\(.*\) ?(comment ?=.*? )?as ?\(?\s*(select|with)",
    re.IGNORECASE,
)


def _cast_columns(_: Session, sql: str) -> str:
    if not _TYPED_CTAS.match(bare(sql)):
        return sql
    create = sqlglot.parse_one(sql, read="snowflake")
    if not (isinstance(create, exp.Create) and isinstance(create.this, exp.Schema) and create.expression):
        return sql
    columns = [column for column in create.this.expressions if isinstance(column, exp.ColumnDef)]
    query = exp.select(*map(_projection, columns)).from_(create.expression.unnest().subquery("typed"))
    create.set("this", create.this.this)
    create.set("expression", query)
    return create.sql(dialect="snowflake")


def _projection(column: exp.ColumnDef) -> exp.Expr:
    quoted = column.this.quoted
    value = exp.column(column.name, quoted=quoted)
    if column.kind:
        value = exp.cast(value, column.kind)
    return exp.alias_(value, column.name, quoted=quoted)


def apply() -> None:
    """Rewrite such statements before snowduck sees them."""
    expect_version()
    rewrite(_cast_columns)

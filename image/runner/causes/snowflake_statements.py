"""Rights, warehouses, locks and faults: why Snowflake does not run a statement that is right in itself."""

from .model import Cause
from .snowflake_advice import AGAIN

RIGHTS = (
    Cause(
        id="schema-denied",
        happened="Role {role} may not create the schema {schema} in database {database}",
        why="The schema is not there, and to make it the role needs a privilege on the database.",
        todo="In Snowflake: GRANT CREATE SCHEMA ON DATABASE {database} TO ROLE {role}; or let an administrator make the schema.",
        passes=False,
        source="CREATE SCHEMA; code 003001",
        signs=(r"may not create the schema", r"insufficient privileges.{0,60}on database '(?P<database>[^']+)'"),
    ),
    Cause(
        id="privilege-missing",
        happened="Role {role} lacks a privilege in Snowflake",
        why="The message names the object that the role may not work on.",
        todo="GRANT it to role {role} in Snowflake: docs/snowflake.md lists what a run needs. What another role made before "
        "belongs to "
        "that role: GRANT OWNERSHIP ON ... TO ROLE {role} COPY CURRENT GRANTS.",
        passes=False,
        source="Access control privileges; codes 003001, 003011, 003041",
        codes=frozenset({3001, 3003, 3011, 3027, 3041, 3131, 3540, 3559}),
        signs=(
            r"insufficient privileges",
            r"access control error",
            r"\b003\d{3} \(42501\)",
            r"is not authorized\b",
            r"(shared|secondary|read-only) database",
            r"(masking|row access|aggregation|projection|join) policy",
        ),
    ),
    Cause(
        id="resource-monitor",
        happened="A resource monitor of Snowflake's has used up its quota",
        why="The monitor suspends its warehouses until its next period begins, or somebody raises its quota.",
        todo="Raise the quota of the resource monitor (ALTER RESOURCE MONITOR ... SET CREDIT_QUOTA = ...), or wait for its "
        "next period.",
        passes=False,
        source="Working with resource monitors; code 090073",
        codes=frozenset({90073, 90074, 90075}),
        signs=(r"resource monitor", r"exceeded its quota"),
    ),
    Cause(
        id="model-warehouse",
        happened="The warehouse of the model can't be used",
        why="The model names a `snowflake_warehouse` that does not exist or that role {role} may not use, so the session has none.",
        todo="In Snowflake: GRANT USAGE ON WAREHOUSE ... TO ROLE {role}; or correct the warehouse of the model "
        "(`snowflake_warehouse`).",
        passes=False,
        source="USE WAREHOUSE; dbt-labs/dbt-snowflake#300; code 000606",
        codes=frozenset({606}),
        signs=(r"no active warehouse", r"not bound to the current warehouse"),
    ),
)

PASSING = (
    Cause(
        id="statement-timeout",
        happened="A statement took longer than Snowflake allows",
        why="STATEMENT_TIMEOUT_IN_SECONDS of the warehouse, user or account, or the time that a statement may wait, was over.",
        todo=f"{AGAIN} If it stays: make the model faster, take a larger warehouse, or raise STATEMENT_TIMEOUT_IN_SECONDS "
        f"(for waiting: "
        "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS).",
        passes=True,
        source="STATEMENT_TIMEOUT_IN_SECONDS; codes 000630, 000631",
        codes=frozenset({630, 631, 629}),
        signs=(r"statement (or warehouse )?timeout", r"reached its .{0,40}timeout", r"statement.{0,40}queued.{0,60}timeout"),
    ),
    Cause(
        id="locked-out",
        happened="Another statement held the table's lock",
        why="Snowflake lets one statement at a time change a table, and at most 20 wait; another run or a person writes the "
        "same table.",
        todo=f"{AGAIN} If it stays, find who else writes this table (SHOW LOCKS IN ACCOUNT), lower `threads` for "
        f"microbatches, or let "
        "the two not run at once.",
        passes=True,
        source="Transactions, 'Resource locking'; code 000625",
        codes=frozenset({625, 626, 635}),
        signs=(
            r"waiters? for this lock",
            r"lock.{0,60}(timeout|timed out|wait)",
            r"deadlock",
            r"has locked table",
            r"\b\d{6} \(40\w{3}\)",
            r"conflict(s|ing|ed)? with (another|a concurrent)|concurrent (update|transaction|modification)",
        ),
    ),
    Cause(
        id="statement-cancelled",
        happened="A statement was cancelled in Snowflake",
        why="Somebody, or a program, cancelled the query, aborted its session or suspended its warehouse.",
        todo=f"{AGAIN} If it stays, the query history says who cancelled it.",
        passes=True,
        source="SYSTEM$CANCEL_QUERY; code 000604",
        codes=frozenset({604, 607}),
        signs=(
            r"(execution|query|statement).{0,30}(cancell?ed|aborted)",
            r"transaction.{0,40}(aborted|rolled back)",
            r"\b\d{6} \(57\w{3}\)",
        ),
    ),
    Cause(
        id="warehouse-busy",
        happened="The warehouse takes no more statements, or could not start",
        why="Too many statements wait for it, or Snowflake has no servers for it at the moment.",
        todo=f"{AGAIN} If it stays, lower `threads`, spread the schedules, or give the warehouse more clusters.",
        passes=True,
        source="Overview of warehouses; codes 000608, 000619",
        codes=frozenset({608, 609, 619, 90064, 90109}),
        signs=(
            r"warehouse.{0,60}(cannot be resumed|can't be resumed|is being (resumed|suspended)|suspended)",
            r"(maximum|max|limit).{0,60}(concurren|queued|statements)",
            r"too many (queries|statements|concurrent)",
            r"\b\d{6} \(53\w{3}\)",
        ),
    ),
    Cause(
        id="snowflake-fault",
        happened="A fault of Snowflake",
        why="Snowflake itself failed at the statement; its message names an incident.",
        todo=f"{AGAIN} If it stays, give Snowflake Support the incident or the query id.",
        passes=True,
        source="Snowflake community, 'SQL execution internal error'; codes 000603, 300002, 300010, 370001",
        codes=frozenset({603, 300002, 300005, 300010, 370001, 390000, 390900}),
        signs=(
            r"(execution|compilation|snowflake|server) internal error|internal error.{0,40}(incident|\d{6}:\d+)",
            r"\b\d{6} \((XX|58)\w{3}\)",
            r"processing aborted due to error",
            r"\bincident \d",
            r"service (is )?(temporarily )?unavailable",
            r"result for query.{0,60}(expired|not found)",
            r"(storage|stage).{0,160}status code: 5\d\d",
        ),
    ),
)

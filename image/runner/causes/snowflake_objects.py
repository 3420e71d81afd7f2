"""What a statement works on is not there, or not as it expects."""

from .model import Cause
from .snowflake_advice import AGAIN, COMPILED

OBJECTS = (
    Cause(
        id="column-gone",
        happened="A column is not there",
        why="The statement names a column that the table it reads does not have, or not any more.",
        todo="Correct the name of the column in the model, or find out what changed the source. " + COMPILED,
        passes=False,
        source="SQL compilation errors; code 000904",
        codes=frozenset({904}),
        signs=(r"invalid identifier",),
    ),
    Cause(
        id="object-missing",
        happened="A table, view or schema is not there, or role {role} may not read it",
        why="Snowflake tells nobody the difference between what does not exist and what a role may not see.",
        todo="Check that it exists under that name (sources: database, schema and identifier in their yml), and grant it: "
        "GRANT SELECT "
        "ON ... TO ROLE {role}, with GRANT USAGE on its database and schema (docs/snowflake.md).",
        passes=False,
        source="SQL compilation errors; codes 002003, 002043",
        codes=frozenset({2003, 2043, 1757}),
        signs=(
            r"does not exist or (is )?not authorized",
            r"\b(object|table|view|schema|database|stage|sequence) ['\"\w.]+ does not exist",
            r"object does not exist",
        ),
    ),
    Cause(
        id="object-exists",
        happened="What the statement makes is there already",
        why="Something of that name was made by another tool, by another run at the same time, or by one that was ended.",
        todo="If the name ends in `__dbt_tmp`, another run makes the same model: run it again when that one has ended. Otherwise "
        "drop what is there, or give the model another `alias`.",
        passes=False,
        source="SQL compilation errors; code 002002",
        codes=frozenset({2002}),
        signs=(r"\b(object|table|view|schema|stage|function) ['\"\w.*]+ already exists",),
    ),
    Cause(
        id="function-missing",
        happened="A function is unknown to Snowflake, or does not take these arguments",
        why="The statement calls a function that is not there, that the role may not use, or with values of another type.",
        todo="Correct the call in the model, or GRANT USAGE ON FUNCTION to role {role}. " + COMPILED,
        passes=False,
        source="SQL compilation errors; codes 002140, 002141, 001044",
        codes=frozenset({2139, 2140, 2141, 1044, 938, 939}),
        signs=(
            r"unknown (user-defined )?(table )?function",
            r"invalid argument types",
            r"(too many|not enough) arguments for function",
            r"does not support .{0,40}argument type",
        ),
    ),
    Cause(
        id="python-model",
        happened="The Python of a model or function failed",
        why="Snowflake runs it in a procedure of its own; the last line of the traceback names the error.",
        todo="Correct the Python that the traceback names; a package that is missing goes into the model's `packages`, and "
        "must be in "
        "Snowflake's Anaconda channel. If it lacks memory: a larger warehouse, or one for Snowpark (`snowflake_warehouse`).",
        passes=False,
        source="Python models (docs.getdbt.com); code 100357",
        codes=frozenset({100357, 100396, 1300, 1304}),
        signs=(
            r"python interpreter error",
            r"available memory exhausted",
            r"traceback \(most recent call last\)",
            r"snowpark",
            r"packages? not (found|supported)",
            r"python (function|procedure).{0,40}packages",
        ),
    ),
    Cause(
        id="procedure",
        happened="A function or procedure of Snowflake's that the statement calls failed",
        why="Its JavaScript, Java, Scala or SQL raised an error; the message names the place in it.",
        todo="Correct the function or procedure that the message names, or what the model hands it. " + COMPILED,
        passes=False,
        source="JavaScript UDFs; Snowflake Scripting, 'Handling exceptions'; codes 100131 to 100133, 100183",
        codes=frozenset({100131, 100132, 100133, 100183}),
        signs=(
            r"(javascript|java|scala) (execution|compilation) error",
            r"execution error in stored? procedure",
            r"uncaught exception of type",
        ),
    ),
    Cause(
        id="columns-differ",
        happened="The columns of a table and those of the statement differ",
        why="A table that was made before has other columns, or other types, than the model selects now.",
        todo="Build it from scratch: `ops run {workstream} --full-refresh --select <model>`; or set `on_schema_change` of the "
        "model.",
        passes=False,
        source="Incremental models, 'on_schema_change' (docs.getdbt.com); codes 002020, 002023, 002108",
        codes=frozenset({2020, 2023, 2057, 2108, 1058}),
        signs=(
            r"out of sync",
            r"value list does not match column list",
            r"expression type does not match",
            r"(declared|expected) \d+ columns?",
            r"(declared|produces) \d+ column",
            r"cannot change column",
            r"number of columns.{0,60}(differ|match|mismatch)",
        ),
    ),
    Cause(
        id="time-travel",
        happened="The table's history does not reach as far back as the statement asks",
        why="Time travel, streams and change tracking keep the past for a time only, and none from before a table was made anew.",
        todo="Ask for a later point in time, raise DATA_RETENTION_TIME_IN_DAYS of the table, or make the stream or the change "
        "tracking anew. Time travel ends where `create or replace`, as dbt does it, made the table.",
        passes=False,
        source="Understanding & using Time Travel; code 000707",
        codes=frozenset({707}),
        signs=(
            r"time travel (data|period)",
            r"change tracking.{0,80}(not enabled|missing|not available)",
            r"stream.{0,60}\bstale\b",
        ),
    ),
    Cause(
        id="stage",
        happened="The files of a stage can't be read",
        why="The stage, its storage integration or a file in it is not as the statement expects.",
        todo="Check the stage that the message names: LIST @<stage>, its URL, and the storage integration's rights on the bucket; "
        "role {role} needs USAGE (external) or READ (internal) on it.",
        passes=False,
        source="Overview of data loading, stages; codes 091003, 091016",
        codes=frozenset({91002, 91016}),
        signs=(
            r"stage area",
            r"(remote|staged) file.{0,160}(not found|denied|does not exist|failed)",
            r"(fail|error).{0,60}(remote file|external stage)",
            r"storage integration|allowed by integration",
        ),
    ),
    Cause(
        id="external-busy",
        happened="A service that Snowflake calls for the statement did not answer",
        why="An external function, a remote service or a model of Cortex was too busy, or not there.",
        todo=f"{AGAIN} If it stays, look at that service, or at the limits of Cortex in the account.",
        passes=True,
        source="External functions, 'Troubleshooting'",
        signs=(r"(external function|remote service|cortex).{0,300}(\b5\d\d\b|\b429\b|timed? ?out|throttl|too many|overload)",),
    ),
    Cause(
        id="external-function",
        happened="An external function, or a function of Cortex, refuses the call",
        why="Snowflake calls a service for it, and that one answered that the request is wrong.",
        todo="Correct the call of the external function in the model, by what the service says in the message. " + COMPILED,
        passes=False,
        source="External functions, 'Troubleshooting'; code 100351",
        signs=(r"external function", r"remote service error", r"\bcortex\b.{0,80}(fail|error|unknown|unavailable)"),
    ),
    Cause(
        id="dynamic-table-new",
        happened="A dynamic table has no rows yet",
        why="It is queried before its first refresh has ended.",
        todo=f"{AGAIN} If it stays, look at the refreshes of the dynamic table in Snowsight, or refresh it: ALTER DYNAMIC TABLE "
        "... REFRESH.",
        passes=True,
        source="Dynamic tables, 'Troubleshooting'",
        signs=(r"dynamic table.{0,80}(not initialized|initiali[sz]ation|not been refreshed)",),
    ),
    Cause(
        id="relation-type",
        happened="What is there under the model's name is of another kind",
        why="It is a view where a table shall be, or the like, and Snowflake replaces only the same kind.",
        todo="Build it from scratch: `ops run {workstream} --full-refresh --select <model>`; or drop the old one in Snowflake, or "
        "give the model another `alias`.",
        passes=False,
        source="full_refresh (docs.getdbt.com)",
        codes=frozenset({2203, 1998}),
        signs=(
            r"object found is of type",
            r"currently exists as a",
            r"cannot seed to .{0,120}it is a view",
            r"tried to drop relation",
            r"already exists as (a )?(\w+ )?(table|view)",
        ),
    ),
)

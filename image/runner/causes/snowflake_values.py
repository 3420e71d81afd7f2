"""Rows and values that a statement fails of, and SQL that Snowflake does not understand."""

from .model import Cause
from .snowflake_advice import COMPILED

VALUES = (
    Cause(
        id="duplicate-rows",
        happened="A merge found several rows with the same key",
        why="The rows that the model selects have the same `unique_key` more than once, so Snowflake does not know which to take.",
        todo="Make the rows unique: a `qualify row_number() over (partition by <unique_key> ...) = 1` in the model, or a "
        "`unique_key` "
        "with more columns. " + COMPILED,
        passes=False,
        source="MERGE, 'Duplicate join behavior'; code 100090",
        codes=frozenset({100090}),
        signs=(r"duplicate row", r"nondeterministic merge"),
    ),
    Cause(
        id="value-too-long",
        happened="A value is longer than its column",
        why="A source sends longer texts than the column of the table, or of the contract, takes.",
        todo="Widen the column (contract, `column_types` of the seed, or `--full-refresh` of the model), or shorten the value "
        "of the "
        "source. " + COMPILED,
        passes=False,
        source="String & binary data types; code 100078",
        codes=frozenset({100078, 100082, 100145}),
        signs=(
            r"too long and would be truncated",
            r"max(imum)? LOB size",
            r"(exceed(s|ed)?|too long|larger than) (the |its )?(maximum|max|supported|allowed) (allowed )?(length|size)",
            r"(string|value|varchar|binary|result).{0,60}\btoo long\b",
        ),
    ),
    Cause(
        id="null-refused",
        happened="A column that takes no null got one",
        why="The table, or the model's contract, says NOT NULL, and a row has no value.",
        todo="Find the rows without a value in the source and leave them out or fill them, or take the constraint off. " + COMPILED,
        passes=False,
        source="Constraints; code 100072",
        codes=frozenset({100072, 1471}),
        signs=(r"NULL result in a non-nullable", r"contains null values", r"(not null|non-null).{0,40}(violat|constraint)"),
    ),
    Cause(
        id="division-by-zero",
        happened="A statement divides by zero",
        why="A row has a zero, or an aggregate is one, where the model divides.",
        todo="Use `div0` or `nullif(..., 0)` in the model, or find the value of the source. " + COMPILED,
        passes=False,
        source="Arithmetic operators; code 100051",
        codes=frozenset({100051}),
        signs=(r"^(?!.*could not render).*division by zero",),
    ),
    Cause(
        id="several-rows",
        happened="A subquery that must have one row has several",
        why="Where the statement wants one value, the rows of the source give more than one.",
        todo="Make it one row (`limit 1`, an aggregate, `qualify row_number() ... = 1`), or join instead. " + COMPILED,
        passes=False,
        source="Working with subqueries; code 090150",
        codes=frozenset({90150}),
        signs=(r"single-row subquery",),
    ),
    Cause(
        id="constraint",
        happened="A constraint of the table does not take the rows",
        why="Hybrid tables keep primary, unique and foreign keys; the rows have a key twice, or one that the other table lacks.",
        todo="Make the rows that the model selects unique by that key, or load the table that they refer to first. " + COMPILED,
        passes=False,
        source="Hybrid tables; codes 200001 and the like",
        codes=frozenset({200001, 391458}),
        signs=(
            r"(primary|foreign|unique) key.{0,60}(exists|violat|constraint)",
            r"duplicate key value",
            r"\bunique constraint",
            r"\b\d{6} \(23\w{3}\)",
        ),
    ),
)

WHATEVER = (
    Cause(
        id="too-complex",
        happened="A statement is too large or too complex for Snowflake",
        why="Its text, its lists or its plan are above what Snowflake compiles.",
        todo="Split the model into smaller ones, materialised as tables, and join long lists (`in (...)`) from a seed. " + COMPILED,
        passes=False,
        source="Query size limits; codes 001042, 001795",
        codes=frozenset({1042, 1795, 1799}),
        signs=(
            r"compilation memory",
            r"maximum number of (expressions|columns|joins|branches)",
            r"(query|statement|expression|view).{0,40}too (complex|large|deep)",
            r"(exceeds|maximum) .{0,40}(depth|nesting|query size|sql text)",
            r"\b\d{6} \(54\w{3}\)",
        ),
    ),
    Cause(
        id="bad-value",
        happened="A value can't be converted",
        why="A value of the source is no number, date or JSON as the model expects it.",
        todo="Find the value of the source that the message quotes, or use `try_to_...` / `try_cast` in the model. " + COMPILED,
        passes=False,
        source="Data type conversion, 'TRY_CAST'; codes 100035 to 100048, 100069",
        codes=frozenset(
            {
                100032,
                100035,
                100037,
                100038,
                100039,
                100040,
                100041,
                100046,
                100048,
                100050,
                100065,
                100069,
                100071,
                100080,
                100096,
                100262,
            }
        ),
        signs=(
            r"is not recognized",
            r"failed to cast",
            r"error parsing (json|xml)",
            r"out of (representable )?range",
            r"numeric (value|overflow)",
            r"(can't|can ?not) (parse|convert|cast|coerce)",
            r"too large.{0,40}number",
            r"invalid UTF-?8",
            r"not valid UTF-?8",
            r"invalid (regular expression|date|timestamp|json)\b",
            r"\b1\d{5} \(2\w{4}\)",
            r"\b100[0-4]\d\d \(P0\w{3}\)",
        ),
    ),
    Cause(
        id="sql",
        happened="Snowflake does not understand a statement",
        why="The SQL has a mistake at the line that the message names.",
        todo="Correct the SQL of the model, or the macro that wrote it. " + COMPILED,
        passes=False,
        source="SQL compilation errors; codes 001003, 000979, 002028 and the like",
        codes=frozenset({6, 8, 979}),
        signs=(
            r"SQL (compilation|execution) error",
            r"not supported for trial",
            r"multiple SQL statements",
            r"unsupported feature",
            r"\b\d{6} \((42|0A)\w{3}\)",
            r"\b00[12]\d{3}(?= \(\w{5}\)|:)",
        ),
    ),
    Cause(
        id="statement-refused",
        happened="Snowflake refuses a statement, with a number that this platform does not know",
        why="The SQL state beside the number is of a class that lies in the statement or its data, not in the moment.",
        todo="Read Snowflake's own words in the message, and correct the model, or the object that they name. Please report it, so "
        "that the next one gets a better answer here. " + COMPILED,
        passes=False,
        source="ISO/IEC 9075, classes of SQLSTATE",
        signs=(r"\b\d{6} \((0[27]|2[0-7A-F]|3[0-9A-F]|44|55|P0)\w{3}\)",),
    ),
)

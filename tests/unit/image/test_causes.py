"""The table of causes, which everything that tells of a failure reads."""

import re
import time
from dataclasses import asdict

import dbt_causes
import pytest
from runner import causes
from runner.causes import BY_ID, CAUSES, PAGE, UNKNOWN, diagnose
from runner.causes.model import PROJECT
from runner.connection import explain

from ops.errors_page import page
from sandbox.paths import REPOSITORY
from tests.unit.image.support import environment

RAW = environment().warehouse


def test_airflow_and_the_container_read_the_same_table():
    """One would tell the cause of yesterday, and the other try again what the first called final."""
    assert [asdict(cause) for cause in dbt_causes.CAUSES] == [asdict(cause) for cause in causes.CAUSES]


def test_every_cause_has_its_own_id_and_says_everything():
    """A link would lead to another cause; a failure would be told without a way out."""
    assert len(BY_ID) == len(CAUSES)
    for cause in CAUSES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cause.id)
        assert cause.happened.startswith(("dbt ", "{")) or cause.happened[0].isupper(), cause.id
        assert cause.why.endswith("."), cause.id
        assert cause.todo.endswith((".", ";")), cause.id
        assert cause.source, cause.id


def test_every_cause_can_be_found():
    """A sign that another cause always takes first, or a wrong pattern, is a line that nobody ever reads."""
    for cause in CAUSES:
        for sign in cause.signs:
            re.compile(sign)
        assert cause.signs or cause.codes or cause.id in {"unknown", "not-started", "credentials-expire"}, cause.id


def test_no_number_of_snowflakes_means_two_things():
    """The order of the table would decide, unseen."""
    seen: dict[int, str] = {}
    for cause in CAUSES:
        for code in cause.codes:
            assert code not in seen, (code, cause.id, seen[code])
            seen[code] = cause.id


def test_the_stack_is_called_as_the_project_says():
    """The commands in the advice would name a stack that Pulumi does not know."""
    assert f"name: {PROJECT}\n" in (REPOSITORY / "Pulumi.yaml").read_text()


def test_the_page_of_errors_is_what_the_table_says():
    """Each log and alert leads there."""
    assert (REPOSITORY / PAGE).read_text() == page(), "python -m ops.errors_page"


@pytest.mark.parametrize(
    ("code", "message", "cause"),
    [
        (390422, "Incoming request with IP/Token 192.0.2.7 is not allowed to access Snowflake.", "snowflake-network-policy"),
        (390102, "Your user account has been temporarily locked. Try again later", "snowflake-locked"),
        (390101, "User access disabled. Contact your local system administrator.", "snowflake-disabled"),
        (394509, "MFA authentication is required", "snowflake-mfa"),
        (390913, "Your free trial has ended and all of your virtual warehouses have been suspended.", "snowflake-suspended"),
        (290404, "404 Not Found: post https://x.snowflakecomputing.com:443", "snowflake-account"),
        (250003, "000403: 403: HTTP 403: Forbidden", "snowflake-account"),
        (250001, "Could not connect to Snowflake backend after 2 attempt(s).Aborting", "snowflake-unreachable"),
        (250001, "Failed to connect to DB: x:443. Incorrect username or password was specified.", "snowflake-password"),
        (250001, "Failed to connect to DB: x:443. JWT token is invalid.", "snowflake-key"),
        (250001, "Failed to connect to DB. Verify the account name is correct: x.snowflakecomputing.com:443.", "snowflake-account"),
        (250001, "hostname 'a_b.snowflakecomputing.com' doesn't match '*.snowflakecomputing.com'", "snowflake-account"),
        (290503, "503 Service Unavailable", "snowflake-unreachable"),
        (254007, "The certificate is revoked or could not be validated", "snowflake-certificate"),
        (390144, "JWT token is invalid.", "snowflake-key"),
        (3001, "Insufficient privileges to operate on database 'ANALYTICS'", "schema-denied"),
    ],
)
def test_a_refused_log_in_is_told_by_its_number_and_words(code: int, message: str, cause: str):
    """A locked user was tried again, and the number of a whole class told as one of it."""
    told = str(explain(RAW, code, message))

    assert message in told
    assert BY_ID[cause].happened.format_map(RAW.names) in told
    assert diagnose("run", told).cause == cause, "who reads the text finds the same"


def test_a_task_that_logs_in_with_its_role_is_told_of_the_role():
    """Snowflake answers with the same numbers as for keys and passwords."""
    federated = environment(SNOWFLAKE_AUTHENTICATOR="workloadIdentity", AWS_REGION="eu-west-1").warehouse

    assert "WORKLOAD_IDENTITY" in str(explain(federated, 390144, "JWT token is invalid."))


@pytest.mark.parametrize(
    ("message", "cause", "passes"),
    [
        ("002003 (42S02): Object 'RAW.CRM.ACCOUNTS' does not exist or not authorized.", "object-missing", False),
        ("000606 (57P03): No active warehouse selected in the current session.", "model-warehouse", False),
        ("000630 (57014): Statement reached its statement or warehouse timeout of 3,600 second(s)", "statement-timeout", True),
        ("000604 (57014): SQL execution canceled", "statement-cancelled", True),
        ("000625 (57014): Statement was aborted because the number of waiters for this lock exceeds 20", "locked-out", True),
        ("000603 (XX000): SQL execution internal error: incident 5388518.", "snowflake-fault", True),
        (
            "090073 (22000): Warehouse 'X' cannot be resumed because resource monitor 'Y' has exceeded its quota.",
            "resource-monitor",
            False,
        ),
        ("100038 (22018): Numeric value 'N/A' is not recognized", "bad-value", False),
        ("100090 (42P18): Duplicate row detected during DML action", "duplicate-rows", False),
        ("001003 (42000): SQL compilation error: syntax error line 1 at position 8 unexpected 'from'.", "sql", False),
        ("390114 (08001): Authentication token has expired. The user must authenticate again.", "snowflake-session", True),
        ("250002 (08003): Connection is closed", "snowflake-unreachable", True),
        ("000707 (02000): Time travel data is not available for table EVENTS.", "time-travel", False),
        ("090150 (22000): Single-row subquery returns more than one row.", "several-rows", False),
        ("200001 (22000): Primary key already exists", "constraint", False),
        ("001471 (42601): SQL compilation error: Column 'A' contains null values.", "null-refused", False),
        ("091003 (22000): Failure using stage area. Cause: [Access Denied (Status Code: 403)]", "stage", False),
        ("091003 (22000): Failure using stage area. Cause: [SlowDown (Status Code: 503)]", "snowflake-fault", True),
        ("100351 (P0000): Request failed for external function F with remote service error: 400 'no'", "external-function", False),
        ("100351 (P0000): Request failed for external function F with remote service error: 503 'busy'", "external-busy", True),
        ("001042 (XX000): SQL compilation error: compilation memory exhausted", "too-complex", False),
        ("Dynamic Table 'T' is not initialized. Please run a manual refresh before querying.", "dynamic-table-new", True),
        (
            "002203 (02000): SQL compilation error: Object found is of type 'VIEW', not specified type 'TABLE'.",
            "relation-type",
            False,
        ),
        ("100132 (P0000): JavaScript execution error: Uncaught ReferenceError: x is not defined in F", "procedure", False),
        ("002002 (42710): SQL compilation error:\nObject 'TEMP' already exists.", "object-exists", False),
        ("003127 (42601): Location 's3://b/' is not allowed by integration I.", "stage", False),
        ("090084 (22000): Operation failed because soft limit on objects of type 'Column' was exceeded.", "too-complex", False),
        ("003540 (42501): Creating table on shared database 'S' is not allowed.", "privilege-missing", False),
        ("003013 (42501): Requested role 'R' is not assigned to the executing user.", "snowflake-role", False),
        (
            "000606 (57P03): Warehouse 'W' cannot be resumed because resource monitor 'M' exceeded its quota.",
            "resource-monitor",
            False,
        ),
        (
            "002037 (42601): Failure during expansion of view 'V': Object 'T' does not exist or not authorized.",
            "object-missing",
            False,
        ),
        ("002037 (42601): Failure during expansion of view 'V': invalid identifier 'TOTAL'", "column-gone", False),
    ],
)
def test_a_statement_is_told_by_its_number(message: str, cause: str, passes: bool):
    """23 of 30 were repeated without a word of our own."""
    found = diagnose("run", f"Database Error in model orders (models/orders.sql)\n  {message}")

    assert (found.cause, found.transient) == (cause, passes)


def test_whatever_is_unknown_stays_unknown():
    """A guess sends a person the wrong way."""
    assert diagnose("run", "RuntimeError: something that nobody has seen").cause == UNKNOWN.id


@pytest.mark.parametrize(
    ("number", "cause", "passes"),
    [
        ("093999 (22000)", "statement-refused", False),
        ("100999 (22018)", "bad-value", False),
        ("092999 (P0001)", "statement-refused", False),
        ("002999 (0A000)", "sql", False),
        ("000999 (57014)", "statement-cancelled", True),
        ("000999 (53000)", "warehouse-busy", True),
        ("000999 (40001)", "locked-out", True),
        ("000999 (XX000)", "snowflake-fault", True),
        ("000999 (08000)", "snowflake-unreachable", True),
        ("000999 (99999)", "unknown", True),
    ],
)
def test_a_number_that_nobody_knows_is_told_by_the_class_of_its_sql_state(number: str, cause: str, passes: bool):
    """A mistake in a model was tried again, because its number was in no list."""
    found = diagnose("run", f"Database Error in model orders (models/orders.sql)\n  {number}: whatever Snowflake says")

    assert (found.cause, found.transient) == (cause, passes)


def test_names_that_a_statement_quotes_are_no_log_in():
    """A column called MFA sent people to their authentication."""
    told = "001003 (42000): SQL compilation error:\nsyntax error line 1 at position 8 unexpected 'MFA'."

    assert diagnose("run", told).cause == "sql"
    assert diagnose("run", "MFA authentication is required").cause == "snowflake-mfa"


@pytest.mark.parametrize(
    ("message", "cause", "passes"),
    [
        (
            "Runtime Error\n  An error occurred during execution of unit test 'u'.\n  100038 (22018): Numeric",
            "unit-test-broken",
            False,
        ),
        ("Runtime Error\n  Microbatch model 'm' requires a 'begin' configuration.", "configuration", False),
        ('Runtime Error\n  dbt could not find a macro with the name "x" in p', "macro-undefined", False),
        ('Runtime Error\n  Invalid node spec "tag:" - no search value!', "selection", False),
        ("Runtime Error\n  Could not find a matching compatible version for package dbt-labs/dbt_utils", "version", False),
        ("Error checking out spec='v9' for repo https://github.com/o/r.git", "package-refused", False),
        ("HTTPSConnectionPool(host='hub.getdbt.com', port=443): Max retries exceeded", "packages-unreachable", True),
        ("Node model.a.b attempted to reference node model.a.c, which is not allowed", "reference-missing", False),
        ("Runtime Error\n  Compilation Error\n    Could not render {{ 1/0 }}: division by zero", "compilation", False),
        ("When referencing 'x', dbt found nodes in multiple packages", "duplicate-name", False),
        ("Compilation Error\n  Trying to create table a.b, but it currently exists as a view.", "relation-type", False),
    ],
)
def test_what_dbt_refuses_is_told_by_its_own_words(message: str, cause: str, passes: bool):
    """They were unknown, or told as values of the warehouse, and tried again."""
    found = diagnose("run", message)

    assert (found.cause, found.transient) == (cause, passes)


def test_a_message_is_known_however_a_log_shows_it():
    """Wrapped by a terminal, coloured by dbt or with quotes of a web page it was another one."""
    told = "Database Error in model orders (models/orders.sql)\n  Object 'RAW.CRM.ACCOUNTS' does not exist or not authorized."

    for shown in (told.replace(" ", "\n      "), f"\x1b[0m05:00:01  \x1b[31m{told}\x1b[0m", told.replace("'", "\u2019")):
        assert diagnose("run", shown).cause == "object-missing"


def test_a_fault_of_dbt_is_none_of_snowflakes():
    """Both call it internal."""
    assert diagnose("run", "Internal Error\n  in dbt itself").cause == UNKNOWN.id
    assert diagnose("run", "SQL execution internal error:\nProcessing aborted due to error 300010:1").cause == "snowflake-fault"


def test_the_path_of_a_file_says_nothing():
    """Whatever failed in a yml file was told as a mistake in it, and not tried again."""
    assert diagnose("run", "Unhandled error while executing target/run/shop/models/unit_tests.yml\n  'rows'").cause == UNKNOWN.id


def test_a_message_of_a_megabyte_does_not_hold_up_the_end_of_a_run():
    """Expressions that look for two words far apart took minutes on it; what counts is at its beginning or its end."""
    frames = '  File "registry.py", line 7, in image of a secret\n' * 20_000

    started = time.process_time()
    assert diagnose("task", frames).cause == UNKNOWN.id
    assert diagnose("run", frames + "MemoryError").cause == "out-of-memory"
    assert time.process_time() - started < 20

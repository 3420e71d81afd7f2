"""What Snowflake refuses, at the log-in and in a statement. Sources are pages of its documentation unless they say otherwise."""

from .model import Cause

CONNECTOR = "snowflake-connector-python, errorcode.py and network.py"
COMPILED = "`compiled/` among the run's artifacts has the statement as it was sent."
AGAIN = "The next try goes on with what is left."

_LOG_IN = (
    Cause(
        id="snowflake-network-policy",
        happened="A network policy of Snowflake's does not let the task in",
        why="Snowflake refuses log-ins from addresses that the account's or the user's network policy does not name.",
        todo="In Snowflake: add the addresses that the containers come from to the network policy (ALTER NETWORK POLICY ... SET "
        "ALLOWED_IP_LIST, or a network rule). With `network.egress: nat` they are the NAT gateways': docs/snowflake.md shows them.",
        passes=False,
        source="Network policies; codes 390420, 390422, 390432",
        codes=frozenset({390420, 390422, 390432, 390433}),
        signs=(r"is not allowed to access Snowflake", r"network policy"),
    ),
    Cause(
        id="snowflake-locked",
        happened="Snowflake has locked user {user} for a while",
        why="Five log-ins with wrong credentials lock a user for 15 minutes; each further try could lock it again.",
        todo="Correct the credentials first (`ops credentials put`), then wait 15 minutes or unlock it in Snowflake: ALTER "
        "USER {user} "
        "SET MINS_TO_UNLOCK = 0.",
        passes=False,
        source="User management, 'Unlocking a user'; dbt-labs/dbt-snowflake#373",
        codes=frozenset({390102}),
        signs=(r"temporarily locked", r"user account.{0,40}locked"),
    ),
    Cause(
        id="snowflake-disabled",
        happened="User {user} is disabled in Snowflake",
        why="An administrator, or the system that manages users, disabled it.",
        todo="In Snowflake, as an administrator of users: ALTER USER {user} SET DISABLED = FALSE.",
        passes=False,
        source="ALTER USER; code 390101",
        codes=frozenset({390101}),
        signs=(r"user access disabled", r"user.{0,60}\bis disabled"),
    ),
    Cause(
        id="snowflake-mfa",
        happened="Snowflake asks user {user} for a second factor, which a program has not",
        why="Users who log in with a password need MFA; service users with a key or a workload identity do not.",
        todo="Set `warehouse.authentication` to keyPair or workloadIdentity and make the user one of TYPE = SERVICE: ALTER "
        "USER {user} "
        "SET TYPE = SERVICE (docs/snowflake.md).",
        passes=False,
        source="Planning for the deprecation of single-factor password sign-ins; codes 394507 to 394512",
        codes=frozenset({390120, 390122, 390123, 390125, 390126, 390127, 390129, 394507, 394508, 394509, 394510, 394511, 394512}),
        signs=(r"\bMFA\b", r"multi-?factor", r"\bDuo\b", r"\bTOTP\b"),
    ),
    Cause(
        id="snowflake-authentication-policy",
        happened="An authentication policy of Snowflake's forbids this way to log in",
        why="The policy on the account or the user does not name the method or the client.",
        todo="In Snowflake: allow it for user {user} (ALTER AUTHENTICATION POLICY ... SET AUTHENTICATION_METHODS, "
        "CLIENT_TYPES with "
        "DRIVERS), or set `warehouse.authentication` to one that it allows.",
        passes=False,
        source="Authentication policies; code 390202",
        codes=frozenset({390139, 390202}),
        signs=(r"authentication policy", r"authenticator is not accepted"),
    ),
    Cause(
        id="snowflake-password-expired",
        happened="The password of user {user} has expired",
        why="Snowflake asks for a new one, which no program can give.",
        todo="Set `warehouse.authentication` to keyPair, or give the user a new password and put it: `ops credentials put`.",
        passes=False,
        source="Password policies; codes 390106, 390128, 390140",
        codes=frozenset({390103, 390106, 390107, 390128, 390140}),
        signs=(r"password has expired", r"password must be changed"),
    ),
    Cause(
        id="snowflake-suspended",
        happened="The Snowflake account is suspended",
        why="Its trial has ended, or it lacks a means of payment: nothing runs on it.",
        todo="The account is suspended until somebody adds billing information in Snowsight (Admin, Billing), or asks Snowflake "
        "Support.",
        passes=False,
        source="Trial accounts; codes 390911 to 390913",
        codes=frozenset({390904, 390911, 390912, 390913, 390914}),
        signs=(r"trial has ended", r"(account|warehouses).{0,60}suspended", r"billing information"),
    ),
    Cause(
        id="snowflake-account",
        happened="Snowflake does not know the account {account} at {address}, or refuses it there",
        why="A wrong account identifier leads to a host that answers 403 or 404; so does PrivateLink or a network policy that "
        "refuses.",
        todo="Check the account identifier (`dbt-platform:warehouse.account`, SNOWFLAKE_ACCOUNT): ORGANIZATION-ACCOUNT as "
        "Snowsight "
        "shows it. If it is right, check PrivateLink and the account's network policy.",
        passes=False,
        source="Account identifiers; snowflakedb/snowflake-connector-python#1269; codes 290403, 290404",
        codes=frozenset({290403, 290404, 403, 404}),
        signs=(
            r"HTTP 40[34]\b",
            r"\b40[34] (forbidden|not found)",
            r"404.{0,20}not found",
            r"(incorrect|invalid|unknown|no such) account",
            r"account (name|identifier|host).{0,60}(not found|(does not|doesn't) exist|invalid)",
            r"hostname mismatch|doesn't match",
        ),
    ),
    Cause(
        id="snowflake-key",
        happened="Snowflake at {address} does not accept the private key of user {user}",
        why="The user's public key is another one, or the account is, or the user is unknown. Under load Snowflake also says "
        "so of a "
        "good key, whose token became too old while it waited.",
        todo="Under load the next try works. If it stays, put the credentials again with `ops credentials put` and register their "
        "public key: ALTER USER {user} SET RSA_PUBLIC_KEY='...'. The account must be {account}.",
        passes=True,
        source="Key-pair authentication, 'Troubleshooting'; dbt-labs/dbt-core#2482; codes 390144, 394300 to 394307",
        codes=frozenset({390144, 251010, *range(394300, 394308)}),
        signs=(r"JWT token", r"invalid JWT"),
    ),
    Cause(
        id="snowflake-password",
        happened="Snowflake at {address} does not accept user {user} or its password",
        why="The user is unknown in account {account}, or its password is another one. More tries would lock the user.",
        todo="Put the credentials with `ops credentials put`.",
        passes=False,
        source="dbt-labs/dbt-snowflake#373; code 390100",
        codes=frozenset({390100}),
        signs=(r"incorrect username or password",),
    ),
    Cause(
        id="snowflake-identity",
        happened="Snowflake at {address} does not accept the role of this task as user {user}",
        why="With workloadIdentity the user must name the ARN of the task's role.",
        todo="In Snowflake: ALTER USER {user} SET WORKLOAD_IDENTITY = (TYPE = AWS ARN = '<ARN of the task role>'); "
        "`ops credentials put` prints it.",
        passes=False,
        source="Workload identity federation",
        codes=frozenset({*range(394600, 394620), 251017}),
        signs=(r"workload identity.{0,120}(not|invalid|fail|denied)",),
    ),
    Cause(
        id="snowflake-no-identity",
        happened="There are no AWS credentials with which this task could log in as user {user}",
        why="ECS gives a container the credentials of its task role; this one has none.",
        todo="The task definition needs a task role: `pulumi up --refresh --stack {stack}` restores it.",
        passes=False,
        source=CONNECTOR,
        codes=frozenset({251018}),
    ),
    Cause(
        id="snowflake-foreign-host",
        happened="{address} is no host of Snowflake's, and the connector shows an AWS identity to no other",
        why="A workload identity is sent to hosts of Snowflake's only.",
        todo="Leave SNOWFLAKE_HOST out, or log in with keyPair there.",
        passes=False,
        source=CONNECTOR,
        codes=frozenset({251021}),
    ),
    Cause(
        id="snowflake-token",
        happened="Snowflake does not accept the token of user {user}",
        why="An OAuth or programmatic access token was revoked or has expired.",
        todo="Put other credentials: `ops credentials put`.",
        passes=False,
        source="Programmatic access tokens; codes 390303, 394400",
        codes=frozenset({390303, *range(394400, 394405)}),
        signs=(r"(programmatic access|oauth) token.{0,60}(invalid|expired)",),
    ),
    Cause(
        id="snowflake-role",
        happened="Role {role} does not exist, or user {user} may not use it",
        why="A session begins with the role of the stack's `warehouse` section.",
        todo="In Snowflake: GRANT ROLE {role} TO USER {user}.",
        passes=False,
        source="GRANT ROLE; codes 390186, 390189",
        codes=frozenset({390186, 390189}),
        signs=(r"role.{0,80}(not granted|specified in the connect string)",),
    ),
    Cause(
        id="snowflake-warehouse",
        happened="Warehouse {warehouse} does not exist, or role {role} may not use it",
        why="A session begins in the warehouse of the stack's `warehouse` section; Snowflake leaves out what its role may not use.",
        todo="In Snowflake: GRANT USAGE ON WAREHOUSE {warehouse} TO ROLE {role}.",
        passes=False,
        source="Access control privileges",
        signs=(r"^Warehouse \S+ does not exist, or role", r"requested warehouse does not exist"),
    ),
    Cause(
        id="snowflake-database",
        happened="Database {database} does not exist, or role {role} may not use it",
        why="A session begins in the database of the stack's `warehouse` section.",
        todo="In Snowflake: GRANT USAGE ON DATABASE {database} TO ROLE {role}; or name database and schema in the statement.",
        passes=False,
        source="GRANT <privileges>; codes 390201, 090105, 090106",
        codes=frozenset({390201, 90105, 90106}),
        signs=(
            r"^Database \S+ does not exist, or role",
            r"requested (database|schema) does not exist",
            r"not have a current (database|schema)",
        ),
    ),
)

_RIGHTS = (
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
        signs=(r"insufficient privileges", r"access control error"),
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
        signs=(r"no active warehouse",),
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
)

_PASSING = (
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
        signs=(r"waiters? for this lock", r"lock.{0,60}(timeout|timed out|wait)", r"deadlock", r"has locked table"),
    ),
    Cause(
        id="statement-cancelled",
        happened="A statement was cancelled in Snowflake",
        why="Somebody, or a program, cancelled the query, aborted its session or suspended its warehouse.",
        todo=f"{AGAIN} If it stays, the query history says who cancelled it.",
        passes=True,
        source="SYSTEM$CANCEL_QUERY; code 000604",
        codes=frozenset({604, 607}),
        signs=(r"execution cancell?ed", r"query was cancell?ed", r"statement.{0,30}aborted", r"\b\d{6} \(57\w{3}\)"),
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
            r"internal error",
            r"\b\d{6} \(XX\w{3}\)",
            r"processing aborted due to error",
            r"\bincident\b",
            r"service (is )?(temporarily )?unavailable",
        ),
    ),
)

_DATA = (
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
        signs=(r"does not exist or not authorized", r"object does not exist"),
    ),
    Cause(
        id="function-missing",
        happened="A function is unknown to Snowflake, or does not take these arguments",
        why="The statement calls a function that is not there, that the role may not use, or with values of another type.",
        todo="Correct the call in the model, or GRANT USAGE ON FUNCTION to role {role}. " + COMPILED,
        passes=False,
        source="SQL compilation errors; codes 002140, 002141, 001044",
        codes=frozenset({2140, 2141, 1044, 939}),
        signs=(r"unknown (user-defined )?function", r"invalid argument types"),
    ),
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
        signs=(r"too long and would be truncated", r"max(imum)? LOB size", r"exceeds? (the )?(maximum|supported) (length|size)"),
    ),
    Cause(
        id="null-refused",
        happened="A column that takes no null got one",
        why="The table, or the model's contract, says NOT NULL, and a row has no value.",
        todo="Find the rows without a value in the source and leave them out or fill them, or take the constraint off. " + COMPILED,
        passes=False,
        source="Constraints; code 100072",
        codes=frozenset({100072}),
        signs=(r"NULL result in a non-nullable",),
    ),
    Cause(
        id="division-by-zero",
        happened="A statement divides by zero",
        why="A row has a zero, or an aggregate is one, where the model divides.",
        todo="Use `div0` or `nullif(..., 0)` in the model, or find the value of the source. " + COMPILED,
        passes=False,
        source="Arithmetic operators; code 100051",
        codes=frozenset({100051}),
        signs=(r"division by zero",),
    ),
    Cause(
        id="python-model",
        happened="The Python of a model or function failed",
        why="Snowflake runs it in a procedure of its own; the last line of the traceback names the error.",
        todo="Correct the Python that the traceback names; a package that is missing goes into the model's `packages`, and "
        "must be in "
        "Snowflake's Anaconda channel.",
        passes=False,
        source="Python models (docs.getdbt.com); code 100357",
        codes=frozenset({100357, 100396, 1300, 1304}),
        signs=(
            r"python interpreter error",
            r"traceback \(most recent call last\)",
            r"snowpark",
            r"packages? not (found|supported)",
            r"python (function|procedure).{0,40}packages",
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
            r"cannot change column",
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
                100132,
                100133,
                100183,
                100262,
            }
        ),
        signs=(
            r"is not recognized",
            r"failed to cast",
            r"error parsing (json|xml)",
            r"out of (representable )?range",
            r"numeric (value|overflow)",
            r"(can't|cannot|could not) (parse|convert|cast|coerce)",
            r"too large.{0,40}number",
            r"\b1\d{5} \(22\w{3}\)",
        ),
    ),
    Cause(
        id="sql",
        happened="Snowflake does not understand a statement",
        why="The SQL has a mistake at the line that the message names.",
        todo="Correct the SQL of the model, or the macro that wrote it. " + COMPILED,
        passes=False,
        source="SQL compilation errors; codes 001003, 000979, 002028 and the like",
        codes=frozenset({6, 8, 979, *range(1000, 1100), *range(2000, 2300)}),
        signs=(r"SQL compilation error", r"multiple SQL statements", r"\b\d{6} \((42|0A)\w{3}\)"),
    ),
)

_CONNECTION = (
    Cause(
        id="snowflake-session",
        happened="The session with Snowflake ended too early",
        why="Snowflake ends sessions whose token is too old, and those that an administrator aborts.",
        todo=f"{AGAIN} If it stays, look at the account's session policy and at who aborts sessions.",
        passes=True,
        source=f"{CONNECTOR}: 390110 to 390115, 390195, 390318",
        codes=frozenset({390104, 390108, 390110, 390111, 390112, 390113, 390114, 390115, 390195, 390318, 252006, 252007}),
        signs=(
            r"(authentication token|session|id token).{0,60}(expired|no longer exists|gone|invalid)",
            r"must authenticate again",
        ),
    ),
    Cause(
        id="snowflake-certificate",
        happened="The certificate of {address} could not be checked",
        why="The connector asks the certificate's authority whether it was revoked, at port 80 of that authority's servers; a "
        "proxy or "
        "a firewall is in the way, or they are slow.",
        todo="Often temporary, and the next try works. If it stays, let the private subnets reach the OCSP servers "
        "(SYSTEM$ALLOWLIST() names them, port 80), and keep firewalls from replacing Snowflake's certificate.",
        passes=True,
        source=f"OCSP configuration; {CONNECTOR}: 254000 to 254020",
        codes=frozenset({250011, *range(254000, 254021)}),
        signs=(r"\bOCSP\b", r"certificate.{0,80}(revoked|verify|validat|expired)", r"CERTIFICATE_VERIFY_FAILED"),
    ),
    Cause(
        id="snowflake-unreachable",
        happened="Snowflake can't be reached at {address}",
        why="The network between the task and Snowflake, or Snowflake itself, did not answer in time.",
        todo="Often temporary: it is tried again. If it stays, check SNOWFLAKE_ACCOUNT (and SNOWFLAKE_HOST), that the task's "
        "security "
        "group and subnets let out port {port} (NAT gateway or PrivateLink), and status.snowflake.com.",
        passes=True,
        source=f"{CONNECTOR}: 250001 to 250007, 251009 to 251012, 290000 and above",
        codes=frozenset(
            {250001, 250002, 250003, 250005, 250006, 250007, 250012, 251004, 251009, 251011, 251012, 252010, 252013}
            | {290000, 290400, 290405, 290408, 290429, *range(290500, 290600)}
        ),
        signs=(
            r"could not connect to snowflake",
            r"snowflake can't be reached",
            r"failed to connect",
            r"connection (is |was |has been )?(closed|reset|aborted|refused|lost)",
            r"name or service not known|getaddrinfo|name resolution|no such host",
            r"max retries exceeded",
            r"RemoteDisconnected|remote end closed",
            r"EOF occurred",
            r"\bhanging\b",
            r"(connection|read|connect|login|request|operation) timed? ?out|ReadTimeout|ConnectTimeout",
            r"broken pipe",
            r"terminated connection",
            r"\b\d{6} \(08\w{3}\)",
            r"HTTP 5\d\d\b|\b50[0234]\b.{0,30}(bad gateway|service|gateway|server)",
            r"maintenance",
        ),
    ),
)

SNOWFLAKE: tuple[Cause, ...] = (*_LOG_IN, *_RIGHTS, *_PASSING, *_DATA, *_CONNECTION)
"""From special to general: what the connection says has the most general words."""

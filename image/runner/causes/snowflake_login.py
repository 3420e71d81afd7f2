"""What Snowflake refuses at the log-in, and what breaks the connection."""

from .model import Cause
from .snowflake_advice import AGAIN, CONNECTOR

LOG_IN = (
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
        signs=(r"\bMFA\b", r"multi-?factor", r"second factor", r"\bDuo\b", r"\bTOTP\b"),
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
        signs=(r"authentication policy", r"authenticator is not accepted", r"\bSAML\b"),
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
        signs=(r"trial has ended", r"(account|warehouses).{0,60}suspended", r"billing information", r"method of payment"),
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
            r"verify (the )?account name",
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
        signs=(r"\bJWT\b", r"public key fingerprint"),
    ),
    Cause(
        id="snowflake-password",
        happened="Snowflake at {address} does not accept user {user} or its password",
        why="The user is unknown in account {account}, or its password is another one. More tries would lock the user.",
        todo="Put the credentials with `ops credentials put`.",
        passes=False,
        source="dbt-labs/dbt-snowflake#373; code 390100",
        codes=frozenset({390100}),
        signs=(r"incorrect user ?name or password", r"invalid (user ?name|password)\b"),
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
        codes=frozenset({*range(390300, 390318), *range(394400, 394405)}),
        signs=(r"(programmatic access|oauth)( access)? token.{0,60}(invalid|expired|disabled|revoked|not found)", r"invalid oauth"),
    ),
    Cause(
        id="snowflake-role",
        happened="Role {role} does not exist, or user {user} may not use it",
        why="A session begins with the role of the stack's `warehouse` section.",
        todo="In Snowflake: GRANT ROLE {role} TO USER {user}.",
        passes=False,
        source="GRANT ROLE; codes 390186, 390189, 003013, 003107",
        codes=frozenset({390186, 390189, 3013, 3107}),
        signs=(r"role.{0,80}(not granted|not assigned|specified in the connect string)",),
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

CONNECTION = (
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

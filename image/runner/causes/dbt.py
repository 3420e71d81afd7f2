"""What dbt, the project and the runner itself fail of. Sources are pages of docs.getdbt.com and dbt's own modules."""

from .model import Cause

CORE = "dbt-core, dbt/exceptions.py"
REFRESH = "`pulumi up --refresh --stack {stack}`"

_RUNNER = (
    Cause(
        id="environment",
        happened="The container's environment is not complete",
        why="The task definition sets what the runner needs; the message names what is missing or wrong.",
        todo="Deploy the stack (`pulumi up --stack {stack}`), and put the credentials with `ops credentials put`.",
        passes=False,
        source="image/README.md, 'Environment'",
        codes=frozenset({251001, 251005, 251006, 251007}),
        signs=(r"container's environment is not complete",),
    ),
    Cause(
        id="private-key",
        happened="The secret holds no private key that can be used",
        why="Snowflake takes RSA keys, as PEM or base64 DER, and an encrypted one needs its passphrase.",
        todo="Put the key again with `ops credentials put`; it takes PEM or base64 DER, and the passphrase if there is one.",
        passes=False,
        source="Key-pair authentication (Snowflake)",
        codes=frozenset({251008}),
        signs=(
            r"is no (RSA|private) key",
            r"passphrase does not fit",
            r"deserialize key data",
            r"private key.{0,60}(invalid|incorrect|format|could not)",
            r"bad decrypt|incorrect password, could not decrypt",
        ),
    ),
    Cause(
        id="artifacts-denied",
        happened="dbt did its work, but the run's artifacts may not be stored",
        why="S3 or the bucket's key refuses the task role below the workstream's prefix.",
        todo=f"{REFRESH} restores the bucket's policy and the task role's rights; the message names what was denied.",
        passes=True,
        source="Amazon S3 User Guide, 'Troubleshoot access denied (403 Forbidden) errors in Amazon S3'",
        signs=(r"artifacts could not be stored.*(AccessDenied|Forbidden|\b403\b|not authorized|kms)",),
    ),
    Cause(
        id="artifacts-bucket-gone",
        happened="dbt did its work, but the bucket of the run's artifacts is gone",
        why="The bucket was deleted behind Pulumi's back.",
        todo=f"{REFRESH} makes it again.",
        passes=True,
        source="Amazon S3 API Reference, 'Error responses'",
        signs=(r"artifacts could not be stored.*(NoSuchBucket|bucket (does not|doesn't) exist)",),
    ),
    Cause(
        id="artifacts",
        happened="dbt did its work, but the run's artifacts could not be stored",
        why="S3 did not take them; without them Airflow knows no details of the run.",
        todo=f"Often temporary, and the next try works. If it stays, {REFRESH} restores the bucket and the task role's "
        f"rights; check "
        "also that the private subnets reach S3 (gateway endpoint).",
        passes=True,
        source="Amazon S3 API Reference, 'Error responses'",
        signs=(r"artifacts could not be stored",),
    ),
    Cause(
        id="stale-source",
        happened="A source is too old, so nothing was built on it",
        why="The newest row of a source is older than its `error_after`.",
        todo="Look at what loads it: it passes once new rows are there. Or run without this check (`freshness` of the "
        "workstream), or "
        "correct `error_after` of the source.",
        passes=True,
        source="Source data freshness",
        signs=(r"too old, so nothing (that depends on it )?was built", r"ERROR STALE"),
    ),
    Cause(
        id="selection",
        happened="The run's selection matches nothing, or dbt does not understand it",
        why="Node selection goes by name, tag, path and the like; something was renamed, or a word is mistyped.",
        todo="Correct `select` and `exclude` of the workstream, or of this run; `dbt list` shows what they match.",
        passes=False,
        source="Syntax overview of node selection",
        signs=(
            r"selection matches nothing",
            r"does not understand the selection",
            r"does not match any (enabled )?nodes",
            r"(could not|cannot|can't) find selector",
            r"not a valid (method|selector)",
            r"nothing to do. try checking your model configs",
        ),
    ),
    Cause(
        id="deadline",
        happened="dbt did not finish within the workstream's timeoutMinutes",
        why="The run had more to do than fits the time, or the warehouse was slower than usual.",
        todo="The next try goes on where this one stopped. If it happens again: raise timeoutMinutes or threads, or select less.",
        passes=True,
        source="image/README.md, exit code 3",
        signs=(r"RUN_TIMEOUT_SECONDS", r"deadline of the run"),
    ),
    Cause(
        id="cancelled",
        happened="The run was cancelled",
        why="The container was told to end: by Airflow, a person, or AWS.",
        todo="Run it again when you are ready: it goes on where it stopped.",
        passes=True,
        source="image/README.md, exit code 143",
        signs=(r"told to end \(SIG",),
    ),
)

_MACHINE = (
    Cause(
        id="disk-full",
        happened="The task's disk is full",
        why="dbt writes logs, artifacts and seeds into /tmp on the task's ephemeral storage, 20 GiB unless it is told more.",
        todo="Raise the ephemeral storage of the task definition, or find what writes so much to the disk: `dbt.log` and "
        "seeds are the "
        "usual ones.",
        passes=False,
        source="Fargate task ephemeral storage",
        signs=(r"no space left on device", r"Errno 28", r"disk quota exceeded"),
    ),
    Cause(
        id="read-only",
        happened="Something was written where the container may not write",
        why="The container's file system is read-only but for /tmp and /home/dbt.",
        todo="Let the project (a package, a macro, a hook) write to /tmp, or not at all.",
        passes=False,
        source="image/README.md",
        signs=(r"read-only file system", r"Errno 30\b", r"Errno 13\b.{0,80}permission denied"),
    ),
)

_TESTS = (
    Cause(
        id="test-failed",
        happened="A data test failed",
        why="The test found rows that it should not find; what depends on its model was not built.",
        todo="Look at the rows that fail: run the test's compiled SQL (`compiled/` among the artifacts). Then correct the "
        "source or the "
        "model, or the test; `severity: warn` lets the run go on.",
        passes=False,
        source="Data tests",
        signs=(r"\bgot \d+ results?, configured to (fail|warn)",),
    ),
    Cause(
        id="unit-test-failed",
        happened="A unit test failed",
        why="The model makes other rows of the test's input than the test expects; its lines with an arrow differ.",
        todo="Correct the model, or the rows that the unit test expects; then run just these again.",
        passes=False,
        source="Unit tests",
        signs=(r"actual differs from expected",),
    ),
    Cause(
        id="contract",
        happened="A model does not keep its contract",
        why="The columns that the model selects are not those that its contract promises.",
        todo="Correct the model, or the columns of the contract in its yml: names and `data_type`, as the table in the "
        "message shows.",
        passes=False,
        source="Model contracts",
        signs=(
            r"enforced contract",
            r"in your\s+contract",
            r"contract.{0,60}(failed|mismatch|violat|breaking)",
            r"breaking changes? to contract",
        ),
    ),
)

_PROJECT = (
    Cause(
        id="environment-variable",
        happened="An environment variable that the project reads is not set",
        why="`env_var` without a default needs it in the container.",
        todo="Add the environment variable to the workstream's task definition, give `env_var` a default in the project, or "
        "use a var "
        "instead.",
        passes=False,
        source="About env_var function",
        signs=(r"env var required", r"environment variable.{0,60}(not|missing|required)", r"secret env vars? (are|is)"),
    ),
    Cause(
        id="variable-missing",
        happened="The run's vars lack one that the project needs",
        why="`var` without a default needs a value from the run, the workstream or `dbt_project.yml`.",
        todo="Give it in `vars` of the workstream or of this run (`ops run {workstream} --vars '{{...}}'`), or a default in "
        "`dbt_project.yml`.",
        passes=False,
        source="About var function",
        signs=(r"required var", r"could not (find|render).{0,60}\bvar\b"),
    ),
    Cause(
        id="package-missing",
        happened="A package, or a macro of one, is not in the image",
        why="Packages are installed when the image is built; a name that is undefined is usually a package's macro.",
        todo="Add the package to `packages.yml` of the project (with its `package-lock.yml`) and deploy, so that the image "
        "gets it; or "
        "correct the macro's name.",
        passes=False,
        source="Packages; " + CORE,
        signs=(
            r"run \"?dbt deps",
            r"dbt found \d+ package",
            r"install package dependencies",
            r"required package .{0,80}not found",
            r"package.{0,60}(was not found|not installed|is missing)",
            r"no module named",
        ),
    ),
    Cause(
        id="reference-missing",
        happened="A model refers to something that the project does not have",
        why="The `ref`, `source` or macro names a node that is not there, is disabled, or was renamed.",
        todo="Correct the name in `ref` or `source`, add what is missing to the project, or enable it (`enabled: true`).",
        passes=False,
        source=CORE,
        signs=(
            r"depends on a (node|source|macro|metric|model|function) named",
            r"which (was not found|is disabled)",
            r"references? (a |to )?.{0,60}(not found|does not exist|private)",
            r"(node|model|source|macro|doc)\b.{0,120}(was not found|not found in)",
        ),
    ),
    Cause(
        id="cycle",
        happened="The project's models depend on each other in a circle",
        why="dbt needs an order in which to build.",
        todo="Break the cycle that the message names: take one of its `ref`s out, or split a model.",
        passes=False,
        source=CORE,
        signs=(r"found a cycle", r"circular", r"cyclic"),
    ),
    Cause(
        id="duplicate-name",
        happened="Two things in the project have the same name, or would make the same table",
        why="Names must be unique, and so must what models make in the warehouse.",
        todo="Rename one of the two, or give it another `alias` or `schema`.",
        passes=False,
        source=CORE,
        signs=(
            r"names must be unique",
            r"found (two|more than one|multiple|\d+) \w+",
            r"identical database representation",
            r"duplicate (name|key|patch|macro|column|resource|source)",
            r"two resources",
            r"ambiguous",
            r"approximate match",
        ),
    ),
    Cause(
        id="other-project",
        happened="A model of another project can't be read",
        why="The other project's workstream has not succeeded yet, or has no such model, or none that is public.",
        todo="Do what the message says for each: run that workstream first, or have its owner say `access: public` of the model.",
        passes=False,
        source="Model access",
        signs=(r"models of other projects can't be read",),
    ),
    Cause(
        id="version",
        happened="The project, or a package of it, does not fit the image's dbt",
        why="`require-dbt-version` names other versions than the one in the image.",
        todo="Raise the package in `packages.yml`, or correct `require-dbt-version`; what the platform works with is in "
        "`image/tested.in`, and a project may choose there.",
        passes=False,
        source="require-dbt-version",
        signs=(
            r"version of dbt is not supported",
            r"require-dbt-version",
            r"requires? dbt",
            r"not compatible with (this version|dbt)",
        ),
    ),
    Cause(
        id="snapshot",
        happened="A snapshot can't go on with its table",
        why="The table was not made by a snapshot, or lacks columns that it needs.",
        todo="Correct the snapshot's configuration, or rename its table so that the snapshot makes a new one; the old one "
        "keeps the "
        "history.",
        passes=False,
        source="Snapshots",
        signs=(r"not a snapshot table", r"snapshot.{0,120}(missing|columns?|unique_key|strategy|updated_at)"),
    ),
    Cause(
        id="macro-undefined",
        happened="The Jinja of a model or macro fails",
        why="A name is undefined, a macro has other arguments, or it raises an error itself.",
        todo="Correct the Jinja at the place that the message names; a macro of a package needs the package in "
        "`packages.yml`, and with "
        "it in the image.",
        passes=False,
        source=CORE,
        signs=(
            r"is undefined",
            r"(dict object|None|Compilation Error.*)'? has no attribute",
            r"macro\b.{0,80}(takes|got|missing|expected|raised|not)",
            r"unexpected (keyword )?(argument|'|\"|end of template|token)",
            r"(expected token|unknown tag|unclosed|template syntax)",
        ),
    ),
    Cause(
        id="profile",
        happened="dbt can't use its profile",
        why="The image has the profile `platform`, with the targets development and production; the container's environment "
        "fills it.",
        todo="Build the image anew (`pulumi up --stack {stack}`), and leave `profile` in `dbt_project.yml` and `profiles.yml` "
        "to the "
        "image.",
        passes=False,
        source="image/profiles.yml",
        signs=(r"could not find profile", r"credentials in profile", r"profile.{0,80}(invalid|does not have|not found|target)"),
    ),
    Cause(
        id="configuration",
        happened="A yml file or configuration of the project is wrong",
        why="dbt reads all files before it builds anything; the message names the file and the key.",
        todo="Correct the file that it names; `dbt parse` shows the same. A project that can't be parsed is no image: deploy "
        "it anew.",
        passes=False,
        source="Parsing; " + CORE,
        signs=(
            r"parsing error",
            r"can't read the project",
            r"\bya?ml\b",
            r"(invalid|unknown|unexpected|missing|required) .{0,40}(config|configuration|key|field|propert|parameter"
            r"|materialization|strategy)",
            r"no materialization",
            r"not a valid",
            r"must (be|have|specify|provide|define)",
        ),
    ),
    Cause(
        id="compilation",
        happened="A model, test or macro of the project can't be compiled",
        why="dbt writes SQL from the project's files; the message names the file in which that failed.",
        todo="Correct the file that it names; `dbt compile` shows the same.",
        passes=False,
        source=CORE,
        signs=(r"compilation error", r"dbt(core)?.{0,20}compil", r"recursion"),
    ),
)

_FAILED = Cause(
    id="hook-failed",
    happened="A hook of the project failed",
    why="`on-run-start` and `on-run-end` run beside the models; the message is the hook's.",
    todo="Correct the hook in `dbt_project.yml`, or the macro that it calls; if it is a statement of Snowflake's, the message "
    "says what "
    "was refused.",
    passes=True,
    source="on-run-start & on-run-end",
    signs=(r"^Hook ", r"on-run-(start|end)"),
)

BEFORE: tuple[Cause, ...] = (*_RUNNER, *_MACHINE, *_TESTS)
"""Told by the runner, or so special that no message of the warehouse has their words."""

AFTER: tuple[Cause, ...] = (*_PROJECT, _FAILED)
"""Words that a statement's message could have too: after the warehouse's."""

"""What the runner, its container and the project's tests end a run for."""

from .aws_advice import REFRESH
from .dbt_project import CORE
from .model import Cause

RUNNER = (
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
            r"(invalid|unexpected) .{0,40}(selector|node spec)",
            r"selector (definition|file|data|set)",
            r"(union|intersection).{0,80}(expected|key)|(expected|key).{0,80}(union|intersection)",
            r"state selector method",
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

MACHINE = (
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
    Cause(
        id="packages-unreachable",
        happened="A package of the project could not be fetched",
        why="dbt's package hub, or the git server of the package, did not answer.",
        todo="Often temporary, and the next try works. Better: leave packages to the image, which is built with those of "
        "`packages.yml`; a run needs no `dbt deps`, nor a way to the hub.",
        passes=True,
        source="Packages; " + CORE,
        signs=(
            r"hub\.getdbt\.com",
            r"(codeload\.)?(github|gitlab|bitbucket)\.\w+.{0,200}(timed? ?out|max retries|could not resolve|\b50\d\b|connection)",
            r"could not resolve host",
            r"external connection exception",
        ),
    ),
)

TESTS = (
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
        id="unit-test-broken",
        happened="A unit test could not be run",
        why="Its rows do not fit the columns of the model or of its inputs: a name, or a type, is another one.",
        todo="Correct the unit test's `given` and `expect` (columns and data types, `format: sql` says them exactly), then run "
        "just these again.",
        passes=False,
        source="Unit tests; " + CORE,
        signs=(
            r"during execution of unit test",
            r"not able to get columns for unit test",
            r"invalid column name.{0,120}unit test|unit test.{0,200}(invalid column|not found in|given inputs?|fixture|expect)",
        ),
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
            r"contract (error|mismatch|violation)",
            r"breaking changes? to (a |the )?contract",
            r"contracted models require",
        ),
    ),
)

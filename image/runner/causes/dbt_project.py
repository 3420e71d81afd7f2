"""What dbt does not understand in the project. Sources are pages of docs.getdbt.com and dbt's own modules."""

from .model import Cause

CORE = "dbt-core, dbt/exceptions.py"

PROJECT = (
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
        id="package-refused",
        happened="The git server does not give out a package of the project",
        why="The package's repository or revision is not there, or may not be read without credentials.",
        todo="Correct its url and revision in `packages.yml`, give the build of the image a token for it (`env_var` with the "
        "prefix DBT_ENV_SECRET), and deploy.",
        passes=False,
        source="Packages, 'Git packages'; " + CORE,
        signs=(
            r"(cloning|checking out spec)",
            r"\bgit\W{1,5}(clone|fetch|checkout|ls-remote)",
            r"could not find command.{0,80}\bgit\b",
            r"couldn't find remote ref",
            r"could not read (username|password)",
            r"permission denied \(publickey",
            r"\brepository\b.{0,80}(not found|does not exist).{0,80}(git|clone|$)",
            r"private package",
            r"git version",
        ),
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
            r"package.{0,60}(was not found|not found!|not installed|is missing)",
            r"could not find package",
            r"(incorrect structure|invalid package)",
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
            r"depends on a (node|source|macro|metric|model|function|seed|snapshot|unit test) named",
            r"which is not in the graph",
            r"attempted to reference node",
            r"cross-db references",
            r"could not find models for",
            r"which (was not found|is disabled)",
            r"references? (a |to )?.{0,60}(not found|does not exist|private)",
            r"could not find file",
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
            r"duplicate (name|key|patch|macro|column|resource|source|project)",
            r"found (nodes in multiple packages|a dependency with the same name)",
            r"versioned and unversioned",
            r"more than one package",
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
            r"(matching compatible version|version error) for package",
            r"mismatched types",
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
            r"macro\b.{0,80}(takes|got|missing|expected|raised|not\b|returns)",
            r"macro\b.{0,80}\bnot$",
            r"could not find (a macro|an incremental strategy)",
            r"unexpected (keyword )?(argument|'|\"|end of template|token|char|EOF)",
            r"(expected token|unknown tag|unclosed|template syntax|no (filter|test) named|close tag|control flow|nested tags)",
            r"(source|ref|metric|doc|var)\(\) takes",
            r"not callable|unsupported operand|object is not (iterable|subscriptable)|index out of range|can only concatenate",
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
        signs=(
            r"could not find profile",
            r"credentials in profile",
            r"profile.{0,80}(invalid|does not have|not found|target|misconfigured)",
            r"outputs not specified",
            r"(could not find adapter|no adapters? available|credentials type)",
        ),
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
            r"\byaml\b|\byml property|(invalid|reading|parse|load).{0,80}\.yml\b",
            r"expected .{0,60}(to be|dict|list|string|got)",
            r"(invalid|unknown|unexpected|missing|required) .{0,40}(config|configuration|key|field|propert|parameter"
            r"|materialization|strategy)",
            r"no materialization|materialization.{0,40}not available|only supports languages",
            r"incremental strategy.{0,80}not valid",
            r"microbatch",
            r"loaded_at_field",
            r"not a valid|is not valid|not valid\. ",
            r"must (be|have|specify|provide|define)",
            r"(cannot|can't) (be specified|specify both|have multiple|set both|contain spaces)",
            r"mutually exclusive",
            r"does not parse to|is empty$",
            r"invalid (value|setting|type)\b",
            r"--state|--defer",
            r"hard_deletes",
        ),
    ),
    Cause(
        id="compilation",
        happened="A model, test or macro of the project can't be compiled",
        why="dbt writes SQL from the project's files; the message names the file in which that failed.",
        todo="Correct the file that it names; `dbt compile` shows the same.",
        passes=False,
        source=CORE,
        signs=(r"compilation error", r"dbt(core)?.{0,20}compil", r"recursion", r"empty query", r"query comment contains"),
    ),
)

FAILED = Cause(
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

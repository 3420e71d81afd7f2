"""IAM's policy language, and what each service asks of a policy of its own.

IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference". Errors are worded as AWS
words them, where that is known from its pages or from public reports.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.grammars import vendors

VERSIONS = ("2012-10-17", "2008-10-17")
DOCUMENT_KEYS = {"Version", "Id", "Statement"}
STATEMENT_KEYS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip

_COMPARISONS = ("Equals", "NotEquals")
_ORDERED = (*_COMPARISONS, "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = {
    *(f"String{how}" for how in (*_COMPARISONS, "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")),
    *(f"{kind}{how}" for kind in ("Numeric", "Date") for how in _ORDERED),
    *(f"Arn{how}" for how in (*_COMPARISONS, "Like", "NotLike")),
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
}
"""IAM User Guide, "IAM JSON policy elements: Condition operators"."""

PARTITIONS = {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*"}

IAM_PATHS = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
    "saml-provider/", "oidc-provider/", "report/", "access-report/",
)  # fmt: skip
"""What a resource of IAM may begin with; AWS's own message lists them."""

PRINCIPAL_ARN = re.compile(
    r"arn:aws(-[a-z-]+)?:(iam::\d{12}:(root|(user|role)/[\w+=,.@/-]+)"
    r"|sts::\d{12}:(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)|iam::cloudfront:user/.+)"
)
PRINCIPAL_ID = re.compile(r"\*|\d{12}|A(ROA|IDA)[A-Z0-9]{12,}")
FEDERATED = re.compile(
    r"arn:aws(-[a-z-]+)?:iam::\d{12}:(oidc|saml)-provider/.+"
    r"|cognito-identity\.amazonaws\.com|www\.amazon\.com|graph\.facebook\.com|accounts\.google\.com"
)
"""IAM User Guide, "AWS JSON policy elements: Principal"."""

TOPIC_ACTIONS = (
    "AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish",
    "PutDataProtectionPolicy", "Receive", "RemovePermission", "SetTopicAttributes", "Subscribe",
)  # fmt: skip
"""SNS Developer Guide, "Amazon SNS API permissions", and what AddPermission takes."""

SHARED_ISSUERS = {
    "agent.buildkite.com": "sub",
    "app.terraform.io": "sub",
    "gitlab.com": "sub",
    "oidc.codefresh.io": "sub",
    "oidc.vercel.com": "aud",
    "token.actions.githubusercontent.com": "sub",
}
"""Issuer -> claim of which its trust policy must ask (IAM User Guide, "Identity-provider controls for shared OIDC providers")."""


class DuplicateKeyError(ValueError):
    """A JSON object names something twice."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What a kind of policy must be."""

    code: str
    """AWS's word for a policy that is none."""
    principal: bool
    """Statements name who; else they must not."""
    resource: bool
    """Statements name what; else they must not."""
    longest: int | None = None
    spaces_count: bool = True
    """White space counts for `longest`, and bytes, not characters."""
    plain_sids: bool = False
    """Letters and digits, each once."""
    own_sids: bool = False
    """No two statements may have the same, or none."""
    vendors: frozenset[str] | None = None
    """The services whose actions may be named; None: all."""
    asks: Callable[[dict[str, Any]], Iterator[str]] | None = None
    """What is wrong with a statement besides."""


def problem_of(dialect: Dialect) -> Callable[[Any], str | None]:
    """A check of a property that holds such a policy."""

    def check(value: Any) -> str | None:
        reason = next(_problems(value, dialect), None)
        return reason if reason is None or reason.startswith("LimitExceeded: ") else f"{dialect.code}: {reason}"

    return check


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of a policy that is one."""
    found = json.loads(policy)["Statement"]
    return found if isinstance(found, list) else [found]


def listed(value: Any) -> list[Any]:
    """One or many, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def principals(statement: dict[str, Any], kind: str) -> list[str]:
    """Who is named, of one kind (`AWS`, `Service`, ...)."""
    who = statement.get("Principal", statement.get("NotPrincipal"))
    return listed({"AWS": "*"}.get(kind) if who == "*" else who.get(kind)) if who else []


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` and `?` means the text; capitals mean nothing in actions."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.IGNORECASE) is not None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise DuplicateKeyError(f"names {twice!r} twice")
    return dict(pairs)


def _problems(value: Any, dialect: Dialect) -> Iterator[str]:
    try:
        document = json.loads(value, object_pairs_hook=_once)
    except DuplicateKeyError as error:
        yield f"Syntax errors in policy: an object {error}"
        return
    except (TypeError, ValueError) as error:
        yield f"is not JSON: {error}"
        return
    if not isinstance(document, dict):
        yield "is not a policy document: it must be a JSON object with Version and Statement"
        return
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        yield f"has the Version {document['Version']!r}; AWS knows {' and '.join(VERSIONS)}"
    if not isinstance(document.get("Id", ""), str):
        yield f"has the Id {document['Id']!r}, which is not a text"
    for name in sorted(set(document) - DOCUMENT_KEYS):
        yield f"has the unknown element {name!r}"
    yield from _size(value, dialect)
    found = listed(document.get("Statement"))
    if not found:
        yield "has no Statement"
    for index, statement in enumerate(found):
        yield from (f"Statement[{index}] {problem}" for problem in _statement(statement, dialect))
    yield from _sids([each.get("Sid") for each in found if isinstance(each, dict)], dialect)


def _size(text: str, dialect: Dialect) -> Iterator[str]:
    size = len(text.encode()) if dialect.spaces_count else len(re.sub(r"\s", "", text))
    if dialect.longest and size > dialect.longest:
        yield f"LimitExceeded: has {size} characters; AWS allows {dialect.longest}"


def _sids(sids: list[Any], dialect: Dialect) -> Iterator[str]:
    given = [sid for sid in sids if sid]
    for sid in given:
        if not isinstance(sid, str) or (dialect.plain_sids and not re.fullmatch("[0-9A-Za-z]*", sid)):
            yield f"Statement IDs (SID) must be alpha-numeric: {sid!r} does not match [0-9A-Za-z]*"
    if dialect.plain_sids and len(set(map(str, given))) != len(given):
        yield "Statement IDs (SID) in a single policy must be unique"
    if dialect.own_sids and len({str(sid or "") for sid in sids}) != len(sids):
        yield "Every policy statement must have a unique ID."


def _statement(statement: Any, dialect: Dialect) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "is not an object"
        return
    for name in sorted(set(statement) - STATEMENT_KEYS):
        yield f"has the unknown element {name!r}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"has the Effect {statement.get('Effect')!r}; AWS knows Allow and Deny"
    for name, wanted in (("Action", True), ("Resource", dialect.resource), ("Principal", dialect.principal)):
        present = [key for key in (name, f"Not{name}") if key in statement]
        if wanted and len(present) != 1:
            yield f"must have either {name} or Not{name}"
        for key in present:
            yield from _element(key, statement[key], dialect) if wanted else [f"must not have {key} in this kind of policy"]
    yield from _conditions(statement.get("Condition", {}))
    if dialect.asks and all(isinstance(statement.get(name, ""), (str, list)) for name in ("Action", "Resource")):
        yield from dialect.asks(statement)


def _element(name: str, value: Any, dialect: Dialect) -> Iterator[str]:
    match name.removeprefix("Not"):
        case "Action":
            yield from _texts(name, value, lambda each: _action(each, dialect))
        case "Resource":
            yield from _texts(name, value, _resource)
        case _:
            yield from _principal(name, value)


def _texts(name: str, value: Any, check: Callable[[str], str | None]) -> Iterator[str]:
    values = listed(value)
    if not values:
        yield f"{name}: Policy statement must contain {'actions' if 'Action' in name else 'resources'}"
    for each in values:
        problem = check(each) if isinstance(each, str) else f"{each!r} is not a text"
        if problem:
            yield f"{name}: {problem}"


def _action(value: str, dialect: Dialect) -> str | None:
    if value == "*":
        return None if dialect.vendors is None or "*" in dialect.vendors else "* is out of service scope"
    vendor, colon, name = value.partition(":")
    if not colon or not vendor:
        return f"{value!r}: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    if not vendors.known(vendor.lower()):
        return f"Vendor {vendor} is not valid"
    if not re.fullmatch(r"[A-Za-z0-9*?]+", name):
        return f"{value!r} is not a valid action"
    if dialect.vendors is not None and vendor.lower() not in dialect.vendors:
        return f"{value!r}: action out of service scope; it knows those of {', '.join(sorted(dialect.vendors - {'*'}))}"
    return None


def _resource(value: str) -> str | None:
    if value == "*":
        return None
    parts = value.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6 or not parts[5]:
        return f'Resource {value} must be in ARN format or "*".'
    _, partition, vendor, region, _, resource = parts
    if partition not in PARTITIONS:
        return f'Partition "{partition}" is not valid for resource "{value}".'
    if not vendor or re.search(r"[*?$]", vendor):
        return f"{value}: Vendor must be fully qualified and cannot contain regexes."
    return _resource_of_iam(value, region, resource) if vendor == "iam" else None


def _resource_of_iam(value: str, region: str, resource: str) -> str | None:
    if region:
        return f"IAM resource {value} cannot contain region information."
    if re.search(r"[*?$]", resource.partition("/")[0]) or resource.startswith((*IAM_PATHS, "root")):
        return None
    return f'IAM resource path must either be "*" or start with {", ".join(IAM_PATHS)}: {value}'


def _principal(name: str, value: Any) -> Iterator[str]:
    if value == "*":
        return
    if not isinstance(value, dict) or not value or set(value) - {"AWS", "Service", "Federated", "CanonicalUser"}:
        yield f"{name}: Invalid principal in policy: {json.dumps(value)}"
        return
    right = {
        "AWS": lambda who: PRINCIPAL_ARN.fullmatch(who) or PRINCIPAL_ID.fullmatch(who),
        "Service": vendors.service_principal,
        "Federated": FEDERATED.fullmatch,
        "CanonicalUser": re.compile("[0-9a-f]{64}").fullmatch,
    }
    for kind, given in value.items():
        for who in listed(given) or [None]:
            if not isinstance(who, str) or not right[kind](who):
                yield f'{name}: Invalid principal in policy: "{kind.upper()}":{json.dumps(who)}'


def _conditions(conditions: Any) -> Iterator[str]:
    if not isinstance(conditions, dict):
        yield "Condition is not an object"
        return
    for operator, keys in conditions.items():
        base = operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:")
        bare = base if base == "NullIfExists" else base.removesuffix("IfExists")
        if bare.lower() not in {each.lower() for each in OPERATORS}:
            yield f"Condition: Invalid Condition type : {operator}"
        elif not isinstance(keys, dict):
            yield f"Condition: {operator} is not an object of keys"
        else:
            for key, values in keys.items():
                yield from (f"Condition: {problem}" for problem in _condition(bare, key, values))


def _condition(operator: str, key: str, values: Any) -> Iterator[str]:
    vendor, colon, name = key.partition(":")
    issuer = "." in vendor or "/" in vendor or vendor.lower() in ("aws", "saml")
    if not colon or not name:
        yield f"{key!r}: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    elif not issuer and not vendors.known(vendor.lower()):
        yield f"{key!r}: Vendor {vendor} is not valid"
    for value in [None] if values is None else listed(values):
        if not isinstance(value, str | bool | int | float):
            yield f"{key}: {value!r} is not a text"
        elif reason := _condition_value(operator, str(value)):
            yield f"{key}: {reason}"


def _condition_value(operator: str, value: str) -> str | None:
    if "${" in value:
        return None
    if operator in ("Bool", "Null") and value.lower() not in ("true", "false"):
        return f"{value!r} is neither true nor false, as {operator} wants it"
    if operator in ("IpAddress", "NotIpAddress"):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            return f"{value!r} is no IP address or network"
    if operator.startswith("Numeric") and not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
        return f"{value!r} is no number, as {operator} wants it"
    if operator.startswith("Date") and not re.fullmatch(r"\d+|\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-][\d:]+)?)?)?)?", value):
        return f"{value!r} is no date in ISO 8601, as {operator} wants it"
    return None


def _trust(statement: dict[str, Any]) -> Iterator[str]:
    for action in listed(statement.get("Action")):
        meant = vendors.actions("sts", action.partition(":")[2]) if isinstance(action, str) else {}
        if action != "*" and not any(name.startswith(("AssumeRole", "TagSession", "SetSource", "SetContext")) for name in meant):
            yield f"AssumeRole policy may only specify STS AssumeRole actions: {action}"
    if "NotPrincipal" in statement:
        yield "Has prohibited field NotPrincipal"
    for who in principals(statement, "Federated"):
        issuer = who.partition("oidc-provider/")[2]
        claim = SHARED_ISSUERS.get(issuer)
        if claim and statement["Effect"] == "Allow" and not _asks_for(statement, f"{issuer}:{claim}"):
            yield f"the trust of the shared issuer {issuer} must ask for {issuer}:{claim}, with more than * as its value"


def _asks_for(statement: dict[str, Any], key: str) -> bool:
    conditions = statement.get("Condition")
    return any(
        name.lower() == key and all(str(value).strip("*?") for value in listed(values))
        for keys in (conditions.values() if isinstance(conditions, dict) else ())
        for name, values in (keys.items() if isinstance(keys, dict) else ())
    )


def _bucket(statement: dict[str, Any]) -> Iterator[str]:
    """S3 User Guide, "Bucket policies": actions, resources and keys must fit one another."""
    resources = listed(statement.get("Resource"))
    if "*" in resources:
        yield 'Policy has invalid resource: "*"'
    kinds = {_bucket_kind(each) for each in resources if isinstance(each, str)}
    for action in listed(statement.get("Action")):
        meant = vendors.actions("s3", str(action).partition(":")[2]) if action != "*" else {}
        if action != "*" and not meant:
            yield f"Policy has invalid action: {action}"
        elif meant and kinds and "both" not in kinds and not any(types & kinds for types in meant.values()):
            yield f"Action does not apply to any resource(s) in statement: {action}"
    for keys in (statement.get("Condition") or {}).values():
        for key in keys if isinstance(keys, dict) else ():
            own = key.lower().startswith("s3:")
            if (own and not vendors.condition_key("s3", key)) or (key.lower().startswith("aws:") and not vendors.global_key(key)):
                yield f"Policy has an invalid condition key: {key}"
            elif "Action" in statement and not vendors.key_of_actions("s3", key, map(str, listed(statement["Action"]))):
                yield f"Conditions do not apply to combination of actions and resources in statement: {key}"


def _bucket_kind(arn: str) -> str:
    resource = arn.partition(":::")[2]
    if "/" in resource:
        return "object"
    return "both" if "*" in resource or "?" in resource else "bucket"


def _known_actions(service: str, resource: str) -> Callable[[dict[str, Any]], Iterator[str]]:
    """A policy of a resource that takes only actions about such a resource."""

    def check(statement: dict[str, Any]) -> Iterator[str]:
        for action in listed(statement.get("Action")):
            meant = vendors.actions(service, str(action).partition(":")[2])
            if action != "*" and not any(resource in types for types in meant.values()):
                yield f"{action} is no action on a {resource}"

    return check


def _topic(statement: dict[str, Any]) -> Iterator[str]:
    for action in listed(statement.get("Action")):
        if not any(matches(str(action).partition(":")[2], name) for name in TOPIC_ACTIONS):
            yield f"statement action out of service scope! {action}"


CALLERS_CANT_MEET = re.compile(r"kms:(viaservice|grantisforawsresource|encryptioncontext.*)|aws:source.*", re.IGNORECASE)
"""Condition keys that a direct call to KMS does not have."""


def locks_out(policy: str, account: str) -> bool:
    """Whether a key's policy lets nobody of the account change it (KMS Developer Guide, "Key policies in AWS KMS")."""
    return {each["Effect"] for each in statements(policy) if _lets_change(each, account)} != {"Allow"}


def _lets_change(statement: dict[str, Any], account: str) -> bool:
    """Whether a statement is about PutKeyPolicy, called by the account."""
    everybody = ("*", account, f"arn:aws:iam::{account}:root")
    who = principals(statement, "AWS")
    if statement["Effect"] == "Deny":
        named = any(one in everybody for one in who) and "NotPrincipal" not in statement and not statement.get("Condition")
    else:
        named = any(one in everybody or one.split(":")[4:5] == [account] for one in who)
    unmet = any(CALLERS_CANT_MEET.fullmatch(key) for keys in (statement.get("Condition") or {}).values() for key in keys)
    actions = [matches(each, "kms:PutKeyPolicy") for each in listed(statement.get("Action", statement.get("NotAction")))]
    about = any(actions) if "Action" in statement else not any(actions)
    return named and about and not unmet


def open_to_all(policy: str) -> bool:
    """Whether a policy allows everybody, with no condition."""
    return any(
        each["Effect"] == "Allow" and "*" in principals(each, "AWS") and "Condition" not in each for each in statements(policy)
    )


def elsewhere(policy: str, bucket: str) -> str | None:
    """A resource of a bucket's policy that is not of that bucket."""
    arns = (arn for each in statements(policy) for arn in listed(each.get("Resource", each.get("NotResource"))))
    return next((arn for arn in arns if not matches(arn.partition(":::")[2].partition("/")[0], bucket)), None)


IDENTITY = Dialect(
    code="MalformedPolicyDocument", principal=False, resource=True, longest=10240, spaces_count=False, plain_sids=True
)
"""Inline policies of a role; IAM User Guide, "IAM and AWS STS quotas": 10,240 characters for all of a role's together."""

MANAGED = Dialect(code="MalformedPolicyDocument", principal=False, resource=True, longest=6144, spaces_count=False, plain_sids=True)
"""The same page."""

TRUST = Dialect(
    code="MalformedPolicyDocument",
    principal=True,
    resource=False,
    longest=2048,
    spaces_count=False,
    plain_sids=True,
    asks=_trust,
)
"""The same page: role trust policy length."""

KEY = Dialect(
    code="MalformedPolicyDocumentException",
    principal=True,
    resource=True,
    longest=32768,
    vendors=frozenset({"kms", "*"}),
)
"""KMS Developer Guide, "Resource quotas": key policy document size; "Key policies in AWS KMS"."""

BUCKET = Dialect(code="MalformedPolicy", principal=True, resource=True, longest=20480, vendors=frozenset({"s3", "*"}), asks=_bucket)
"""S3 User Guide, "Policies and permissions in Amazon S3": 20 KB."""

SECRET = Dialect(
    code="MalformedPolicyDocumentException",
    principal=True,
    resource=True,
    longest=20480,
    vendors=frozenset({"secretsmanager", "*"}),
    asks=_known_actions("secretsmanager", "Secret"),
)
"""Secrets Manager User Guide, "AWS Secrets Manager quotas"."""

TOPIC = Dialect(
    code="InvalidParameter: Invalid parameter: Policy",
    principal=True,
    resource=True,
    longest=30720,
    vendors=frozenset({"sns"}),
    own_sids=True,
    asks=_topic,
)
"""SNS API Reference, SetTopicAttributes: "Policy statement action out of service scope!" for sns:CreateTopic, and "Every policy
statement must have a unique ID." (public reports)."""

REPOSITORY = Dialect(
    code="InvalidParameterException: Invalid repository policy provided",
    principal=True,
    resource=False,
    longest=10240,
    vendors=frozenset({"ecr", "*"}),
    asks=_known_actions("ecr", "repository"),
)
"""ECR User Guide, "Private repository policies"."""

ENDPOINT = Dialect(code="InvalidPolicyDocument", principal=True, resource=True, longest=20480)
"""AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies": 20,480 characters with white space."""

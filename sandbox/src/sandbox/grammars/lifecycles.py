"""What lifecycle rules must be: those of ECR's images, a JSON text, and those of S3's objects."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from sandbox.rules import UNKNOWN, Problem, Properties

MOST_WILDCARDS = 4


def image_policy(value: Any) -> str | None:
    """What is wrong with a lifecycle policy of ECR (ECR User Guide, "Lifecycle policy properties in Amazon ECR")."""
    reason = next(_image_rules(json.loads(value)["rules"]), None)
    return f"InvalidParameterException: Invalid parameter at 'LifecyclePolicyText': {reason}" if reason else None


def _image_rules(rules: list[Any]) -> Iterator[str]:
    for index, rule in enumerate(rules):
        yield from (f"rules[{index}] {problem}" for problem in (*_image_selection(rule["selection"]), *_image_action(rule)))
    priorities = [rule["rulePriority"] for rule in rules]
    if len(set(priorities)) != len(priorities):
        yield "two rules have the same rulePriority"
    tagged = [each for rule in rules for name in ("tagPrefixList", "tagPatternList") for each in rule["selection"].get(name) or []]
    archived = any("storageClass" in rule["selection"] or rule["action"]["type"] != "expire" for rule in rules)
    if not archived and len(set(tagged)) != len(tagged):
        yield "the rules, taken together, must have a unique set of tag prefixes"
    if not archived and [rule["selection"]["tagStatus"] for rule in rules].count("untagged") > 1:
        yield "only one rule is allowed to select untagged images"
    catch_all = [rule["rulePriority"] for rule in rules if rule["selection"]["tagStatus"] == "any"]
    if len(catch_all) > 1 and not any("storageClass" in rule["selection"] for rule in rules):
        yield "more than one rule has the tagStatus any"
    if catch_all and max(catch_all) != max(priorities):
        yield "a rule with the tagStatus any must have the highest rulePriority"


def _image_selection(selection: dict[str, Any]) -> Iterator[str]:
    status, lists = selection["tagStatus"], [name for name in ("tagPrefixList", "tagPatternList") if selection.get(name)]
    if status == "tagged" and len(lists) != 1:
        yield "with the tagStatus tagged needs either tagPrefixList or tagPatternList"
    if status != "tagged" and lists:
        yield f"with the tagStatus {status} must not have {lists[0]}"
    for text in itertools.chain.from_iterable(selection[name] for name in lists):
        if not text or text.count("*") > MOST_WILDCARDS:
            yield f"has the tag {text!r}: it must be a text with at most {MOST_WILDCARDS} wildcards"
    count, has_unit = selection["countType"], "countUnit" in selection
    if has_unit == (count == "imageCountMoreThan"):
        yield f"with {count} {'must not have a countUnit' if has_unit else 'needs the countUnit days'}"


def _image_action(rule: dict[str, Any]) -> Iterator[str]:
    moves = rule["action"]["type"] == "transition"
    if moves != ("targetStorageClass" in rule["action"]):
        yield "has an action that must be a transition with a targetStorageClass, or expire without one"
    if (rule["selection"]["countType"] == "sinceImageTransitioned") and rule["selection"].get("storageClass") != "archive":
        yield "with sinceImageTransitioned needs the storageClass archive"


# --- S3

ACTIONS = (
    "abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions", "transitions",
)  # fmt: skip
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
LEAST_DAYS = 30
"""Days before an object may be moved to infrequent access (S3 User Guide, "Lifecycle transition general considerations")."""

COLDER = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
"""The waterfall of the same page: an object moves downwards only."""


def object_rules(rules: list[Properties]) -> Iterator[Problem]:
    """S3 API Reference, PutBucketLifecycleConfiguration; S3 User Guide, "Lifecycle configuration elements"."""
    ids = [rule.get("id") for rule in rules]
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if "id" not in rule:
            yield f"{path}.id", "is required"
        elif rule["id"] != UNKNOWN and ids.count(rule["id"]) > 1:
            yield f"{path}.id", f"Rule ID must be unique: {rule['id']!r} is used twice"
        if not any(name in rule for name in ACTIONS):
            yield path, f"InvalidRequest: has no action: give one of {', '.join(ACTIONS)}"
        for part, reason in (*_filter(rule), *_expiration(rule), *_transitions(rule), *_noncurrent(rule)):
            yield f"{path}.{part}", reason


def _filter(rule: Properties) -> Iterator[Problem]:
    chosen = rule.get("filter") or {}
    if len(chosen) > 1:
        yield "filter", f"MalformedXML: has {' and '.join(sorted(chosen))}: give one, or all inside of `and`"
    both = chosen.get("and") or {}
    if both and len(both) < 2 and len(both.get("tags") or {}) < 2:
        yield "filter.and", "MalformedXML: needs two conditions or more"
    if not (rule.get("abortIncompleteMultipartUpload", {"daysAfterInitiation": 1}) or {}).get("daysAfterInitiation"):
        yield "abortIncompleteMultipartUpload.daysAfterInitiation", "is required"
    if "prefix" in rule and chosen:
        yield "prefix", "MalformedXML: give either prefix or filter"
    everything = {**chosen, **both}
    least, most = everything.get("objectSizeGreaterThan"), everything.get("objectSizeLessThan")
    if isinstance(least, int) and isinstance(most, int) and least >= most:
        yield "filter", "InvalidRequest: objectSizeGreaterThan must be less than objectSizeLessThan"
    tagged = {"tag", "tags"} & set(everything)
    if tagged and "abortIncompleteMultipartUpload" in rule:
        yield "abortIncompleteMultipartUpload", "cannot be specified with Tags"
    if tagged and (rule.get("expiration") or {}).get("expiredObjectDeleteMarker"):
        yield "expiration.expiredObjectDeleteMarker", "cannot be specified with Tags"
    if {"objectSizeGreaterThan", "objectSizeLessThan"} & set(everything) and "abortIncompleteMultipartUpload" in rule:
        yield "abortIncompleteMultipartUpload", "cannot be specified with object sizes"


def _expiration(rule: Properties) -> Iterator[Problem]:
    if "expiration" not in rule:
        return
    given = [name for name in ("date", "days", "expiredObjectDeleteMarker") if rule["expiration"].get(name)]
    if len(given) != 1:
        yield (
            "expiration",
            f"MalformedXML: give one of date, days, expiredObjectDeleteMarker; has {' and '.join(given) or 'none'}",
        )


def _transitions(rule: Properties) -> Iterator[Problem]:
    given = rule.get("transitions") or []
    for index, each in enumerate(given):
        path = f"transitions[{index}]"
        if ("days" in each) == ("date" in each):
            yield path, "MalformedXML: give either days or date"
        if "storageClass" not in each:
            yield f"{path}.storageClass", "is required"
        if each.get("storageClass") in INFREQUENT and _below(each.get("days"), LEAST_DAYS):
            yield (
                f"{path}.days",
                f"'Days' must be greater than or equal to {LEAST_DAYS} for storageClass '{each['storageClass']}'",
            )
    yield from _waterfall("transitions", given, "days")
    yield from _after("expiration", (rule.get("expiration") or {}).get("days"), given, "days")
    dated = {name for each in [*given, rule.get("expiration") or {}] for name in ("days", "date") if name in each}
    if len(dated) > 1:
        yield "transitions", "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule"


def _noncurrent(rule: Properties) -> Iterator[Problem]:
    given = rule.get("noncurrentVersionTransitions") or []
    for index, each in enumerate(given):
        path = f"noncurrentVersionTransitions[{index}]"
        for name in ("noncurrentDays", "storageClass"):
            if name not in each:
                yield f"{path}.{name}", "is required"
        if each.get("storageClass") in INFREQUENT and _below(each.get("noncurrentDays"), LEAST_DAYS):
            reason = f"must be greater than or equal to {LEAST_DAYS} for storageClass '{each['storageClass']}'"
            yield f"{path}.noncurrentDays", reason
    yield from _waterfall("noncurrentVersionTransitions", given, "noncurrentDays")
    expiration = rule.get("noncurrentVersionExpiration")
    if expiration is not None:
        if "noncurrentDays" not in expiration:
            yield "noncurrentVersionExpiration.noncurrentDays", "is required"
        yield from _after("noncurrentVersionExpiration", expiration.get("noncurrentDays"), given, "noncurrentDays")


def _waterfall(path: str, given: list[Properties], days: str) -> Iterator[Problem]:
    """From one class to the next: another class each, colder, and later; thirty days of infrequent access at least."""
    classes = [each.get("storageClass") for each in given]
    if len(set(classes)) != len(classes):
        yield path, "'StorageClass' must be different for 'Transition' actions in same 'Rule'"
    numbered = sorted((each for each in given if isinstance(each.get(days), int)), key=lambda each: each[days])
    for one, next_one in itertools.pairwise(numbered):
        if not {one.get("storageClass"), next_one.get("storageClass")} <= set(COLDER):
            continue
        first, second = COLDER.index(one["storageClass"]), COLDER.index(next_one["storageClass"])
        gap = LEAST_DAYS if one["storageClass"] in INFREQUENT else 0
        if first > second:
            yield path, f"{next_one['storageClass']} can't follow {one['storageClass']}"
        elif next_one[days] - one[days] < gap:
            yield (
                path,
                f"'Days' in the 'Transition' action for StorageClass '{next_one['storageClass']}' must be greater than or equal to "
                f"{gap} days more than StorageClass '{one['storageClass']}'",
            )


def _after(path: str, end: Any, given: list[Properties], days: str) -> Iterator[Problem]:
    if isinstance(end, int) and any(isinstance(each.get(days), int) and end <= each[days] for each in given):
        yield f"{path}.{days}", "'Days' in the Expiration action must be greater than 'Days' in the Transition action"


def _below(value: Any, least: int) -> bool:
    return isinstance(value, int) and value < least

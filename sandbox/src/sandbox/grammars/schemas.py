"""JSON Schemas of documents in strings, and of structures that botocore's models name otherwise than Pulumi does.

What a schema can't say, that parts fit one another, is said in Python beside the type.
"""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 1}
TEXTS: Schema = {"type": "array", "items": TEXT}
OBJECT: Schema = {"type": "object"}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _items(schema: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": schema, **more}


def _one_of(*values: str) -> Schema:
    return {"enum": list(values)}


IMAGE_LIFECYCLE = _object(
    ("rules",),
    rules=_items(
        _object(
            ("rulePriority", "selection", "action"),
            rulePriority=WHOLE,
            description=TEXT,
            selection=_object(
                ("tagStatus", "countType", "countNumber"),
                tagStatus=_one_of("tagged", "untagged", "any"),
                tagPrefixList=TEXTS,
                tagPatternList=TEXTS,
                storageClass=_one_of("standard", "archive"),
                countType=_one_of("imageCountMoreThan", "sinceImagePulled", "sinceImagePushed", "sinceImageTransitioned"),
                countUnit=_one_of("days"),
                countNumber=WHOLE,
            ),
            action=_object(("type",), type=_one_of("expire", "transition"), targetStorageClass=_one_of("archive")),
        ),
        minItems=1,
        maxItems=50,
    ),
)
"""ECR User Guide, "Lifecycle policy properties in Amazon ECR"."""

_AXIS: Schema = {"type": "object", "properties": {"min": {"type": "number"}, "max": {"type": "number"}, "label": TEXT}}

_HORIZONTAL: Schema = {
    "type": ["object", "array"],
    "properties": {"fill": _one_of("above", "below", "between"), "yAxis": _one_of("left", "right"), "label": TEXT},
}

_VERTICAL: Schema = {
    "type": ["object", "array"],
    "properties": {"fill": _one_of("before", "after", "between"), "label": TEXT},
}


def _widget(kind: str, **properties: Any) -> Schema:
    """What the properties of a widget of one kind must be besides."""
    return {"if": {"properties": {"type": {"const": kind}}}, "then": {"properties": {"properties": properties}}}


DASHBOARD: Schema = {
    "type": "object",
    "required": ["widgets"],
    "properties": {
        "variables": _items(
            {
                "type": "object",
                "required": ["type", "id", "inputType"],
                "properties": {
                    "type": _one_of("property", "pattern"),
                    "inputType": _one_of("input", "radio", "select"),
                    "id": {"type": "string", "minLength": 1},
                },
                "anyOf": [{"required": ["property"]}, {"required": ["pattern"]}],
            }
        ),
        "widgets": _items(
            {
                "type": "object",
                "required": ["type", "properties"],
                "properties": {
                    "type": TEXT,
                    "properties": {
                        "type": "object",
                        "properties": {
                            "metrics": {"type": "array"},
                            "yAxis": {"type": "object", "additionalProperties": _AXIS},
                            "legend": OBJECT,
                            "annotations": {
                                "type": "object",
                                "properties": {
                                    "horizontal": _items(_HORIZONTAL),
                                    "vertical": _items(_VERTICAL),
                                    "alarms": TEXTS,
                                },
                            },
                        },
                    },
                },
                "allOf": [
                    _widget("metric", properties={"metrics": _items({"type": "array"})}),
                    _widget("alarm", properties={"states": _items(_one_of("ALARM", "INSUFFICIENT_DATA", "OK"))}),
                    _widget("explorer", required=["metrics", "labels"]),
                    _widget(
                        "custom",
                        required=["endpoint"],
                        properties={"endpoint": {"type": "string", "pattern": "^arn:aws(-[a-z-]+)?:lambda:"}},
                    ),
                ],
            }
        ),
    },
}
"""CloudWatch API Reference, "Dashboard body structure and syntax"; `dashboards.py` has the rest."""

INPUT_TRANSFORMER = _object(
    ("inputTemplate",),
    inputPaths={"type": "object", "additionalProperties": TEXT},
    inputTemplate={"type": "string", "minLength": 1, "maxLength": 8192},
)
"""EventBridge API Reference, InputTransformer."""

BUDGET_NOTIFICATIONS = _items(
    _object(
        ("comparisonOperator", "notificationType", "threshold", "thresholdType"),
        comparisonOperator=TEXT,
        notificationType=TEXT,
        threshold={"type": "number"},
        thresholdType=TEXT,
        subscriberEmailAddresses=TEXTS,
        subscriberSnsTopicArns=TEXTS,
    )
)
"""Budgets API Reference, Notification and Subscriber."""

REGION: Schema = {"type": "string", "pattern": r"^[a-z]{2}(-[a-z]+)+-\d+$"}

ZONE_VPCS = _items(_object(("vpcId",), vpcId=TEXT, vpcRegion=REGION), uniqueItems=True)
"""Route 53 API Reference, VPC."""

RECORD_ALIAS = _items(
    _object(("name", "zoneId", "evaluateTargetHealth"), name=TEXT, zoneId=TEXT, evaluateTargetHealth={"type": "boolean"}),
    minItems=1,
    maxItems=1,
)
"""Route 53 API Reference, AliasTarget."""

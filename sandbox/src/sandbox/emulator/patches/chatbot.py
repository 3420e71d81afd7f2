"""Amazon Q Developer in chat applications: configurations of channels of Slack and Microsoft Teams, which MiniStack does not have.

AWS Chatbot API Reference; Service Authorization Reference, "Amazon Q in chat applications". They belong to an account, not to a
region, and a channel has one of them (aws-cloudformation/cloudformation-coverage-roadmap#1155). No message reaches a channel.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
import re
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import error_response_json, get_account_id

from sandbox.emulator.patches import replaces
from sandbox.emulator.roles import DeniedError, require_caller_may_pass

Answer = tuple[int, dict[str, str], bytes]

KINDS = {"slack": ("slack-channel", "SlackChannelId"), "ms-teams": ("microsoft-teams-channel", "ChannelId")}
"""By its word in the API's paths: what stands in its ARN, and the member that names the channel."""

LISTS = {"slack": "SlackChannelConfigurations", "ms-teams": "TeamChannelConfigurations"}

UNLESS_TOLD = {
    "GuardrailPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
    "LoggingLevel": "NONE",
    "SnsTopicArns": [],
    "UserAuthorizationRequired": False,
    "Tags": [],
}
"""API Reference, CreateSlackChannelConfiguration."""

_configurations: dict[str, dict[str, Any]] = {}
"""By ARN."""

_stock_resource = iam_actions.extract_resource_arn


async def _handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:  # noqa: ARG001
    given = json.loads(body or b"{}")
    if found := re.fullmatch(r"/(create|update|delete|get|describe|list)-(slack|ms-teams)-channel-configurations?", path):
        return _OPERATIONS[found[1]](found[2], given)
    if found := re.fullmatch(r"/(tag|untag)-resource|/list-tags-for-resource", path):
        return _tags(found[1], given)
    return error_response_json("UnknownOperationException", f"{path} is not modelled", 404)


def _create(kind: str, given: dict[str, Any]) -> Answer:
    word, channel = KINDS[kind]
    try:
        require_caller_may_pass(given["IamRoleArn"], "chatbot.amazonaws.com")
    except DeniedError as denied:
        return error_response_json("AccessDeniedException", str(denied), 403)
    arn = f"arn:aws:chatbot::{get_account_id()}:chat-configuration/{word}/{given['ConfigurationName']}"
    if arn in _configurations or any(each[channel] == given[channel] for each in _of(kind)):
        return error_response_json("ConflictException", "There is a configuration of this name or channel already.", 409)
    _configurations[arn] = {**UNLESS_TOLD, **given, "ChatConfigurationArn": arn, "State": "ENABLED"}
    return _json({"ChannelConfiguration": _configurations[arn]}, 201)


def _update(kind: str, given: dict[str, Any]) -> Answer:
    if (arn := given["ChatConfigurationArn"]) not in _configurations:
        return _missing(arn)
    _configurations[arn] |= given
    return _get(kind, given)


def _delete(kind: str, given: dict[str, Any]) -> Answer:  # noqa: ARG001 - one signature for all
    gone = _configurations.pop(given["ChatConfigurationArn"], None)
    return _json({}, 204) if gone else _missing(given["ChatConfigurationArn"])


def _get(kind: str, given: dict[str, Any]) -> Answer:  # noqa: ARG001 - one signature for all
    return _json({"ChannelConfiguration": _configurations.get(given["ChatConfigurationArn"])})


def _list(kind: str, given: dict[str, Any]) -> Answer:
    asked = {name: given[name] for name in ("ChatConfigurationArn", "TeamId") if name in given}
    return _json({LISTS[kind]: [each for each in _of(kind) if asked.items() <= each.items()]})


_OPERATIONS = {"create": _create, "update": _update, "delete": _delete, "get": _get, "describe": _list, "list": _list}


def _tags(verb: str | None, given: dict[str, Any]) -> Answer:
    if (configuration := _configurations.get(given["ResourceARN"])) is None:
        return _missing(given["ResourceARN"])
    changed = [each["TagKey"] for each in given.get("Tags", [])] + given.get("TagKeys", [])
    if verb:
        kept = [each for each in configuration["Tags"] if each["TagKey"] not in changed]
        configuration["Tags"] = kept + given.get("Tags", [])
    return _json({} if verb else {"Tags": configuration["Tags"]})


def _of(kind: str) -> list[dict[str, Any]]:
    """The account's configurations of a kind."""
    own = f"arn:aws:chatbot::{get_account_id()}:chat-configuration/{KINDS[kind][0]}/"
    return [each for arn, each in _configurations.items() if arn.startswith(own)]


def _missing(arn: str) -> Answer:
    return error_response_json("ResourceNotFoundException", f"{arn} does not exist.", 404)


def _json(answer: dict[str, Any], status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, b"" if status == 204 else json.dumps(answer).encode()


@replaces(iam_actions, "extract_resource_arn")
def extract_resource_arn(service: str, *request: Any) -> str:
    """The resource of a request; `request` is method, path, headers, body, query, region and account."""
    if service != "chatbot":
        return _stock_resource(service, *request)
    given = json.loads(request[3] or b"{}")
    return given.get("ChatConfigurationArn") or given.get("ResourceARN") or "*"


app.SERVICE_HANDLERS["chatbot"] = _handle
iam_actions.SERVICE_TO_IAM_NAMESPACE["chatbot"] = "chatbot"
iam_actions._BOTOCORE_SERVICE_MAP["chatbot"] = ["chatbot"]

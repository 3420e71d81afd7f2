"""ECR's registry, as `docker push` and the tasks' pulls meet it: a log-in first, no more than the caller may, no tag twice.

Amazon ECR User Guide, "Private registry authentication" (a token has the rights of the principal that asked for it), "IAM
permissions for pushing an image", "Preventing image tags from being overwritten". A tag that is there is refused with the same
bytes too (aws/containers-roadmap#2380). MiniStack asks nobody who they are, and takes the same bytes again.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import base64
import binascii
import json
import secrets
import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import ecr

from sandbox.emulator.patches import replaces
from sandbox.emulator.roles import DeniedError, require_key

TOKEN_SECONDS = 12 * 3600

ACTIONS = {
    ("blob", "GET"): "ecr:GetDownloadUrlForLayer",
    ("blob", "HEAD"): "ecr:BatchCheckLayerAvailability",
    ("blob_uploads", "POST"): "ecr:InitiateLayerUpload",
    ("blob_upload_session", "PATCH"): "ecr:UploadLayerPart",
    ("blob_upload_session", "PUT"): "ecr:CompleteLayerUpload",
    ("manifest", "GET"): "ecr:BatchGetImage",
    ("manifest", "HEAD"): "ecr:BatchGetImage",
    ("manifest", "PUT"): "ecr:PutImage",
}
"""What each request of Docker's is to IAM."""

Response = tuple[int, dict[str, str], bytes]

_keys: dict[str, str] = {}
"""Password -> access key of whom it was given to; empty for the root user, who may do everything."""

_stock_handle = ecr.handle_registry_request
_stock_put_image = ecr._put_image


def password(access_key: str) -> str:
    """A new password for the user `AWS`, with the rights of the access key."""
    made = secrets.token_urlsafe(32)
    _keys[made] = access_key
    return made


@replaces(ecr, "_get_authorization_token")
def get_authorization_token(_: dict[str, Any]) -> Response:
    """GetAuthorizationToken."""
    token = f"AWS:{password(iam_evaluator._verified_key.get())}".encode()
    given = {
        "authorizationToken": base64.b64encode(token).decode(),
        "expiresAt": int(time.time()) + TOKEN_SECONDS,
        "proxyEndpoint": f"https://{get_account_id()}.dkr.ecr.{get_region()}.amazonaws.com",
    }
    return json_response({"authorizationData": [given]})


@replaces(ecr, "handle_registry_request")
async def handle_registry_request(
    method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> Response:
    """Docker's Registry HTTP API."""
    key = _caller(headers)
    if key is None:
        status, answer, content = ecr._registry_error(401, "UNAUTHORIZED", "authentication required")
        return status, {**answer, "WWW-Authenticate": 'Basic realm="ECR",service="ecr.amazonaws.com"'}, content
    verb, repository, reference = ecr._parse_v2_path(path) or ("", "", "")
    action = ACTIONS.get((verb, method.upper()))
    try:
        if key and action:
            require_key(key, action, f"arn:aws:ecr:{get_region()}:{get_account_id()}:repository/{repository}")
    except DeniedError as denied:
        return ecr._registry_error(403, "DENIED", str(denied))
    if action == "ecr:PutImage" and _is_taken(repository, reference):
        return ecr._registry_error(400, "TAG_INVALID", _taken(repository, reference))
    return await _stock_handle(method, path, headers, body, query_params)


@replaces(ecr, "_put_image")
def put_image(data: dict[str, Any]) -> Response:
    """PutImage."""
    repository, tag = data.get("repositoryName", ""), data.get("imageTag", "")
    if _is_taken(repository, tag):
        return error_response_json("ImageTagAlreadyExistsException", _taken(repository, tag), 400)
    status, headers, body = _stock_put_image(data)
    if status == 200:  # MiniStack keeps only manifests that Docker pushed, by their bytes.
        digest = json.loads(body)["image"]["imageId"]["imageDigest"]
        ecr._manifest_blobs.setdefault(repository, {})[digest] = data["imageManifest"].encode()
    return status, headers, body


@replaces(ecr, "_list_images")
def list_images(data: dict[str, Any]) -> Response:
    """ListImages: one entry for each tag. MiniStack's has the last tag of each image."""
    name = data.get("repositoryName", "")
    if name not in ecr._repositories:
        message = f"The repository with name '{name}' does not exist in the registry with id '{get_account_id()}'"
        return error_response_json("RepositoryNotFoundException", message, 400)
    images = [(image["imageDigest"], image.get("imageTags") or [None]) for image in ecr._images.get(name, [])]
    found = [{"imageDigest": digest} | ({"imageTag": tag} if tag else {}) for digest, tags in images for tag in tags]
    wanted = data.get("filter", {}).get("tagStatus", "ANY")
    return json_response(
        {"imageIds": [each for each in found if wanted in ("ANY", "TAGGED" if "imageTag" in each else "UNTAGGED")]}
    )


def _caller(headers: dict[str, str]) -> str | None:
    """The access key behind the log-in; None when there is no valid one."""
    given = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
    try:
        user, _, secret = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return _keys.get(secret) if user == "AWS" else None


def _is_taken(repository: str, tag: str) -> bool:
    found = ecr._repositories.get(repository)
    immutable = found is not None and found.get("imageTagMutability") == "IMMUTABLE"
    return immutable and any(tag in image.get("imageTags", []) for image in ecr._images.get(repository, []))


def _taken(repository: str, tag: str) -> str:
    return (
        f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten "
        "because the tag is immutable."
    )

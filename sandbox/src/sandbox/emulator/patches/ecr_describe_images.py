"""DescribeImages says of an image that is asked for and missing that it is, and of each how large it is.

Amazon ECR API Reference, "DescribeImages" (ImageNotFoundException) and "ImageDetail": `imageSizeInBytes` is the size of the
compressed layers. MiniStack answers with an empty list, and with the size of the manifest.
"""
# pyright: reportMissingImports=false
# (MiniStack lives in the emulator's own environment.)

import json
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecr

from sandbox.emulator.patches import replaces

_stock_describe_images = ecr._describe_images


@replaces(ecr, "_describe_images")
def describe_images(data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """DescribeImages."""
    name = data.get("repositoryName", "")
    for wanted in data.get("imageIds") or [] if name in ecr._repositories else []:
        if not ecr._find_image(name, wanted):
            message = f"The image with imageId {wanted} does not exist within the repository with name '{name}'"
            return error_response_json("ImageNotFoundException", message, 400)
    status, headers, body = _stock_describe_images(data)
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    for image in answer["imageDetails"]:
        image["imageSizeInBytes"] = _size(image["repositoryName"], image["imageDigest"])
    return json_response(answer)


def _size(repository: str, digest: str) -> int:
    manifest = json.loads(ecr._manifest_blobs[repository][digest])
    parts = [*manifest.get("layers", []), *manifest.get("manifests", [])]
    return manifest.get("config", {}).get("size", 0) + sum(part["size"] for part in parts)

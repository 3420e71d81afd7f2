# ruff: noqa: A002, A006, ARG001, ARG005, S106 - one signature for all tables; `token` is a type's
"""Amazon ECR: repositories and their policies."""

from collections.abc import Iterator
from typing import Any

from sandbox.grammars import lifecycles, policies, schemas
from sandbox.providers.aws import tags
from sandbox.providers.aws.api import Api
from sandbox.providers.aws.documents import same_document
from sandbox.providers.aws.property import Property
from sandbox.providers.aws.shapes import from_shape
from sandbox.providers.aws.table import Name, Problem, Put, ResourceType
from sandbox.providers.values import Properties

PLAIN = [{"encryptionType": "AES256"}]
"""How a repository is encrypted that nobody asked about."""


def _key_with_kms(inputs: Properties) -> Iterator[Problem]:
    """ECR API Reference, EncryptionConfiguration."""
    for each in inputs.get("encryptionConfigurations") or []:
        if each.get("kmsKey") and each.get("encryptionType", "AES256") == "AES256":
            yield "encryptionConfigurations[0].kmsKey", "InvalidParameterException: a key goes with KMS, not with AES256"


def _exclusions(inputs: Properties) -> Iterator[Problem]:
    """ECR API Reference, ImageTagMutabilityExclusionFilter."""
    excluding = "EXCLUSION" in inputs.get("imageTagMutability", "")
    if excluding != bool(inputs.get("imageTagMutabilityExclusionFilters")):
        yield "imageTagMutability", "and imageTagMutabilityExclusionFilters: ..._WITH_EXCLUSION and filters need each other"


def _filters(inputs: Properties) -> dict[str, Any]:
    given = inputs.get("imageTagMutabilityExclusionFilters") or []
    return {"imageTagMutabilityExclusionFilters": given} if given else {}


def _repository(api: Api, id: str) -> dict[str, Any]:
    return api.client.describe_repositories(repositoryNames=[id])["repositories"][0]


def _read_repository(api: Api, id: str, state: Properties) -> Properties | None:
    repository = _repository(api, id)
    arn = repository["repositoryArn"]
    return {
        "name": id,
        "imageTagMutability": repository["imageTagMutability"],
        "imageScanningConfiguration": from_shape(repository.get("imageScanningConfiguration")),
        "encryptionConfigurations": [from_shape(repository.get("encryptionConfiguration") or PLAIN[0])],
        "arn": arn,
        "registryId": repository["registryId"],
        "repositoryUrl": repository["repositoryUri"],
        "tagsAll": tags.from_list(api.client.list_tags_for_resource(resourceArn=arn)["tags"]),
    }


REPOSITORY = ResourceType(
    token="aws:ecr/repository:Repository",
    service="ecr",
    properties={
        "name": Property("CreateRepository.repositoryName", replace=True),
        "imageTagMutability": Property("CreateRepository.imageTagMutability", default="MUTABLE"),
        "imageScanningConfiguration": Property("CreateRepository.imageScanningConfiguration", default={"scanOnPush": False}),
        "encryptionConfigurations": Property(
            "CreateRepository.encryptionConfiguration", wrapped=True, default=PLAIN, replace=True, kept_parts=("kmsKey",)
        ),
        "forceDelete": Property(bool, default=False, local=True),
    },
    outputs=("arn", "registryId", "repositoryUrl"),
    create=lambda api, inputs: api.send("CreateRepository", inputs, tags=tags.as_list(inputs), **_filters(inputs))["repository"][
        "repositoryName"
    ],
    read=_read_repository,
    delete=lambda api, id, state: api.client.delete_repository(repositoryName=id, force=bool(state.get("forceDelete"))),
    puts=(
        Put(
            ("imageTagMutability", "imageTagMutabilityExclusionFilters"),
            lambda api, id, new, old: api.send("PutImageTagMutability", new, **_filters(new)),
        ),
        Put(("imageScanningConfiguration",), lambda api, id, new, old: api.send("PutImageScanningConfiguration", new)),
        tags.put_tags(
            lambda api, arn, inputs: api.client.tag_resource(resourceArn=arn, tags=tags.as_list(inputs)),
            lambda api, arn, names: api.client.untag_resource(resourceArn=arn, tagKeys=names),
            target=lambda api, id, inputs: inputs["arn"],
        ),
    ),
    name=Name(property="name", longest=256, lower=True),
    tagged=True,
    checks=(_key_with_kms, _exclusions),
)


def _put_policy(api: Api, inputs: Properties) -> str:
    api.send("PutLifecyclePolicy", inputs)
    return inputs["repository"]


def _read_policy(api: Api, id: str, state: Properties) -> Properties | None:
    found = api.client.get_lifecycle_policy(repositoryName=id)
    return {"repository": id, "policy": found["lifecyclePolicyText"], "registryId": found["registryId"]}


LIFECYCLE_POLICY = ResourceType(
    token="aws:ecr/lifecyclePolicy:LifecyclePolicy",
    service="ecr",
    properties={
        "repository": Property("PutLifecyclePolicy.repositoryName", required=True, replace=True),
        "policy": Property(
            "PutLifecyclePolicy.lifecyclePolicyText",
            required=True,
            replace=True,
            form=same_document,
            schema=schemas.IMAGE_LIFECYCLE,
            check=lifecycles.image_policy,
        ),
    },
    outputs=("registryId",),
    create=_put_policy,
    read=_read_policy,
    delete=lambda api, id, state: api.client.delete_lifecycle_policy(repositoryName=id),
    single=True,
)


def _set_access(api: Api, inputs: Properties) -> str:
    api.send("SetRepositoryPolicy", inputs)
    return inputs["repository"]


def _read_access(api: Api, id: str, state: Properties) -> Properties | None:
    found = api.client.get_repository_policy(repositoryName=id)
    return {"repository": id, "policy": found["policyText"], "registryId": found["registryId"]}


REPOSITORY_POLICY = ResourceType(
    token="aws:ecr/repositoryPolicy:RepositoryPolicy",
    service="ecr",
    properties={
        "repository": Property("SetRepositoryPolicy.repositoryName", required=True, replace=True),
        "policy": Property(
            "SetRepositoryPolicy.policyText", required=True, form=same_document, check=policies.problem_of(policies.REPOSITORY)
        ),
    },
    outputs=("registryId",),
    create=_set_access,
    read=_read_access,
    delete=lambda api, id, state: api.client.delete_repository_policy(repositoryName=id),
    puts=(Put(("policy",), lambda api, id, new, old: _set_access(api, new)),),
)

KINDS = (REPOSITORY, LIFECYCLE_POLICY, REPOSITORY_POLICY)

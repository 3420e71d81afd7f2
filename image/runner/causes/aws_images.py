"""Why Fargate can't pull, unpack or start the image."""

from .aws_advice import PULL, REFRESH
from .model import Cause

IMAGES = (
    Cause(
        id="wrong-architecture",
        happened="The image was built for another processor architecture",
        why="The task runs on linux/amd64, unless its platform says otherwise.",
        todo="Build the image for linux/amd64 (`docker build --platform linux/amd64`; Pulumi does), or change the task's "
        "architecture.",
        passes=False,
        source=PULL,
        where=("task", "run"),
        signs=(
            r"exec format error",
            r"descriptor matching platform",
            r"no match(ing)? (manifest )?for platform",
            r"no matching manifest",
            r"image (operating system|platform|architecture).{0,80}(does not|cannot|can't|not) ",
        ),
    ),
    Cause(
        id="image-without-s3",
        happened="The image's layers in S3 can't be reached",
        why="ECR keeps layers in S3: a pull that gets no answer from there ends in this crash of containerd.",
        todo="Check the way from the private subnets to S3: the gateway endpoint in the subnets' route tables, its policy, "
        "and egress "
        "443 to S3 in the security group.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(r"nil pointer dereference",),
    ),
    Cause(
        id="image-layers-denied",
        happened="S3 denies the image's layers",
        why="ECR keeps layers in a bucket of its own in S3. The manifest was read, so the role is good: the policy of the S3 "
        "endpoint "
        "does not let the bucket through.",
        todo="Allow s3:GetObject on `arn:aws:s3:::prod-<region>-starport-layer-bucket/*` in the policy of the S3 gateway endpoint; "
        f"{REFRESH} restores this stack's.",
        passes=False,
        source="Amazon ECR User Guide, 'Amazon ECR interface VPC endpoints': minimum Amazon S3 bucket permissions",
        where=("task",),
        signs=(r"(httpReadSeeker|blobs/|layer-bucket|failed to copy|\.s3[.-]).*(\b403\b|forbidden|access ?denied)",),
    ),
    Cause(
        id="image-too-large",
        happened="The image does not fit the task's disk",
        why="Fargate unpacks the image onto the task's ephemeral storage, 20 GiB unless it is told more.",
        todo="Make the image smaller, or raise the ephemeral storage of the task definition.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(
            r"no space left on device",
            r"failed to (extract|register|unpack|apply) (layer|image)(?!.*(EOF|reset|timeout|context ca|processor|media))",
            r"disk quota",
        ),
    ),
    Cause(
        id="image-format",
        happened="The image has a format that Fargate does not take",
        why="A layer or the manifest is of a kind that containerd can't unpack, for instance an attestation of the build.",
        todo="Build the image with Pulumi, or with `docker buildx build --provenance=false --sbom=false`; `ops rollback "
        "{workstream}` "
        "goes back to the former image.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(
            r"media-?type",
            r"no processor",
            r"unsupported (manifest|schema|media|image)",
            r"invalid (tar|layer|manifest)",
            r"diffIDs?|number of layers",
            r"(wrong|unknown|unexpected) (diff id|manifest|format)|failed to (decode|unmarshal|parse)",
        ),
    ),
    Cause(
        id="entry-point",
        happened="The image has no entry point that can be executed",
        why="The command of the image, or of the task definition, is not in the image or may not be executed.",
        todo="Check the image's entry point (`image/Dockerfile`) and the task definition; `ops rollback {workstream}` goes back to "
        "the former image.",
        passes=False,
        source="CannotStartContainerError",
        where=("task", "run"),
        signs=(
            r"executable file not found",
            r"(exec|stat|process|entrypoint).{0,160}(no such file or directory|permission denied)",
            r"no command specified",
            r"OCI runtime.{0,200}(no such file|permission denied|not found)",
        ),
    ),
)

PULLS = (
    Cause(
        id="image-gone",
        happened="The image is not in the registry any more",
        why="The task definition names it by its digest; the image, or its repository, was deleted.",
        todo="`ops rollback {workstream}` goes back to an image that is still there. Or build it again: change the image or "
        "the dbt "
        "project, then `pulumi up --refresh --stack {stack}`; alone, `pulumi up` builds only what has changed.",
        passes=False,
        source=PULL,
        where=("task",),
        signs=(
            r"manifest unknown",
            r"manifest for\b.{0,200}not found",
            r"(CannotPull|image|repository|ref|sha256).*(not found|(does not|doesn't) exist|NotFoundException|\b404\b)",
            r"invalid reference format",
        ),
    ),
)

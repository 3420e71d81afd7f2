"""Keeps what a run leaves, in S3: `<ARTIFACTS_URI>/runs/<run id>/<try>/`."""

import mimetypes
from pathlib import Path
from typing import Any

from runner.environment import Environment
from runner.output import Output

_TIMEOUT = 4
"""Seconds for connecting and for each answer: a run that was told to end has not more to spare."""

FILES = ("manifest.json", "run_results.json", "sources.json", "catalog.json")
"""What dbt writes to its target folder."""


def passes(error: Exception) -> bool:
    """Whether another try may help: S3 did not answer, or answered that the fault is its own."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in `_client`

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response["Error"]["Code"] in {"SlowDown", "RequestTimeout"}
    return isinstance(error, BotoCoreError)


class Artifacts:
    """The workstream's part of the artifacts bucket, and in it the folder of one try. Encryption is the bucket's default."""

    def __init__(self, environment: Environment, output: Output, client: Any = None) -> None:
        self._bucket, _, prefix = environment.artifacts_uri.removeprefix("s3://").partition("/")
        self._workstream = f"{prefix}/" if prefix else ""
        self._folder = self.folder(environment.run_id, environment.try_number)
        self._output = output
        self._made = client

    @property
    def uri(self) -> str:
        """Where the artifacts of this try are."""
        return f"s3://{self._bucket}/{self._folder}"

    def folder(self, run_id: str, try_number: int) -> str:
        """Key prefix of a try, without the last slash."""
        return f"{self._workstream}runs/{run_id}/{try_number}"

    def put(self, name: str, content: str | bytes) -> None:
        """Store one artifact of this try, without secrets."""
        self._put(f"{self._folder}/{name}", content)

    def put_shared(self, name: str, content: str | bytes) -> None:
        """Store something that outlives the run."""
        self._put(self.key(name), content)

    def get_shared(self, name: str) -> bytes | None:
        """What a former run stored, or None."""
        return self.get(self.key(name))

    def get(self, key: str) -> bytes | None:
        """An object of this workstream, or None."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def key(self, name: str) -> str:
        """Of something of this workstream that outlives the run."""
        return f"{self._workstream}{name}"

    def get_version(self, key: str) -> tuple[bytes | None, str]:
        """An object of the bucket with its ETag; nothing, and an empty one, if there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None, ""
        return found["Body"].read(), found["ETag"]

    def put_version(self, key: str, content: str, version: str) -> str:
        """Store an object in the place of the one with this ETag, or (empty) of none; its own ETag, or nothing if that is gone."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - as in `_client`

        try:
            return self._put(key, content, **({"IfMatch": version} if version else {"IfNoneMatch": "*"}))["ETag"]
        except ClientError as error:
            # The last: somebody is writing it right now, or has deleted it.
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}:
                return ""
            raise

    def put_files(self, target: Path, log: Path) -> None:
        """Store what dbt wrote, as far as it is there."""
        for path in (*(target / name for name in FILES), log):
            if path.exists():
                self.put(path.name, path.read_text(errors="replace"))

    def put_results(self, target: Path, number: int, since: float) -> None:
        """Store the results of one of several commands, which the next one writes over, if it wrote any since then (UNIX time)."""
        path = target / "run_results.json"
        if path.exists() and path.stat().st_mtime >= since:
            self.put(f"commands/{number}/{path.name}", path.read_text(errors="replace"))

    def _put(self, key: str, content: str | bytes, **conditions: str) -> Any:
        body = self._output.scrub(content).encode() if isinstance(content, str) else content
        if self._output.reveals(body):
            raise ValueError(f"{key} is not text, so the secret in it can't be masked")
        kind = mimetypes.guess_type(key)[0] or ("text/plain" if isinstance(content, str) else "application/octet-stream")
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=kind, **conditions)

    @property
    def _client(self) -> Any:
        if self._made is None:
            import boto3  # noqa: PLC0415 - takes half a second: not before the environment is checked
            from botocore.config import Config  # noqa: PLC0415

            config = Config(connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT, retries={"total_max_attempts": 2})
            self._made = boto3.client("s3", config=config)
        return self._made

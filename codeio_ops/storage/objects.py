"""S3 objects: the one module that wraps boto3, and maps its errors to ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING
from uuid import uuid4

from codeio_ops.config import Settings
from codeio_ops.errors import BlobStoreRefused, BlobStoreUnavailable, ReleaseExists
from codeio_ops.proxies import is_loopback

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

_TRANSIENT_CODES = {
    "409", "500", "502", "503", "ConditionalRequestConflict", "InternalError", "OperationAborted",
    "ServiceUnavailable", "SlowDown",
}  # fmt: skip
_ABSENT_CODES = frozenset({"404", "NoSuchKey"})
_EXISTS_CODES = frozenset({"412", "PreconditionFailed"})
_UNKNOWN_CODES = frozenset({"501", "MethodNotAllowed", "NotImplemented"})
_CONDITIONS_CURE = (
    "use a store that honours If-None-Match, as AWS, MinIO, Ceph and SeaweedFS do, or update yours"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """An object as it is listed.

    Attributes:
        key: Its key.
        size_bytes: Its length.
        etag: What S3 gives for its content.
        modified: When it was written, in ISO 8601 and UTC, to the second.
    """

    key: str
    size_bytes: int
    etag: str
    modified: str


class ObjectStore:
    """One bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    @classmethod
    def open(cls, settings: Settings, *, bucket: str = "") -> "ObjectStore":
        """Prepare access to a bucket, by default that of `settings`; nothing is sent yet."""
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint_url or None,
            aws_access_key_id=settings.s3_access_key.get_secret_value() or None,
            aws_secret_access_key=settings.s3_secret_key.get_secret_value() or None,
            region_name=settings.s3_region,
            config=Config(
                retries={"mode": "standard"},
                proxies={} if is_loopback(settings.s3_endpoint_url) else None,
                connect_timeout=5,
                read_timeout=60,
                # Many compatible stores know no checksums but that of the signature.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        return cls(client, bucket or settings.s3_bucket)

    def put(self, key: str, body: bytes) -> None:
        """Store `body` under `key`, replacing what is there."""
        with s3_errors(f"bucket {self.bucket}"):
            self._client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def put_new(self, key: str, body: bytes) -> None:
        """Store `body` under `key`, which must be free or hold the same bytes.

        Raises:
            ReleaseExists: `key` holds other bytes.
        """
        # Read first: a store that ignores the condition must not replace it all the same.
        if not self._holds(key, body) and not self._create(key, body):
            self._holds(key, body)

    def require_conditional_writes(self) -> None:
        """Try whether the store creates an object without replacing one.

        Raises:
            BlobStoreRefused: it does not, so nothing that it holds is immutable.
        """
        probe = f"probe/{uuid4()}"
        self.put(probe, b"first")
        try:
            replaced = self._create(probe, b"second")
        finally:
            self.delete(probe)
        if replaced:
            raise BlobStoreRefused(
                f"the store of bucket {self.bucket} ignores If-None-Match: it replaces objects",
                cure=_CONDITIONS_CURE,
            )

    def _holds(self, key: str, body: bytes) -> bool:
        """Return whether `key` holds `body`; False where it is free.

        Raises:
            ReleaseExists: it holds other bytes.
        """
        from botocore.exceptions import ClientError

        try:
            with s3_errors(f"bucket {self.bucket}", passing=_ABSENT_CODES):
                held = self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError:
            return False
        if held != body:
            raise ReleaseExists(f"s3://{self.bucket}/{key} exists with other content")
        return True

    def _create(self, key: str, body: bytes) -> bool:
        """Store `body` under `key` if it is free; return whether it was."""
        from botocore.exceptions import ClientError

        passing = _EXISTS_CODES | _UNKNOWN_CODES
        try:
            with s3_errors(f"bucket {self.bucket}", passing=passing):
                self._client.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as exc:
            if _code(exc) in _EXISTS_CODES:
                return False
            raise BlobStoreRefused(
                f"the store of bucket {self.bucket} cannot create an object without replacing one",
                cure=_CONDITIONS_CURE,
            ) from exc
        return True

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        with s3_errors(f"bucket {self.bucket}"):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def get(self, key: str) -> bytes:
        """Return the whole object."""
        with s3_errors(f"bucket {self.bucket}"):
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def get_range(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes [`start`, `end`) of an object."""
        with s3_errors(f"bucket {self.bucket}"):
            reply = self._client.get_object(
                Bucket=self.bucket, Key=key, Range=f"bytes={start}-{end - 1}"
            )
            return reply["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        """List the keys that begin with `prefix`, sorted."""
        return sorted(item.key for item in self.listing(prefix))

    def listing(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield what is known of each object whose key begins with `prefix`, by key."""
        with s3_errors(f"bucket {self.bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield ObjectInfo(
                        key=item["Key"],
                        size_bytes=item["Size"],
                        etag=item["ETag"].strip('"'),
                        modified=item["LastModified"].astimezone(UTC).isoformat(),
                    )


def _code(exc: "ClientError") -> str:
    return exc.response.get("Error", {}).get("Code", "")


@contextmanager
def s3_errors(what: str, passing: frozenset[str] = frozenset()) -> Iterator[None]:
    """Raise our errors for boto3's about `what`, except for the error codes in `passing`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as exc:
        code = _code(exc)
        if code in passing:
            raise
        if code in _TRANSIENT_CODES:
            raise BlobStoreUnavailable(f"S3 answers {code} for {what}") from exc
        if code in _ABSENT_CODES:
            raise BlobStoreRefused(
                f"{what} lacks an object that should be there",
                cure="restore it from a copy of the bucket",
            ) from exc
        if code in _UNKNOWN_CODES:
            raise BlobStoreRefused(
                f"the store of {what} does not know what it is asked for: {code}",
                cure="use a store that speaks this part of S3, or update yours",
            ) from exc
        raise BlobStoreRefused(f"S3 refuses access to {what}: {code}") from exc
    except BotoCoreError as exc:
        raise BlobStoreUnavailable(f"S3 cannot be reached: {exc}") from exc

"""S3 objects: the one module that wraps boto3, and maps its errors to ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from codeio_ops.config import Settings
from codeio_ops.errors import BlobStoreRefused, BlobStoreUnavailable, ReleaseExists

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TRANSIENT_CODES = {"500", "502", "503", "InternalError", "ServiceUnavailable", "SlowDown"}


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
            config=Config(retries={"mode": "standard"}, connect_timeout=5, read_timeout=60),
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
        from botocore.exceptions import ClientError

        try:
            with s3_errors(f"bucket {self.bucket}", passing={"PreconditionFailed", "412"}):
                self._client.put_object(Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
        except ClientError as exc:
            if self.get(key) != body:
                raise ReleaseExists(f"s3://{self.bucket}/{key} exists with other content") from exc

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


@contextmanager
def s3_errors(what: str, passing: frozenset[str] | set[str] = frozenset()) -> Iterator[None]:
    """Raise our errors for boto3's about `what`, except for the error codes in `passing`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as exc:
        code = exc.response.get("Error", {}).get("Code", "")
        if code in passing:
            raise
        if code in _TRANSIENT_CODES:
            raise BlobStoreUnavailable(f"S3 answers {code} for {what}") from exc
        raise BlobStoreRefused(f"S3 refuses access to {what}: {code}") from exc
    except BotoCoreError as exc:
        raise BlobStoreUnavailable(f"S3 cannot be reached: {exc}") from exc

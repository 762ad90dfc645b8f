"""Content-derived identities: the same fact has the same id on every machine, in every run."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from codeio_ops.jsonvalue import Json, canonical


def sha256_hex(data: bytes) -> str:
    """Return the sha256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def value_sha256(value: Json) -> str:
    """Return the sha256 of the canonical form of a JSON value."""
    return sha256_hex(canonical(value).encode())


def content_id(kind: str, *parts: Json) -> UUID:
    """Derive the id of a fact from what makes it that fact.

    The first 122 bits of a sha256 over the kind and the canonical parts, as a version 8
    UUID (RFC 9562, section 5.8): half the index size of a digest, and never random.
    """
    fields: Sequence[Json] = [kind, *parts]
    digest = bytearray(hashlib.sha256(canonical(list(fields)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))

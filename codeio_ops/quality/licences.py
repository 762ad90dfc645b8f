"""The licence gate: what a file says of itself and what its source says must both be allowed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.ingest.base import NO_LICENCE
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement
from codeio_ops.storage.blobs import BlobLocation, BlobStore

# Allowed where `Settings.licences` names none: those that ask for attribution at most.
PERMISSIVE = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT",
        "MIT-0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    }
)  # fmt: skip

_HEADER_CHARS = 6_000
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([^\r\n*#]+)")
_GNU = re.compile(
    r"GNU\s+(?P<kind>Affero\s+|Lesser\s+|Library\s+)?General\s+Public\s+Licen[cs]e", re.IGNORECASE
)
_GNU_KINDS = {"affero": "AGPL", "lesser": "LGPL", "library": "LGPL"}
_VERSION = re.compile(r"version\s+(\d)(?:\.(\d))?", re.IGNORECASE)
_LINE_START = re.compile(r"\s*\n\s*(?:#|//|\*)*\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReleasedFile(BlobLocation):
    """A raw file with samples in the release, where it lies, and what its source says."""

    raw_file_id: UUID
    licence: str


def licences(inputs: GateInputs) -> Measurement:
    """Count files of a release under a licence that is not on the allow-list."""
    files = {
        file.sha256: file
        for file in inputs.store.fetch("release.files", _ReleasedFile, release_id=inputs.release_id)
    }
    allowed = frozenset(inputs.settings.licences) or PERMISSIVE
    if inputs.settings.allow_unknown_licence:
        allowed |= {NO_LICENCE}
    found: dict[str, Json] = {}
    for sha256, content in BlobStore(inputs.objects).read(files.values()):
        file = files[sha256]
        named = [file.licence, *stated_licences(content.decode(errors="replace"))]
        refused: list[Json] = [name for name in named if not is_allowed(name, allowed)]
        if refused:
            found[str(file.raw_file_id)] = refused
    return Measurement(
        metric="files under a licence that is not allowed",
        value=len(found),
        threshold=0,
        evidence={
            "allowed": list[Json](sorted(allowed)),
            "files": dict(list(found.items())[:MAX_EVIDENCE]),
        },
    )


def stated_licences(text: str) -> Iterator[str]:
    """Yield the licences that the head of a file states: SPDX ids, and the GNU family's."""
    head = text[:_HEADER_CHARS]
    for match in _SPDX.finditer(head):
        yield match[1].strip()
    prose = _LINE_START.sub(" ", head)
    for match in _GNU.finditer(prose):
        kind = _GNU_KINDS.get((match["kind"] or "").strip().lower(), "GPL")
        version = _VERSION.search(prose, match.end(), match.end() + 120)
        yield f"{kind}-{version[1]}.{version[2] or 0}" if version else kind


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Say whether an SPDX expression can be met: one side of each OR, both of each AND."""
    sides = re.split(r"\s+OR\s+", expression.replace("(", " ").replace(")", " "))
    return any(all(_ids(side, allowed)) for side in sides)


def _ids(side: str, allowed: frozenset[str]) -> Iterator[bool]:
    """Say of each licence of one side whether it is allowed; exceptions only add rights."""
    for part in re.split(r"\s+AND\s+", side):
        yield part.split(" WITH ")[0].strip() in allowed

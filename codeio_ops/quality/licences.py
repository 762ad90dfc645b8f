"""The licence gate: what a file says of itself and what its source says must both be allowed."""

from dataclasses import dataclass
from uuid import UUID

from codeio_ops.ingest.base import NO_LICENCE
from codeio_ops.ingest.licence import is_allowed, stated_licences
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

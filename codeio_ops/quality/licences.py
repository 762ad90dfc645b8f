"""The licence gate: what a file says of itself and what its sources say must be allowed."""

from dataclasses import dataclass
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.ingest.allowed import allowed_in_releases, refused_licences
from codeio_ops.ingest.licence import stated_licences
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Rows
from codeio_ops.storage.blobs import BlobLocation, BlobStore


@dataclass(frozen=True, slots=True, kw_only=True)
class _File(BlobLocation):
    """A raw file, where it lies, and what is said of it in the places where it was seen."""

    raw_file_id: UUID
    licences: list[str]


def licences(inputs: GateInputs) -> Measurement:
    """Count files of a release under a licence that is not on the allow-list."""
    found = refused_files(inputs.rows)
    evidence: dict[str, Json] = {
        str(raw_file_id): list[Json](named) for raw_file_id, named in found.items()
    }
    return Measurement(
        metric="files under a licence that is not allowed",
        value=len(found),
        threshold=0,
        evidence={
            "allowed": list[Json](sorted(allowed_in_releases(inputs.settings))),
            "files": dict(list(evidence.items())[:MAX_EVIDENCE]),
        },
    )


def refused_files(rows: Rows) -> dict[UUID, list[str]]:
    """Return the files of samples whose licence is not allowed, with what is refused of each."""
    files = {file.sha256: file for file in rows.fetch("release.files", _File)}
    contents = BlobStore(rows.objects).read(files.values())
    judged = (
        (files[sha256], _refused(files[sha256], raw, rows.settings)) for sha256, raw in contents
    )
    return {file.raw_file_id: refused for file, refused in judged if refused}


def _refused(file: _File, content: bytes, settings: Settings) -> list[str]:
    stated = list(stated_licences(content.decode(errors="replace")))
    return refused_licences(file.licences, stated, settings)

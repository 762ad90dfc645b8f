"""What ingesting a source would do to its first files, without writing anything."""

from dataclasses import dataclass
from itertools import islice

from codeio_ops.config import Settings
from codeio_ops.ingest.allowed import refused_licences
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.filters import drop_reason
from codeio_ops.ingest.licence import stated_licences
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.ingest.sources import open_reader
from codeio_ops.ingest.stage import with_licence
from codeio_ops.records import Source

KEPT_IN_VAIN = "kept, but no release takes it"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """A file and what the filters say of it."""

    path: str
    version: str
    licence: str
    size_bytes: int
    outcome: str
    detail: str


def preview_source(source: Source, settings: Settings, *, most: int) -> list[PreviewLine]:
    """Read up to `most` files of a source and filter them.

    Duplicates are not looked for: they are known only when everything is compared.

    Raises:
        SourceNotFound: the source does not exist.
        SourceUnavailable: it cannot be reached.
        SourceDamaged: it is corrupt.
    """
    options = SourceSettings.parse(source.settings)
    reader = open_reader(source, settings)
    lines = []
    for file in islice(reader.files(max_bytes=settings.max_file_bytes), most):
        read = with_licence(file)
        outcome, detail = _outcome(read, settings, options)
        lines.append(
            PreviewLine(
                path=read.path,
                version=read.version,
                licence=read.licence,
                size_bytes=read.size_bytes,
                outcome=outcome,
                detail=detail,
            )
        )
    return lines


def _outcome(file: SourceFile, settings: Settings, options: SourceSettings) -> tuple[str, str]:
    """Return what becomes of a file, and why."""
    drop = drop_reason(file, settings, options)
    if drop:
        return drop.word, drop.detail
    stated = stated_licences((file.content or b"").decode(errors="replace"))
    refused = refused_licences([file.licence], list(stated), settings)
    if refused:
        return KEPT_IN_VAIN, f"{', '.join(refused)} is not allowed in a release: CODEIO_LICENCES"
    return "kept", ""

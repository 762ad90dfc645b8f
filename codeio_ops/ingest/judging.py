"""What a source is judged by, and which of its files get another judgement than they have.

A file is judged by the settings of the platform and the options of its source. When one of them
changes, or a person takes drops back, the next reading of the source judges all of it anew: what
was dropped for a rule that changed comes in, what a new rule refuses goes out, and what was paid
for is kept for when it comes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import value_sha256
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.jsonvalue import Json
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord, Source
from codeio_ops.storage.engine import Store
from codeio_ops.work import Work

STAGE = "ingest"
# Changes when the filters judge otherwise: then every source is judged anew.
RULES = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of an origin.

    Attributes:
        licence: The licence in force; None when its file was not stored.
        reason: Why it is dropped; empty when it is not.
        waits: Whether its drop was taken back, so that it is judged anew.
    """

    origin_id: UUID
    licence: str | None
    reason: str
    waits: bool

    @property
    def must_be_judged(self) -> bool:
        """Whether it is judged whatever the rules are: it waits, or it was gone and is back."""
        return self.waits or self.reason == DropReason.GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """One reading of a source, and what its files are judged by.

    Attributes:
        options: Options of the source.
        judged_with: Fingerprint of all that they are judged by.
        anew: Whether files that were judged before are judged again.
        begun: When it began.
        waiting: Origins whose drops were taken back, and that were not read yet.
    """

    options: SourceSettings
    judged_with: str
    anew: bool
    begun: datetime
    waiting: set[UUID]

    @classmethod
    def of(cls, source: Source, work: Work) -> "Judging":
        """Begin to read a source."""
        judged_with = fingerprint(source, work.settings)
        anew = judged_with != source.judged_with
        return cls(
            options=SourceSettings.parse(source.settings),
            judged_with=judged_with,
            anew=anew,
            begun=work.store.value("ingest.clock"),
            waiting=waiting_origins(source, work.store) if anew else set(),
        )

    def end(self, source: Source, work: Work, cursor: str) -> None:
        """Note how far a source was read, and that all of it was judged."""
        settle_gone(source, self.waiting, work)
        named = {"source_id": source.source_id}
        with work.store.transaction() as transaction:
            transaction.execute("ingest.set_cursor", cursor_value=cursor, **named)
            if self.anew:
                transaction.execute(
                    "ingest.set_judged", judged_with=self.judged_with, begun=self.begun, **named
                )


def fingerprint(source: Source, settings: Settings) -> str:
    """Return the fingerprint of all that the files of a source are judged by."""
    judged_by: dict[str, Json] = {
        "rules": RULES,
        "licence": source.licence,
        "options": SourceSettings.parse(source.settings).model_dump(mode="json"),
        "licences": list[Json](sorted(settings.licences)),
        "min_file_bytes": settings.min_file_bytes,
        "max_file_bytes": settings.max_file_bytes,
    }
    return value_sha256(judged_by)


def standings(store: Store, origin_ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """Return what is known of these origins; of one never seen, nothing."""
    found = store.fetch("ingest.standings", Standing, origin_ids=list(origin_ids))
    return {standing.origin_id: standing for standing in found}


def waiting_origins(source: Source, store: Store) -> set[UUID]:
    """Return the origins of a source whose drops were taken back."""
    with store.transaction() as transaction:
        return set(transaction.column("ingest.waiting", source_id=source.source_id))


def settle_gone(source: Source, origin_ids: Iterable[UUID], work: Work) -> int:
    """Drop what was to be judged anew and is there no more; return how many."""
    place = f"{source.kind}:{source.locator}"
    drop = Drop(reason=DropReason.GONE, detail=f"{place} held it no more when it was read again")
    return work.writer.write(
        [
            DropRecord.new(
                drop,
                stage=STAGE,
                subject_id=origin_id,
                stage_run_id=work.writer.run.stage_run_id,
                source_id=source.source_id,
            )
            for origin_id in sorted(origin_ids)
        ]
    )

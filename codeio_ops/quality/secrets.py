"""Secrets and personal data: what must not be taught to a model."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.private_data import find_personal_data, find_secrets
from codeio_ops.quality.leakage.training import SourceText, TrainingText, program_sources
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Rows, Severity
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord
from codeio_ops.work import Work

log = logging.getLogger(__name__)

Finder = Callable[[str], Iterable[str]]

_NAMED_PLACES = 5


def screen_private(work: Work) -> Counter[str]:
    """Quarantine the files of finished samples that hold a secret or personal data.

    What was found is kept in the drop by its kind, field and line, never in words. With
    the setting `quarantine_private` off nothing happens, and the gates find it.

    Returns:
        Counts of programs, by reason.
    """
    if not work.settings.quarantine_private:
        return Counter()
    texts = work.store.fetch("benchmark.finished_texts", TrainingText)
    files = {str(text.program_id): text.raw_file_id for text in texts}
    counts: Counter[str] = Counter()
    drops = []
    for source in program_sources(texts):
        for reason, find in _FINDERS.items():
            places = _places(source, find)
            if places:
                detail = f"program {source.source}: {'; '.join(places[:_NAMED_PLACES])}"
                drop = Drop(reason=reason, detail=detail)
                drops.append(
                    DropRecord.new(
                        drop,
                        stage="screen",
                        subject_id=files[source.source],
                        stage_run_id=work.writer.run.stage_run_id,
                        decided_by=drop.decided_by(work.settings),
                    )
                )
                counts[str(reason)] += 1
                break
    work.writer.write(drops)
    log.info("private data in samples: %s", dict(counts), extra={"action": "screen"})
    return counts


def secrets(inputs: GateInputs) -> Measurement:
    """Count programs whose samples hold a key, token or password."""
    return _measured("programs with a secret", find_secrets, inputs, Severity.HARD)


def personal_data(inputs: GateInputs) -> Measurement:
    """Count programs whose samples hold an address or number of a person."""
    return _measured("programs with personal data", find_personal_data, inputs, Severity.SOFT)


_FINDERS: Mapping[DropReason, Finder] = {
    DropReason.SECRET: find_secrets,
    DropReason.PERSONAL_DATA: find_personal_data,
}


def _measured(metric: str, find: Finder, inputs: GateInputs, severity: Severity) -> Measurement:
    found = private_programs(inputs.rows, find)
    evidence: dict[str, Json] = {
        str(program_id): list[Json](places[:MAX_EVIDENCE]) for program_id, places in found.items()
    }
    return Measurement(
        metric=metric,
        value=len(found),
        threshold=0,
        evidence={"programs": dict(list(evidence.items())[:MAX_EVIDENCE])},
        severity=severity,
    )


def private_programs(rows: Rows, find: Finder) -> dict[UUID, list[str]]:
    """Return the programs whose samples hold what `find` finds, with kind and place of each."""
    texts = rows.fetch("benchmark.sample_texts", TrainingText)
    judged = ((source.source, _places(source, find)) for source in program_sources(texts))
    return {UUID(program_id): places for program_id, places in judged if places}


def _places(source: SourceText, find: Finder) -> list[str]:
    return [f"{name}: {kind}" for name, text in source.fields.items() for kind in find(text)]

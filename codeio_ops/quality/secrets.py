"""Secrets and personal data: what must not be taught to a model."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.private_data import find_personal_data, find_secrets
from codeio_ops.quality.judges import Judge
from codeio_ops.quality.leakage.training import (
    Conversations,
    SourceText,
    program_sources,
    source_of,
)
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Rows, Severity
from codeio_ops.quality.unread import unread
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord
from codeio_ops.work import Work

log = logging.getLogger(__name__)

Finder = Callable[[str], Iterable[str]]

_NAMED_PLACES = 5


def screen_private(work: Work) -> Counter[str]:
    """Quarantine the files of finished samples that hold a secret or personal data.

    Programs in which nothing was found are not read again before their next conversation.

    What was found is kept in the drop by its kind, field and line, never in words. With
    the setting `quarantine_private` off nothing is dropped, and the gates find it.

    Returns:
        Counts of programs whose file is quarantined, by reason.
    """
    drops: list[DropRecord] = []
    for programs in unread(private_judge(), work):
        found = [drop for each in programs.read if (drop := _drop(each, work))]
        dropped = {drop.subject_id for drop in found}
        programs.keep_clean(
            {each[0].program_id for each in programs.read if each[0].raw_file_id in dropped}
        )
        drops += found if work.settings.quarantine_private else ()
    work.writer.write(drops)
    counts = Counter(drop.reason for drop in drops)
    log.info("private data in samples: %s", dict(counts), extra={"action": "screen"})
    return counts


def private_judge() -> Judge:
    """Return the judge that looks for secrets and personal data in texts."""
    return Judge.of(
        "private_data",
        "codeio_ops.private_data",
        "codeio_ops.python_code",
        "codeio_ops.python_syntax",
        "codeio_ops.quality.leakage.training",
        inputs=[version("detect-secrets")],
    )


def _drop(conversations: Conversations, work: Work) -> DropRecord | None:
    """Return why the file of a program is to be dropped, for the first reason that holds."""
    source = source_of(conversations)
    for reason, find in _FINDERS.items():
        if places := _places(source, find):
            detail = f"program {source.source}: {'; '.join(places[:_NAMED_PLACES])}"
            drop = Drop(reason=reason, detail=detail)
            return DropRecord.new(
                drop,
                stage="screen",
                subject_id=conversations[0].raw_file_id,
                stage_run_id=work.writer.run.stage_run_id,
                decided_by=drop.decided_by(work.settings),
            )
    return None


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
    texts = rows.texts(private_judge())
    judged = ((source.source, _places(source, find)) for source in program_sources(texts))
    return {UUID(program_id): places for program_id, places in judged if places}


def _places(source: SourceText, find: Finder) -> list[str]:
    return [f"{name}: {kind}" for name, text in source.fields.items() for kind in find(text)]

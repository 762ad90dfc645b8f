"""Assembles a release candidate: finished conversations, screened, split by program."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from codeio_ops.errors import NothingToRelease, ReleaseMissing
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.splits import assign_splits
from codeio_ops.records import Drop, DropRecord, Record, ReleaseRow, ReleaseSample, SampleRow
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText, content_sha256
from codeio_ops.storage.engine import Store, Transaction
from codeio_ops.storage.runs import FactWriter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A row of `codeio.release`."""

    release_id: UUID
    name: str
    version: int
    recipe: Json
    content_sha256: str
    status: str
    samples: int
    uri: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversation:
    prompt_id: UUID
    first_verdict_id: UUID
    second_verdict_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScreenedProgram:
    program_id: UUID
    main_function: str


def assemble_release(recipe: Recipe, *, store: Store, writer: FactWriter) -> Release:
    """Select what the recipe asks for, and return the release that holds just that.

    The same facts and recipe give the same release: it is made once, whatever became of it.

    Raises:
        NothingToRelease: no conversation is finished.
    """
    _screen_programs(store, writer)
    samples = _samples(store, writer)
    if not samples:
        raise NothingToRelease(
            "no conversation is finished, so there is nothing to release",
            cure="run the pipeline first; `codeio run status` shows where rows wait",
        )
    writer.write(samples)
    texts = store.fetch(
        "release.sample_texts", SampleText, sample_ids=[s.sample_id for s in samples]
    )
    splits = assign_splits(
        {text.program_id: text.reference_code for text in texts},
        validation_percent=recipe.validation_percent,
    )
    rows = [replace(text, split=splits[text.program_id]) for text in texts]
    return _find_or_create(recipe, rows, store, writer)


def find_release(store: Store, release_id: UUID) -> Release:
    """Return the release of this id.

    Raises:
        ReleaseMissing: there is none.
    """
    found = store.fetch("release.by_id", Release, release_id=release_id)
    if not found:
        raise ReleaseMissing(f"no release {release_id}", cure="see `codeio release list`")
    return found[0]


def _screen_programs(store: Store, writer: FactWriter) -> None:
    """Drop programs that another one repeats."""
    programs = store.fetch("release.unscreened_programs", _ScreenedProgram)
    first: dict[str, UUID] = {}
    drops: list[Record] = []
    for program in programs:
        original = first.setdefault(program.main_function, program.program_id)
        drop = _repeated(program, original)
        if drop:
            drops.append(
                DropRecord.new(
                    drop,
                    stage="release",
                    subject_id=program.program_id,
                    stage_run_id=writer.run.stage_run_id,
                )
            )
    writer.write(drops)


def _repeated(program: _ScreenedProgram, original: UUID) -> Drop | None:
    if original == program.program_id:
        return None
    return Drop(reason="duplicate_program", detail=f"of program {original}")


def _samples(store: Store, writer: FactWriter) -> list[SampleRow]:
    conversations = store.fetch("release.conversations", _Conversation)
    return [_sample(item, writer.run.stage_run_id) for item in conversations]


def _sample(item: _Conversation, stage_run_id: UUID) -> SampleRow:
    second = str(item.second_verdict_id) if item.second_verdict_id else None
    return SampleRow(
        sample_id=content_id("sample", str(item.prompt_id), str(item.first_verdict_id), second),
        prompt_id=item.prompt_id,
        first_verdict_id=item.first_verdict_id,
        second_verdict_id=item.second_verdict_id,
        stage_run_id=stage_run_id,
    )


def _find_or_create(
    recipe: Recipe, rows: list[SampleText], store: Store, writer: FactWriter
) -> Release:
    content = content_sha256(recipe, rows)
    with store.transaction() as transaction:
        # Two assemblies at once must not take the same version.
        transaction.value("release.lock_name", name=recipe.name)
        found = _by_content(transaction, recipe.name, content)
        if found:
            return found
        version = transaction.value("release.last_version", name=recipe.name) + 1
        release = _new_release(recipe, version, content, len(rows), writer)
        transaction.insert([writer.run, release, *_members(release.release_id, rows)])
        created = _by_content(transaction, recipe.name, content)
    assert created is not None
    log.info(
        "assembled %s v%d: %d samples", recipe.name, version, len(rows),
        extra={"action": "assemble"},
    )  # fmt: skip
    return created


def _by_content(transaction: Transaction, name: str, content: str) -> Release | None:
    found = transaction.fetch("release.by_content", Release, name=name, content_sha256=content)
    return found[0] if found else None


def _new_release(
    recipe: Recipe, version: int, content: str, samples: int, writer: FactWriter
) -> ReleaseRow:
    return ReleaseRow(
        release_id=content_id("release", recipe.name, content),
        name=recipe.name,
        version=version,
        recipe=recipe.model_dump(mode="json"),
        content_sha256=content,
        status="candidate",
        samples=samples,
        stage_run_id=writer.run.stage_run_id,
    )


def _members(release_id: UUID, rows: Iterable[SampleText]) -> list[ReleaseSample]:
    return [
        ReleaseSample(release_id=release_id, sample_id=row.sample_id, split=row.split)
        for row in rows
    ]

"""Assembles a release candidate: finished conversations, screened, split by program."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from codeio_ops.errors import NothingToRelease, ReleaseMissing
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.records import ReleaseRow, ReleaseSample, SampleRow
from codeio_ops.release.naming import name_for, require_own_name
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText, content_sha256, read_texts
from codeio_ops.release.select import Chosen, Conversation, choose, left_out
from codeio_ops.release.splits import assign_splits
from codeio_ops.release.teachers import Choice, TeacherShare, names_current
from codeio_ops.storage.engine import Store, Transaction
from codeio_ops.storage.runs import FactWriter

if TYPE_CHECKING:
    from codeio_ops.work import Work

log = logging.getLogger(__name__)


class FunnelStage(TypedDict):
    """Rows that had passed a stage when a release was assembled."""

    stage: str
    rows: int


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
    funnel: list[FunnelStage]
    teachers: list[TeacherShare]
    uri: str
    manifest_sha256: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FinishedProgram:
    program_id: UUID
    main_function: str


def assemble_release(
    recipe: Recipe,
    *,
    current: Collection[UUID],
    store: Store,
    writer: FactWriter,
    new_recipe: bool = False,
) -> Release:
    """Select what the recipe asks for, and return the release that holds just that.

    The same facts and recipe give the same release: it is made once, whatever became of it.
    What was taken down is left out.

    Args:
        recipe: What is asked for.
        current: Ids of the teachers that its word `current` means.
        store: The database.
        writer: Who assembles.
        new_recipe: Whether it may go on with a name that another recipe has.

    Raises:
        NothingToRelease: no finished conversation is left by the recipe.
        NameTaken: another recipe has its name.
    """
    choice = Choice.of(recipe, current, store)
    conversations = store.fetch("release.conversations", Conversation)
    splits = assign_splits(_codes(store), validation_percent=recipe.validation_percent)
    chosen = choose(choice, conversations, splits)
    if not chosen:
        raise _nothing(choice, conversations)
    writer.write([_sample(item, writer.run.stage_run_id) for item in chosen])
    content = content_sha256(choice.recipe, _texts(chosen, store))
    return _find_or_create(choice, chosen, content, store, writer, new_recipe=new_recipe)


def release_of(
    recipe: Recipe, work: "Work", *, current: Collection[UUID] = (), new_recipe: bool = False
) -> Release:
    """Assemble the release of a recipe in a task.

    Args:
        recipe: What is asked for.
        work: What the task works with; it knows the teacher that settings and run name.
        current: Teachers that `current` is to mean in place of that one.
        new_recipe: Whether it may go on with a name that another recipe has.

    Raises:
        NothingToRelease: no finished conversation is left by the recipe.
        NameTaken: another recipe has its name.
    """
    if not current and names_current(recipe):
        current = {work.teacher.identity.teacher_id}
    return assemble_release(
        recipe, current=current, store=work.store, writer=work.writer, new_recipe=new_recipe
    )


def find_release(store: Store, release_id: UUID) -> Release:
    """Return the release of this id.

    Raises:
        ReleaseMissing: there is none.
    """
    found = store.fetch("release.by_id", Release, release_id=release_id)
    if not found:
        raise ReleaseMissing(f"no release {release_id}")
    return found[0]


def _codes(store: Store) -> dict[UUID, str]:
    """Return the code of every finished program, which the dedup stage found in no other.

    Those that the recipe leaves out or that were taken down are among them, so that a program
    stands in the same split of every release.
    """
    programs = store.fetch("release.unscreened_programs", _FinishedProgram)
    return {program.program_id: program.main_function for program in programs}


def _nothing(choice: Choice, conversations: Sequence[Conversation]) -> NothingToRelease:
    """Say which fields of the recipe left out how many, and what would take them."""
    fields = Counter(why.field for c in conversations if (why := left_out(choice, c)))
    names = Counter(choice.name_of(c.teacher_id) for c in conversations)
    counted = ", ".join(f"{field} leaves out {rows}" for field, rows in fields.most_common())
    who = ", ".join(f"{name} ({rows})" for name, rows in names.most_common())
    told = f"the recipe {choice.recipe.name} takes none of {len(conversations)} finished answers"
    if not conversations:
        return NothingToRelease(told)
    widen = " and ".join(fields)
    return NothingToRelease(
        f"{told}: {counted}; they are by {who}",
        cure=f"Widen {widen} in the recipe (`teachers: any` takes every teacher), or let the "
        "teacher answer first: `codeio teacher preview answer` says what waits for it.",
    )


def _sample(item: Chosen, stage_run_id: UUID) -> SampleRow:
    return SampleRow(
        sample_id=item.sample_id,
        prompt_id=item.conversation.prompt_id,
        first_verdict_id=item.conversation.first_verdict_id,
        second_verdict_id=item.conversation.second_verdict_id,
        stage_run_id=stage_run_id,
    )


def _texts(chosen: list[Chosen], store: Store) -> Iterator[SampleText]:
    splits = {item.sample_id: item.split for item in chosen}
    for row in read_texts(store, list(splits)):
        yield replace(row, split=splits[row.sample_id])


def _find_or_create(
    choice: Choice,
    chosen: list[Chosen],
    content: str,
    store: Store,
    writer: FactWriter,
    *,
    new_recipe: bool,
) -> Release:
    recipe = choice.recipe
    teachers = choice.shares(item.conversation.teacher_id for item in chosen)
    with store.transaction() as transaction:
        # Two assemblies at once must not take the same version.
        transaction.value("release.lock_name", name=recipe.name)
        name = name_for(recipe, teachers, transaction)
        found = _by_content(transaction, name, content)
        if found:
            return found
        if not new_recipe:
            require_own_name(recipe, name, transaction)
        version = transaction.value("release.last_version", name=name) + 1
        funnel = [*transaction.fetch_json("release.funnel"), _last_stage(chosen)]
        release = ReleaseRow(
            release_id=content_id("release", name, content),
            name=name,
            version=version,
            recipe=recipe.model_dump(mode="json"),
            content_sha256=content,
            status="candidate",
            samples=len(chosen),
            funnel=funnel,
            teachers=teachers,
            stage_run_id=writer.run.stage_run_id,
        )
        transaction.insert([writer.run, release, *_members(release.release_id, chosen)])
        created = _by_content(transaction, name, content)
    assert created is not None
    log.info(
        "assembled %s v%d: %d samples", name, version, len(chosen), extra={"action": "assemble"}
    )
    return created


def _last_stage(chosen: list[Chosen]) -> Json:
    return {"stage": "samples of this release", "rows": len(chosen)}


def _by_content(transaction: Transaction, name: str, content: str) -> Release | None:
    found = transaction.fetch("release.by_content", Release, name=name, content_sha256=content)
    return found[0] if found else None


def _members(release_id: UUID, chosen: Iterable[Chosen]) -> list[ReleaseSample]:
    return [
        ReleaseSample(
            release_id=release_id,
            sample_id=item.sample_id,
            split=item.split,
            position=item.position,
        )
        for item in chosen
    ]

"""Says why a release would be empty: what became of its rows, and what would take them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from codeio_ops.errors import NothingToRelease
from codeio_ops.reasons import drop_reason_of
from codeio_ops.release.refusal import LeftOutCount, Refusal, counted, cures_of
from codeio_ops.release.select import Conversation, left_out
from codeio_ops.release.teachers import Choice
from codeio_ops.storage.engine import Store

_NAMED_DROPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dropped:
    """Rows that a stage dropped for a reason."""

    stage: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """Rows that wait for a stage."""

    stage: str
    pending: int


def nothing_finished(store: Store, *, past: int = 0) -> NothingToRelease:
    """Say what became of the rows, when no conversation is finished.

    Args:
        store: The database.
        past: Finished ones of files that no source shows at present.
    """
    taken_down = store.value("release.taken_down_conversations")
    waiting = store.fetch("funnel.waiting", _Waiting)
    drops = sorted(store.fetch("funnel.drops", _Dropped), key=lambda drop: -drop.rows)
    drops = drops[:_NAMED_DROPS]
    told = [
        *([f"{past:,} are of files that no source shows at present"] if past else []),
        *([f"{taken_down:,} are of files that were taken down"] if taken_down else []),
        *(f"{drop.stage} dropped {drop.rows:,} ({drop.reason})" for drop in drops),
        *(f"{each.pending:,} rows wait for {each.stage}" for each in waiting),
    ]
    undo = "`codeio release takedowns` lists what was taken down." if taken_down else ""
    cures = [drop_reason_of(drop.reason).cure for drop in drops]
    ever = "`files: ever` in a recipe takes what sources showed once." if past else ""
    run = "Let what waits be done: `codeio run`." if waiting else ""
    add = "" if told else "Add a source with `codeio source add`, then `codeio run`."
    return NothingToRelease(
        ": ".join(["no conversation is finished that may be released", *_listed(told)]),
        cure=" ".join(dict.fromkeys(cure for cure in (undo, run, *cures, ever, add) if cure)),
    )


def nothing_taken(choice: Choice, store: Store) -> NothingToRelease:
    """Say which fields of the recipe leave out how many; what is past is no choice of its own."""
    fields, names = Counter[str](), Counter[str]()
    with store.transaction() as transaction:
        for one in transaction.stream("release.conversations", Conversation):
            names[choice.name_of(one.teacher_id)] += 1
            fields.update(why.field for why in (left_out(choice, one),) if why)
    if not fields.keys() - {"files"}:
        return nothing_finished(store, past=names.total())
    by_field = ", ".join(f"{field} leaves out {rows}" for field, rows in fields.most_common())
    who = ", ".join(f"{name} ({rows})" for name, rows in names.most_common())
    return NothingToRelease(
        f"the recipe {choice.recipe.name} takes none of {names.total()} finished answers: "
        f"{by_field}; they are by {who}",
        cure=f"Widen {' and '.join(fields)} in the recipe (`teachers: any` takes every teacher), "
        "or let the teacher answer first: `codeio teacher preview answer` says what waits for it.",
    )


def all_refused(choice: Choice, refusals: Sequence[Refusal]) -> NothingToRelease:
    """Say for which reasons all that the recipe takes is left out, with an example of each."""
    by_reason = Counter(refusal.reason for refusal in refusals)
    counts = [LeftOutCount(reason=name, samples=n) for name, n in by_reason.most_common()]
    examples = {refusal.reason: str(refusal) for refusal in reversed(refusals)}
    return NothingToRelease(
        f"all {len(refusals):,} samples that the recipe {choice.recipe.name} takes are left out: "
        f"{counted(counts)}, such as {'; '.join(examples[name] for name in by_reason)}",
        cure=cures_of(by_reason),
    )


def _listed(told: Sequence[str]) -> list[str]:
    return [", ".join(told)] if told else []

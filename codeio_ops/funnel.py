"""The funnel: what each stage let through, dropped and still has to do, from the tallies.

The pages and `codeio funnel` read it here. Tallies cost the same however many rows there are; a
row that is done again, under a later verifier or template, counts once more. What was answered is
counted of all teachers, what waits to be of the current one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codeio_ops.pipeline import STAGES, Cut, Stage
from codeio_ops.storage.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTally:
    """What a stage wrote.

    Attributes:
        stage: Its name.
        passed: Rows written.
        settled: Rows of the stage before that they settle.
        dropped: Rows dropped.
        closed: Rows of the stage before that it need not take any more: settled, dropped, or not
            asked of the current teacher.
        wrong: Of first answers of the current teacher, those judged wrong.
    """

    stage: str
    passed: int = 0
    settled: int = 0
    dropped: int = 0
    closed: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTally:
    """How many rows a stage dropped for a reason."""

    stage: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictTally:
    """How many answers got a verdict."""

    verdict: str
    rows: int
    direction: str = ""
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """One stage of the funnel.

    Attributes:
        stage: Its name.
        unit: What `passed` counts.
        passed: Rows that came out.
        dropped: Rows that go no further.
        waiting: Rows that the stage has not seen; None where they are not counted.
        drops: The reasons, most frequent first.
        right: Answers judged correct; None for other stages than `verify`.
        wrong: The other verdicts, most frequent first.
    """

    stage: str
    unit: str
    passed: int
    dropped: int
    waiting: int | None
    drops: Sequence[DropTally]
    right: int | None = None
    wrong: Sequence[VerdictTally] = ()

    @property
    def share(self) -> float | None:
        """Share of the rows it saw that came out; of answers, the share that is correct."""
        if self.right is not None:
            return self.right / self.passed if self.passed else None
        seen = self.passed + self.dropped
        return self.passed / seen if seen else None


def read_funnel(store: Store, *, dag_id: str = "", run_id: str = "") -> list[StageLine]:
    """Return the stages, over everything or over one DAG run (which knows of no waiting rows)."""
    found = store.fetch("pages.stages", StageTally, dag_id=dag_id, run_id=run_id)
    drops = store.fetch("pages.drops", DropTally, dag_id=dag_id, run_id=run_id)
    verdicts = store.fetch("pages.verdicts", VerdictTally, dag_id=dag_id, run_id=run_id)
    waiting = 0 if run_id else store.value("funnel.waiting_origins")
    return build_funnel(found, drops, verdicts, whole=not run_id, waiting_origins=waiting)


def build_funnel(
    found: Sequence[StageTally],
    drops: Iterable[DropTally],
    verdicts: Iterable[VerdictTally],
    *,
    whole: bool,
    waiting_origins: int = 0,
) -> list[StageLine]:
    """Order the stages; one that is not in the table comes last.

    `waiting_origins` are files that ingest is to judge anew.
    """
    tallies = {row.stage: row for row in found}
    reasons: dict[str, list[DropTally]] = defaultdict(list)
    for drop in drops:
        reasons[drop.stage].append(drop)
    judged: Counter[str] = Counter()
    for verdict in verdicts:
        judged[verdict.verdict] += verdict.rows
    known = {stage.name: stage for stage in STAGES.values() if stage.dag_id}
    others = sorted(tallies.keys() - known.keys())
    unknown = [Stage(name=name, unit="rows", reads="", writes="") for name in others]
    return [
        _line(stage, tallies, reasons[stage.name], judged, waiting_origins if whole else None)
        for stage in (*known.values(), *unknown)
        if stage.name in tallies or (whole and not stage.filters)
    ]


def _line(
    stage: Stage,
    tallies: Mapping[str, StageTally],
    drops: Sequence[DropTally],
    judged: Counter[str],
    waiting_origins: int | None,
) -> StageLine:
    return StageLine(
        stage=stage.name,
        unit=stage.unit,
        passed=_passed(stage, tallies),
        dropped=_of(stage, tallies).dropped,
        waiting=None if waiting_origins is None else _waiting(stage, tallies, waiting_origins),
        drops=drops,
        **(_judgement(judged) if stage.name == "verify" else {}),
    )


def _judgement(judged: Counter[str]) -> dict[str, Any]:
    wrong = [VerdictTally(verdict=name, rows=rows) for name, rows in judged.most_common()]
    return {"right": judged["correct"], "wrong": [row for row in wrong if row.verdict != "correct"]}


def _of(stage: Stage, tallies: Mapping[str, StageTally]) -> StageTally:
    return tallies.get(stage.name) or StageTally(stage=stage.name)


def _passed(stage: Stage, tallies: Mapping[str, StageTally]) -> int:
    tally = _of(stage, tallies)
    if stage.filters:
        return max(_entering(stage, tallies) - tally.dropped, 0)
    return tally.settled if stage.counts == "settled" else tally.passed


def _entering(stage: Stage, tallies: Mapping[str, StageTally]) -> int:
    before = [STAGES[name] for name in stage.takes]
    if stage.takes_wrong:
        return sum(_of(earlier, tallies).wrong for earlier in before)
    return sum(_passed(earlier, tallies) for earlier in before)


def _waiting(stage: Stage, tallies: Mapping[str, StageTally], waiting_origins: int) -> int | None:
    """Return what came in, less what need not be taken any more."""
    if stage.cut is Cut.OWN and not stage.takes and not stage.reads:
        return waiting_origins
    if stage.filters or not stage.takes:
        return None
    return max(_entering(stage, tallies) - _of(stage, tallies).closed, 0)

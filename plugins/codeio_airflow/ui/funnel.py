"""The funnel: what each stage let through, dropped and still has to do, from the tallies."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from codeio_airflow.ui.rows import Row
from codeio_ops.storage.engine import Store

# Those that write rows, each with a colour of its own in the charts.
STAGES = ("ingest", "transform", "sample", "prompt", "answer", "verify", "revise", "release")
# Stages that write no row of their own: what they let through is what came in, less the drops.
_FILTERS = {"dedup": "ingest", "screen": "dedup", "dedup programs": "transform"}
_ORDER = ("ingest", "dedup", "screen", "transform", "dedup programs", *STAGES[2:])
_UNITS = {
    "ingest": "raw files",
    "dedup": "raw files",
    "screen": "raw files",
    "transform": "programs",
    "dedup programs": "programs",
    "sample": "programs with pairs",
    "prompt": "prompts",
    "answer": "first answers",
    "verify": "judged answers",
    "revise": "revisions",
    "release": "samples",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of the funnel.

    Attributes:
        stage: Its name.
        unit: What `passed` counts.
        passed: Rows that came out.
        dropped: Rows that go no further.
        waiting: Rows that the stage has not seen; None where the stage is not asked for rows.
        drops: The reasons, most frequent first.
        right: Answers judged correct; None for other stages than `verify`.
        wrong: The other verdicts, most frequent first.
    """

    stage: str
    unit: str
    passed: int
    dropped: int
    waiting: int | None
    drops: Sequence[Row]
    right: int | None = None
    wrong: Sequence[Row] = ()

    @property
    def share(self) -> float | None:
        """Share of the rows it saw that came out; of answers, the share that is correct."""
        if self.right is not None:
            return self.right / self.passed if self.passed else None
        seen = self.passed + self.dropped
        return self.passed / seen if seen else None


def read_funnel(store: Store, *, dag_id: str = "", run_id: str = "") -> list[Step]:
    """Return the steps, over everything or over one DAG run (which knows of no waiting rows)."""
    found = store.fetch("pages.stages", Row, dag_id=dag_id, run_id=run_id)
    drops = store.fetch("pages.drops", Row, dag_id=dag_id, run_id=run_id)
    verdicts = store.fetch("pages.verdicts", Row, dag_id=dag_id, run_id=run_id)
    return build_funnel(found, drops, verdicts, whole=not run_id)


def build_funnel(
    found: Sequence[Row], drops: Iterable[Row], verdicts: Iterable[Row], *, whole: bool
) -> list[Step]:
    """Order the stages; one that is not known here comes last."""
    stages = {row.stage: row for row in found}
    reasons: dict[str, list[Row]] = defaultdict(list)
    for drop in drops:
        reasons[drop.stage].append(drop)
    judged: Counter[str] = Counter()
    for verdict in verdicts:
        judged[verdict.verdict] += verdict.rows
    names = [*_ORDER, *sorted(stages.keys() - set(_ORDER))]
    waiting = _waiting(stages) if whole else {}
    return [
        Step(
            stage=name,
            unit=_UNITS.get(name, "rows"),
            passed=_passed(name, stages),
            dropped=stages[name].dropped if name in stages else 0,
            waiting=waiting.get(name),
            drops=reasons[name],
            **(_judgement(judged) if name == "verify" else {}),
        )
        for name in names
        if name in stages or (whole and name not in _FILTERS)
    ]


def _judgement(judged: Counter[str]) -> dict[str, Any]:
    right = judged["correct"]
    wrong = [Row(verdict=name, rows=rows) for name, rows in judged.most_common()]
    return {"right": right, "wrong": [row for row in wrong if row.verdict != "correct"]}


def _passed(stage: str, stages: dict[str, Row]) -> int:
    if stage in _FILTERS:
        dropped = stages[stage].dropped if stage in stages else 0
        return max(_passed(_FILTERS[stage], stages) - int(dropped), 0)
    if stage not in stages:
        return 0
    return int(stages[stage].settled if stage == "sample" else stages[stage].passed)


def _waiting(stages: dict[str, Row]) -> dict[str, int]:
    """Return what each stage still has to take: what came in, less what it settled or dropped.

    An answer judged again, under a later version of the verifier, counts once more as judged.
    """
    empty = Row(passed=0, settled=0, dropped=0, wrong=0)
    of = defaultdict(lambda: empty, stages)
    entering = {
        "transform": _passed("screen", stages),
        "sample": _passed("dedup programs", stages),
        "answer": of["prompt"].passed,
        "verify": of["answer"].passed + of["revise"].passed,
        "revise": of["verify"].wrong,
    }
    return {
        stage: max(rows - of[stage].settled - of[stage].dropped, 0)
        for stage, rows in entering.items()
    }

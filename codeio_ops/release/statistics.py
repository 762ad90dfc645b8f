"""What the card counts in the rows of a release, gathered while they are written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from codeio_ops.release.training import TrainingRow

LENGTH_STEP_CHARS = 250


@dataclass(slots=True)
class Statistics:
    """Counts of samples, by what the attribute names.

    Attributes:
        verdicts: By (direction, turn, verdict).
        lengths: By length of prompt and response together, in steps of `LENGTH_STEP_CHARS`
            characters, rounded down.
    """

    splits: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    directions: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    replaced: int = 0
    programs: set[UUID] = field(default_factory=set)

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.splits.total()

    def counted(self, rows: Iterable[TrainingRow]) -> Iterator[TrainingRow]:
        """Yield the rows, counting each."""
        for row in rows:
            self._count(row)
            yield row

    def _count(self, row: TrainingRow) -> None:
        sample = row.sample
        self.splits[sample.split] += 1
        self.licences[sample.licence] += 1
        self.sources[f"{sample.source_kind}:{sample.source_locator}"] += 1
        self.directions[sample.direction] += 1
        self.verdicts[sample.direction, 1, sample.verdict_1] += 1
        if sample.verdict_2:
            self.verdicts[sample.direction, 2, sample.verdict_2] += 1
        chars = len(row.prompt) + len(row.response)
        self.lengths[chars // LENGTH_STEP_CHARS * LENGTH_STEP_CHARS] += 1
        self.replaced += row.replaced
        self.programs.add(sample.program_id)

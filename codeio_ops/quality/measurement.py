"""What every gate takes and gives; a gate is a function from `GateInputs` to `Measurement`."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.judges import Judge
from codeio_ops.quality.leakage.training import TrainingText
from codeio_ops.sample.recheck import StoredPair
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter

MAX_EVIDENCE = 50

T = TypeVar("T")


class Severity(StrEnum):
    """What a failure means: `hard` rejects the release, `soft` asks a person."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a gate found: `value` must be at most `threshold`."""

    metric: str
    value: float
    threshold: float
    evidence: Json
    severity: Severity = Severity.HARD

    @property
    def passed(self) -> bool:
        """Whether the gate lets the release through."""
        return self.value <= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Samples that are judged row by row: all of a release by its gates, or before there is one."""

    sample_ids: Sequence[UUID]
    store: Store
    objects: ObjectStore
    settings: Settings

    def fetch(self, name: str, into: type[T], /) -> list[T]:
        """Run a named query about these samples."""
        return self.store.fetch(name, into, sample_ids=list(self.sample_ids))

    def stream(self, name: str, into: type[T], /) -> Iterator[T]:
        """Run a named query about these samples, and give its rows one by one."""
        with self.store.transaction() as transaction:
            yield from transaction.stream(name, into, sample_ids=list(self.sample_ids))

    def texts(self, judge: Judge) -> Iterator[TrainingText]:
        """Give the texts of these samples, program by program, but of programs that a judge knows.

        It found nothing in any of their conversations.
        """
        with self.store.transaction() as transaction:
            yield from transaction.stream(
                "benchmark.training_texts",
                TrainingText,
                sample_ids=list(self.sample_ids),
                judge_id=judge.judge_id,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInputs:
    """What gates judge with; a gate that runs no program opens no sandbox.

    Attributes:
        open_sandbox: Opens the sandbox of the verifier.
        open_auditing_sandbox: Opens fresh containers under a hash seed that no other
            stage uses.
        writer: Writes what they found nothing in.
    """

    release_id: UUID
    store: Store
    objects: ObjectStore
    settings: Settings
    open_sandbox: Callable[[], Sandbox]
    open_auditing_sandbox: Callable[[], Sandbox]
    writer: FactWriter

    @property
    def rows(self) -> Rows:
        """All samples of the release."""
        with self.store.transaction() as transaction:
            ids = transaction.column("release.sample_ids", release_id=self.release_id)
        return Rows(sample_ids=ids, store=self.store, objects=self.objects, settings=self.settings)

    def pairs_to_run(self, judge: Judge) -> list[StoredPair]:
        """Return the pairs of the release that the judge has not passed, and some of the others.

        In the order of their programs. Those others are drawn by chance, as many as
        `audited_pairs` says: another draw for each release, always the same for one.
        """
        return self.store.fetch(
            "release.pairs_to_run",
            StoredPair,
            release_id=self.release_id,
            judge_id=judge.judge_id,
            again=self.settings.audited_pairs,
        )

    def count_pairs(self) -> int:
        """Count the pairs of the release."""
        count: int = self.store.value("release.pairs", release_id=self.release_id)
        return count

    def keep_passed(
        self, judge: Judge, pairs: Iterable[StoredPair], *, besides: Container[UUID]
    ) -> None:
        """Store that the judge passed these pairs, but not those of `besides`."""
        passed = [pair.io_pair_id for pair in pairs if pair.io_pair_id not in besides]
        self.writer.write(judge.passed(passed, self.writer.run.stage_run_id))

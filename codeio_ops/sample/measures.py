"""What the calls of a program show of how much there is to learn from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.records import ProgramMeasure
from codeio_ops.sandbox.base import RunResult


@dataclass(slots=True, kw_only=True)
class Observed:
    """The calls of one program so far.

    Attributes:
        calls: How often it was called.
        outputs: What the calls returned that keep the size rules.
        wall_ms: Their wall-clock times in milliseconds.
        cpu_ms: CPU time of all calls in milliseconds.
        peak_rss_kib: Largest resident memory of a process in KiB.
    """

    calls: int = 0
    outputs: list[Json] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0
    peak_rss_kib: int = 0

    def add_costs(self, results: Sequence[RunResult]) -> None:
        """Count calls and what they cost."""
        self.calls += len(results)
        self.cpu_ms += sum(result.cpu_ms or 0.0 for result in results)
        peaks = (result.peak_rss_kib or 0 for result in results)
        self.peak_rss_kib = max(self.peak_rss_kib, *peaks, 0)

    def add_output(self, result: RunResult) -> None:
        """Note an output that keeps the size rules."""
        self.outputs.append(result.value)
        self.wall_ms.append(result.wall_ms)

    @property
    def distinct_outputs(self) -> int:
        """How many different outputs there are."""
        return len({canonical(output) for output in self.outputs})

    def measure(self, program_id: UUID, stage_run_id: UUID) -> ProgramMeasure | None:
        """Return the row to store; None while nothing was returned."""
        count = len(self.outputs)
        if not count:
            return None
        return ProgramMeasure(
            program_id=program_id,
            calls=self.calls,
            outputs=count,
            distinct_outputs=self.distinct_outputs,
            constant=count > 1 and self.distinct_outputs == 1,
            boolean_share=sum(isinstance(output, bool) for output in self.outputs) / count,
            float_share=sum(map(_holds_fraction, self.outputs)) / count,
            mean_wall_ms=sum(self.wall_ms) / count,
            cpu_ms=self.cpu_ms,
            peak_rss_kib=self.peak_rss_kib,
            stage_run_id=stage_run_id,
        )


def _holds_fraction(value: Json) -> bool:
    match value:
        case float():
            return True
        case list():
            return any(map(_holds_fraction, value))
        case dict():
            return any(map(_holds_fraction, value.values()))
        case _:
            return False

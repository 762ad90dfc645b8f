"""Which releases wait for a person, for what, and since when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.storage.engine import Store

WHERE = "the Airflow UI (Browse, Required Actions)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A row of `codeio.open_question`: a candidate about which a person must decide."""

    release_id: UUID
    name: str
    version: int
    samples: int
    gates: str
    since: datetime
    dag_id: str
    run_id: str

    def __str__(self) -> str:
        """Say what waits for whom, and since when."""
        return (
            f"{self.name} v{self.version} waits for you since {self.since:%Y-%m-%d %H:%M %Z}: "
            f"publish its {self.samples:,} samples although {self.gates} failed?"
        )

    def to_json(self) -> Json:
        """Return it as commands print it with `--json`."""
        return {
            "name": self.name,
            "version": self.version,
            "samples": self.samples,
            "gates": self.gates,
            "since": self.since.isoformat(),
            "run_id": self.run_id,
            "cure": self.cure,
        }

    @property
    def cure(self) -> str:
        """Say how it is answered."""
        return f"See why: codeio release show {self.name} {self.version}; then answer in {WHERE}."


def open_questions(store: Store) -> list[OpenQuestion]:
    """Return what waits for a person, the oldest first."""
    return store.fetch("release.open_questions", OpenQuestion)

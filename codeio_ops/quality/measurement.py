"""What every gate takes and gives; a gate is a function from `GateInputs` to `Measurement`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

MAX_EVIDENCE = 50


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
class GateInputs:
    """What gates judge with; a gate that runs no program opens no sandbox.

    Attributes:
        open_sandbox: Opens the sandbox of the verifier.
        open_auditing_sandbox: Opens fresh containers under a hash seed that no other
            stage uses.
    """

    release_id: UUID
    store: Store
    objects: ObjectStore
    settings: Settings
    open_sandbox: Callable[[], Sandbox]
    open_auditing_sandbox: Callable[[], Sandbox]

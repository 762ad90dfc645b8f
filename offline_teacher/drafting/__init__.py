"""The transform without a model: a raw Python file becomes programs in the CODE I/O form.

Static analysis proposes units and inputs, the sandbox says which of them work.
"""

from offline_teacher.drafting.draft import (
    ProgramDraft,
    TransformOutcome,
    transform_source,
)

__all__ = ["ProgramDraft", "TransformOutcome", "transform_source"]

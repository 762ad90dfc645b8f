"""The transform without a model: a raw Python file becomes programs in the CODE I/O form.

Static analysis proposes units and inputs, the sandbox says which of them work.
"""

from offline_teacher.drafting.draft import (
    DraftOutcome,
    ProgramDraft,
    draft_programs,
)

__all__ = ["ProgramDraft", "DraftOutcome", "draft_programs"]

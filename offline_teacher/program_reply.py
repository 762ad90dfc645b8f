"""Replying to a transform request: the four parts, or the reason why there are none."""

from dataclasses import dataclass, field

from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.teacher.markdown import fenced
from codeio_ops.teacher.parsing import Refusal, parse_transform
from codeio_ops.teacher.prompting import TransformTask
from offline_teacher.drafting import ProgramDraft, draft_programs


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramReply:
    """A reply with the facts that its row will carry."""

    text: str
    provenance: dict[str, Json] = field(default_factory=dict)


def program_reply(task: TransformTask, *, sandbox: Sandbox, confirm: Sandbox) -> ProgramReply:
    """Turn the file of a transform prompt into a program, without a model.

    Args:
        task: What the prompt holds.
        sandbox: Where code of the file runs.
        confirm: A sandbox with another hash seed, to confirm what was found.

    Raises:
        SandboxFault: the sandbox failed; nothing can be said about the file.
    """
    if task.language != "python":
        return _refused("language", "only Python is read without a model")
    outcome = draft_programs(task.source, sandbox=sandbox, confirm=confirm)
    if not outcome.drafts:
        return _refused(outcome.reason or "no_function", outcome.detail)
    draft = outcome.drafts[0]
    text = _four_parts(draft)
    parsed = parse_transform(text)
    if isinstance(parsed, Refusal):
        return _refused("bad_format", parsed.detail)
    return ProgramReply(text=text, provenance=_facts(draft))


def _four_parts(draft: ProgramDraft) -> str:
    return "\n\n".join(
        (
            "## Main Function",
            fenced(draft.main_function.strip("\n"), "python"),
            "## Input Output Description",
            draft.io_description.strip(),
            "## Input Generator",
            fenced(draft.input_generator.strip("\n"), "python"),
            "## Problem Statement",
            draft.problem_statement.strip(),
        )
    )


def _facts(draft: ProgramDraft) -> dict[str, Json]:
    return {
        "statement_source": draft.statement_source,
        "unit": draft.unit[:200],
        "evidence": dict(draft.evidence),
    }


def _refused(reason: str, detail: str) -> ProgramReply:
    line = " ".join(detail.split())[:300]
    return ProgramReply(text=f"## Refused\n\n{reason}: {line}")

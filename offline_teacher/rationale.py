"""A told trace, cut to the length of a readable rationale."""

import ast
from dataclasses import dataclass

from offline_teacher.narrate import Narration, narrate
from offline_teacher.trace import Trace

# Measured with a real tokenizer on texts of this kind: 2.4 characters a token.
CHARS_PER_TOKEN = 2.4
_ROUNDS = (6, 4, 3, 2, 1)
_HEAD_SHARE = 0.6
_TAIL_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationale:
    """Prose about one call.

    Attributes:
        text: The steps, one a line.
        hidden_share: Share of the steps that the text does not state, 0 to 1.
    """

    text: str
    hidden_share: float


def rationale(tree: ast.Module, trace: Trace, *, max_tokens: int) -> Rationale:
    """Tell a trace in as much detail as fits."""
    limit = int(max_tokens * CHARS_PER_TOKEN)
    told = Narration(text="", told_steps=0)
    for count in _ROUNDS:
        told = narrate(tree, trace, rounds_told=count)
        if len(told.text) <= limit:
            return _rationale(told.text, told.told_steps, trace)
    lines = told.text.split("\n")
    head = _fitting(lines, limit * _HEAD_SHARE)
    tail = _fitting(lines[len(head) :][::-1], limit * _TAIL_SHARE)[::-1]
    left_out = len(lines) - len(head) - len(tail)
    text = "\n".join([*head, f"({left_out} further steps like these are left out.)", *tail])
    return _rationale(text, told.told_steps * (len(lines) - left_out) // len(lines), trace)


def _rationale(text: str, told_steps: int, trace: Trace) -> Rationale:
    share = 1.0 - min(told_steps / trace.steps, 1.0) if trace.steps else 0.0
    return Rationale(text=text, hidden_share=round(share, 3))


def _fitting(lines: list[str], limit: float) -> list[str]:
    taken: list[str] = []
    room = limit
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken

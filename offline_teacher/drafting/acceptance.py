"""When a verified program is worth keeping: enough pairs, few errors, outputs that vary."""

from collections import Counter

from codeio_ops.jsonvalue import Json, canonical, within_size_rules
from codeio_ops.sandbox.base import Sandbox
from offline_teacher.drafting.generators import with_rare_inputs
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.trial_jobs import Checked, rare_inputs, verify

MIN_PAIRS = 10
_MAX_ERRORS = 0.4
_MAX_ECHO = 0.7
# Of twenty draws all would give the most frequent output once in 300 times at this share.
_MAX_USUAL = 0.75
_LEAST_RARE = 2


def verified(sandbox: Sandbox, program: str, generator: str) -> tuple[str, Checked]:
    """Verify a program; a generator that mostly meets one output is tuned to meet others.

    Returns:
        The generator to keep, and what its inputs gave.

    Raises:
        UnitRefused: `one_output`: inputs with another output are not found;
            `not_verified`: too few pairs, or too many errors or echoes.
    """
    checked = verify(sandbox, program, generator, backwards=False)
    if usual_share(checked) > _MAX_USUAL:
        rare = rare_inputs(sandbox, program, generator)
        if len(rare) < _LEAST_RARE:
            raise UnitRefused("one_output", f"{len(rare)} inputs give another output")
        generator = with_rare_inputs(generator, rare)
        checked = verify(sandbox, program, generator, backwards=False)
    if not _is_acceptable(checked):
        raise UnitRefused("not_verified")
    return generator, checked


def usual_share(checked: Checked) -> float:
    """Share of the usable pairs that have the most frequent output; 0 without pairs."""
    counts = Counter(canonical(output) for _, output in _usable(checked))
    return max(counts.values()) / counts.total() if counts else 0.0


def _usable(checked: Checked) -> list[tuple[Json, Json]]:
    return [
        (given, output)
        for given, output in checked.pairs
        if output is not None and within_size_rules(given) and within_size_rules(output)
    ]


def _is_acceptable(checked: Checked) -> bool:
    usable = _usable(checked)
    outputs = {canonical(output) for _, output in usable}
    echoes = sum(isinstance(given, dict) and output in given.values() for given, output in usable)
    return (
        len(usable) >= MIN_PAIRS
        and len(outputs) >= 2
        and not checked.endless
        and checked.errors <= _MAX_ERRORS * checked.tries
        and echoes <= _MAX_ECHO * len(usable)
    )

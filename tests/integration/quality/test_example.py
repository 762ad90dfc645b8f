"""The gate of CONTRIBUTING passes a sound candidate, and fails one with the defect in it."""

from dataclasses import replace

from examples.gate import SHORTEST, short_answers

from codeio_ops.quality.measurement import Severity
from support.candidate import Plot, sound


def test_the_example_gate_finds_what_it_is_for(plot: Plot) -> None:
    first, *rest = (replace(item, turn_1="Step by step. " * SHORTEST) for item in sound())
    assert short_answers(plot.inputs(plot.candidate([first, *rest]))).passed
    short = replace(first, code=f"# short\n{first.code}", turn_1="So.")
    found = short_answers(plot.inputs(plot.candidate([short, *rest], name="other")))
    assert (found.value, found.severity) == (len(short.pairs), Severity.SOFT)

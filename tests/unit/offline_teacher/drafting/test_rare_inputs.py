"""Promises of tuning: outputs vary in twenty fresh draws, or the program is not taken."""

import random

from codeio_ops.jsonvalue import Json
from offline_teacher.drafting.acceptance import usual_share
from offline_teacher.drafting.generators import with_rare_inputs
from offline_teacher.drafting.trial_jobs import Checked
from offline_teacher.guest.rare_inputs import rare_inputs

PATH_SUM = """
def main_solution(values, target):
    return sum(values) == target
"""
NEVER = "def main_solution(values, target):\n    return len(values) > 90\n"
GENERATOR = """import random


def input_generator():
    values = [random.randint(-9, 9) for _ in range(random.randint(1, 6))]
    target = random.randint(-30, 30)
    return {"values": values, "target": target}
"""


def outputs_of(program: str, generator: str, seed: int) -> set[bool]:
    space: dict[str, object] = {}
    exec(program + generator, space)
    random.seed(seed)
    return {space["main_solution"](**space["input_generator"]()) for _ in range(20)}  # type: ignore[operator]


def test_a_sum_that_is_hardly_ever_met_is_met_after_tuning() -> None:
    found = rare_inputs(program=PATH_SUM, generator=GENERATOR, tries=300, wanted=8)
    assert len(found) >= 3
    assert all(sum(given["values"]) == given["target"] for given in found)  # type: ignore[arg-type]
    tuned = with_rare_inputs(GENERATOR, [*found])
    assert sum(len(outputs_of(PATH_SUM, GENERATOR, seed)) == 1 for seed in range(50)) > 5
    assert all(len(outputs_of(PATH_SUM, tuned, seed)) == 2 for seed in range(50))


def test_where_no_other_output_exists_none_is_claimed() -> None:
    assert rare_inputs(program=NEVER, generator=GENERATOR, tries=100, wanted=8) == []


def test_of_each_rare_output_there_are_few_inputs() -> None:
    program = (
        "def main_solution(values, target):\n    return max(target, 25) if target > 0 else -1\n"
    )
    found = rare_inputs(program=program, generator=GENERATOR, tries=300, wanted=30)
    assert len([given for given in found if 0 < given["target"] <= 25]) == 4  # type: ignore[operator]


def test_the_share_of_the_usual_output_counts_usable_pairs_only() -> None:
    pairs: tuple[tuple[Json, Json], ...] = (
        ({"n": 1}, 5),
        ({"n": 2}, 5),
        ({"n": 3}, 6),
        ({"n": 4}, None),
    )
    assert usual_share(Checked(pairs=(*pairs,), errors=0, endless=0, tries=4)) == 2 / 3
    assert usual_share(Checked(pairs=(), errors=0, endless=0, tries=0)) == 0

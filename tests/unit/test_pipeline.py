"""The table of stages is whole: what it names is there."""

import inspect
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name

import pytest

from codeio_ops.config import Settings
from codeio_ops.pipeline import STAGES, Cut, Stage, stages_asking, stages_redone, steps_of
from codeio_ops.storage.queries import query
from codeio_ops.work import Parts, Work

EACH = pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))


def _settings(**changes: object) -> Settings:
    return Settings.model_validate({"home": Path("/nonexistent"), **changes})


@EACH
def test_every_function_that_it_names_takes_what_it_is_given(stage: Stage) -> None:
    taken = {"whole": ["work"], "shards": ["shard", "work"], "own": ["source", "work"]}
    named = {
        stage.calls: taken[stage.cut],
        stage.parameters: ["work", "rows"],
        stage.requests: ["shard", "work"],
    }
    for name in named.keys() - {""}:
        assert list(inspect.signature(resolve_name(name)).parameters) == named[name]


@EACH
def test_a_stage_that_is_cut_into_shards_has_its_queries(stage: Stage) -> None:
    rows = {"pending": stage.cut is Cut.SHARDS and stage.dag_id, "stale": stage.stale_because}
    for aggregate in (name for name, has in rows.items() if has):
        assert ":low" in query(f"{aggregate}.{stage.name}").text


@EACH
def test_rows_come_from_stages_of_the_table(stage: Stage) -> None:
    assert set(stage.takes) <= STAGES.keys()
    assert not stage.filters or stage.takes


def test_stages_that_ask_a_teacher_need_one() -> None:
    needing = [stage.name for stage in STAGES.values() if stage.needs == "teacher"]
    assert stages_asking() == needing == ["transform", "answer", "revise"]


def test_what_another_image_ran_is_done_again_before_what_another_template_made() -> None:
    assert [stage.name for stage in stages_redone()] == [
        "recheck", "verify", "transform", "prompt",
    ]  # fmt: skip


def test_each_round_of_revision_is_judged() -> None:
    settings = _settings(revision_policy="by_expected_gain", revision_turns=2)
    steps = [(step.task_id, step.stage) for step in steps_of("answer_prompts", settings)]
    assert steps[3:] == [
        ("revise", "revise"),
        ("verify_revisions", "verify"),
        ("revise_2", "revise"),
        ("verify_revisions_2", "verify"),
    ]


def test_requests_of_mixed_mode_are_not_batched() -> None:
    batched = _settings(teacher_batch=True)
    mixed = _settings(teacher_batch=True, transform_mode="mixed")
    assert [s.name for s in STAGES.values() if s.is_batched(batched)] == stages_asking()
    assert [s.name for s in STAGES.values() if s.is_batched(mixed)] == ["answer", "revise"]
    assert not any(stage.is_batched(_settings()) for stage in STAGES.values())


def test_a_part_can_be_given_for_each_that_is_opened() -> None:
    opened = {name for name, part in vars(Work).items() if isinstance(part, cached_property)}
    assert set(Parts.__annotations__) == opened

"""Two teachers on the same prompts: how often each is right, and at what price."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from codeio_airflow.ui.app import build_app
from codeio_ops.comparison import Comparison, Score, compare_teachers
from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.records import Record, ResponseRow, TeacherCall, TeacherRow, VerdictRow
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import stage_run
from support.facts import RUN, TEACHER, FactBuilder

OTHER = content_id("teacher", "other")
# Verdicts of the two on each prompt, turn by turn; the last prompt is asked of one alone.
CONVERSATIONS = (
    ("output", ("correct",), ("correct",)),
    ("output", ("wrong", "correct"), ("wrong", "wrong")),
    ("input", ("wrong", "wrong"), ("correct",)),
    ("input", ("wrong", "correct"), ("timeout", "wrong")),
    ("output", ("correct",), ()),
)


def _by_other(record: Record) -> Record | None:
    """Return the record of a conversation as the other teacher writes it."""
    match record:
        case TeacherRow():
            return replace(record, teacher_id=OTHER, model="other", kind="api-model")
        case TeacherCall():
            return replace(
                record, teacher_call_id=_other_id(record.teacher_call_id), teacher_id=OTHER,
                cost_usd=Decimal("0.01"),
            )  # fmt: skip
        case ResponseRow():
            return replace(
                record, response_id=_other_id(record.response_id), teacher_id=OTHER,
                teacher_call_id=_other_id(record.teacher_call_id),
            )  # fmt: skip
        case VerdictRow():
            return replace(
                record, verdict_id=_other_id(record.verdict_id),
                response_id=_other_id(record.response_id),
            )  # fmt: skip
        case _:
            return None


def _other_id(found: UUID) -> UUID:
    return content_id("other", str(found))


@pytest.fixture
def written(settings: Settings, store: Store) -> UUID:
    """The conversations of both teachers; gives the sample of the second one."""
    run = stage_run("answer", RUN, settings, image_digest=None)
    facts = FactBuilder(run.stage_run_id)
    records = [_by_other(facts.records[0])]
    program = facts.program(facts.file("file"), "def main_solution(n):\n    return n")
    samples = []
    for number, (direction, *both) in enumerate(CONVERSATIONS):
        pair = facts.pair(program.program_id, {"n": number}, number, ordinal=number)
        prompt = facts.prompt(pair, direction)
        for verdicts, is_other in zip(both, (False, True), strict=True):
            before = len(facts.records)
            judged = [
                facts.verdict(facts.response(prompt, "words", turn=turn).response_id, verdict)
                for turn, verdict in enumerate(verdicts, start=1)
            ]
            if is_other:
                records += map(_by_other, facts.records[before:])
                del facts.records[before:]
            else:
                samples.append(facts.sample(prompt.prompt_id, *judged))
    with store.transaction() as transaction:
        transaction.insert([run, *facts.records, *filter(None, records)])
    return samples[1].sample_id


@pytest.fixture
def client(settings: Settings, written: UUID) -> Iterator[TestClient]:
    with TestClient(build_app(settings, logged_in=None, active_tasks=list)) as client:
        yield client


def _scores(found: Comparison) -> dict[tuple[UUID, str], Score]:
    (pair,) = found.pairs
    return {(score.teacher_id, score.direction): score for score in pair}


@pytest.mark.usefixtures("written")
def test_both_are_counted_on_the_prompts_that_both_answered(store: Store) -> None:
    scores = _scores(compare_teachers(store))
    counts = {
        key: (score.prompts, score.right_at_first, score.right_in_the_end, score.only_right)
        for key, score in scores.items()
    }
    assert counts == {
        (TEACHER, "both"): (4, 1, 3, 2), (OTHER, "both"): (4, 2, 2, 1),
        (TEACHER, "input"): (2, 0, 1, 1), (OTHER, "input"): (2, 1, 1, 1),
        (TEACHER, "output"): (2, 1, 2, 1), (OTHER, "output"): (2, 1, 1, 0),
    }  # fmt: skip
    both = scores[OTHER, "both"]
    assert (both.prompt_tokens, both.completion_tokens) == (600, 60)
    assert both.cost_usd == pytest.approx(0.06)
    assert both.cost_per_right_usd == pytest.approx(0.03)
    assert scores[TEACHER, "both"].cost_usd is None, "a price that is not known is not nothing"


@pytest.mark.usefixtures("written")
def test_a_teacher_alone_is_counted_on_all_that_it_answered(store: Store) -> None:
    alone = {
        score.teacher_id: (score.prompts, score.only_right)
        for score in compare_teachers(store).alone
        if score.direction == "both"
    }
    assert alone == {TEACHER: (5, 0), OTHER: (4, 0)}


@pytest.mark.usefixtures("written")
def test_of_many_answers_a_share_is_looked_at(store: Store) -> None:
    found = compare_teachers(store, most_answers=3)
    assert found.share == pytest.approx(3 / 9)
    assert sum(score.prompts for score in found.alone if score.direction == "both") < 9


def test_the_page_leads_to_the_answers_where_only_one_is_right(
    client: TestClient, written: UUID
) -> None:
    assert "On the 4 prompts that both answered" in client.get("/teachers").text
    path = f"/teachers/differences?right={TEACHER}&wrong={OTHER}&direction=output"
    assert path.replace("&", "&amp;") in client.get("/teachers").text
    html = client.get(path).text
    assert f"/samples/{written}" in html
    assert html.count("in no release yet") == 1
    assert "There is no such prompt" not in html
    nothing = client.get(f"/teachers/differences?right={OTHER}&wrong={TEACHER}&direction=output")
    assert "There is no such prompt" in nothing.text


def test_before_the_first_answer_the_page_says_so(settings: Settings) -> None:
    with TestClient(build_app(settings, logged_in=None, active_tasks=list)) as client:
        assert "No answer has been judged yet" in client.get("/teachers").text

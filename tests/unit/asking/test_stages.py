"""The stages that ask a teacher, without services: what becomes of each reply."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from codeio_ops.asking import answer
from codeio_ops.asking import program as transforming
from codeio_ops.asking.calls import FLUSH_RESULTS, Answered, CallRecorder, Use, teacher_row
from codeio_ops.config import Settings
from codeio_ops.errors import TeacherUnavailable
from codeio_ops.records import (
    DropRecord,
    ProgramRow,
    ResponseRow,
    StageRun,
    TeacherCall,
    TeacherRow,
)
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.teacher.messages import (
    CallFailure,
    Completion,
    FailedCall,
    Request,
    TeacherIdentity,
)
from codeio_ops.testing.teachers import KeptFacts
from codeio_ops.work import Work

SETTINGS = Settings.model_validate({"home": Path("/nonexistent")})
PROGRAM = """# Main Function
```python
def main_solution(n):
    return n * 2
```

# Input Output Description
Input:
- `n` (int): a number

Output:
- (int): twice the number

# Input Generator
```python
def input_generator():
    return {"n": 1}
```

# Problem Statement
What is twice the number `n`?
"""


class ListedTeacher:
    """Gives a list of results, whatever is asked; an exception in it is raised."""

    def __init__(self, results: Iterable[Any], *, host: str = "h", kind: Any = "api-model") -> None:
        self._results = results
        self.identity = TeacherIdentity(kind=kind, model_id="m", version="", endpoint_host=host)

    def complete_all(self, requests: Iterable[Request]) -> Iterator[Any]:
        for result in self._results:
            if isinstance(result, Exception):
                raise result
            yield result


def _completion(key: UUID, text: str = "words", **changes: Any) -> Completion:
    return Completion(
        **{
            "key": str(key), "text": text, "reasoning": "", "finish_reason": "stop", "model": "m",
            "prompt_tokens": 3, "completion_tokens": 4, "latency_ms": 5.0, "cost_usd": None,
            "request_id": "r", **changes,
        }
    )  # fmt: skip


def _failed(key: UUID, reason: CallFailure) -> FailedCall:
    return FailedCall(key=str(key), reason=reason, detail="no")


class FewTries:
    """Stands for a store in which no subject has failed in too many runs."""

    @contextmanager
    def transaction(self) -> Iterator["FewTries"]:
        yield self

    def column(self, name: str, /, **parameters: Any) -> list[UUID]:
        return []


def _recorder(teacher: Any, facts: KeptFacts, **options: Any) -> CallRecorder:
    task = TaskIdentity(dag_id="test", run_id="test", task_id="answer")
    parts: Any = {"store": FewTries(), "writer": facts}
    work = Work(SETTINGS, "answer", task, **parts)
    return CallRecorder(teacher, work, template_of=lambda _: "template", **options)


def _use(answered: Answered) -> Use:
    return Use(outcome="answered", records=())


@pytest.fixture
def facts(stage_run: StageRun) -> KeptFacts:
    return KeptFacts(stage_run)


def _of(facts: KeptFacts, kind: type) -> list[Any]:
    return [record for record in facts.records if isinstance(record, kind)]


def test_every_reply_is_recorded_with_its_teacher_and_cost(facts: KeptFacts) -> None:
    keys = [uuid4() for _ in range(5)]
    counts = _recorder(ListedTeacher(map(_completion, keys)), facts).run([], _use, total=len(keys))
    assert counts == {"answered": 5}
    calls = _of(facts, TeacherCall)
    assert [call.subject_id for call in calls] == keys
    assert {(call.prompt_tokens, call.completion_tokens) for call in calls} == {(3, 4)}
    assert isinstance(facts.records[0], TeacherRow), "calls refer to their teacher"


@pytest.mark.parametrize(
    "reason", [CallFailure.TRUNCATED, CallFailure.CONTENT_FILTER, CallFailure.BAD_REPLY,
               CallFailure.REJECTED],
)  # fmt: skip
def test_a_failure_of_one_request_is_a_drop(facts: KeptFacts, reason: CallFailure) -> None:
    key = uuid4()
    counts = _recorder(ListedTeacher([_failed(key, reason)]), facts).run([], _use, total=1)
    assert counts == {reason.value: 1}
    (drop,) = _of(facts, DropRecord)
    assert (drop.stage, drop.subject_id, drop.reason) == ("answer", key, reason)


@pytest.mark.parametrize("reason", [CallFailure.RATE_LIMITED, CallFailure.UNAVAILABLE])
def test_a_failure_that_may_pass_leaves_the_row_pending(
    facts: KeptFacts, reason: CallFailure
) -> None:
    done, waits = uuid4(), uuid4()
    results = [_failed(waits, reason), _completion(done)]
    with pytest.raises(TeacherUnavailable, match="1 of 2 requests"):
        _recorder(ListedTeacher(results), facts).run([], _use, total=len(results))
    answered = [call for call in _of(facts, TeacherCall) if call.outcome == "answered"]
    assert [call.subject_id for call in answered] == [done]
    assert _of(facts, DropRecord) == []


def test_what_was_answered_before_a_fault_is_stored(facts: KeptFacts) -> None:
    keys = [uuid4() for _ in range(FLUSH_RESULTS + 3)]
    results = [*map(_completion, keys), TeacherUnavailable("gone")]
    with pytest.raises(TeacherUnavailable, match="gone"):
        _recorder(ListedTeacher(results), facts).run([], _use, total=len(results))
    assert [call.subject_id for call in _of(facts, TeacherCall)] == keys


def test_an_answer_of_a_slow_model_is_stored_before_the_next_one(facts: KeptFacts) -> None:
    minutes = count(step=60)
    stored: list[int] = []

    def slow() -> Iterator[Completion]:
        for key in (uuid4() for _ in range(3)):
            stored.append(len(_of(facts, TeacherCall)))
            yield _completion(key)

    recorder = _recorder(ListedTeacher(slow()), facts, clock=lambda: float(next(minutes)))
    recorder.run([], _use, total=3)
    assert stored == [0, 1, 2]


def test_the_offline_teacher_is_the_same_wherever_it_listens(facts: KeptFacts) -> None:
    def row(host: str, kind: str) -> UUID:
        teacher: Any = ListedTeacher([], host=host, kind=kind)
        writer: Any = facts
        return teacher_row(teacher, writer).teacher_id

    assert row("127.0.0.1", "offline-trace") == row("other", "offline-trace")
    assert row("a.example", "api-model") != row("b.example", "api-model")


def _answered(text: str, **changes: Any) -> Answered:
    return Answered(
        subject_id=UUID(int=1),
        teacher_id=UUID(int=2),
        teacher_call_id=UUID(int=3),
        stage_run_id=UUID(int=4),
        completion=_completion(UUID(int=1), text, **changes),
    )


def test_a_reply_of_four_parts_is_a_program() -> None:
    def program(text: str, **changes: Any) -> ProgramRow:
        used = transforming._use(_answered(text, **changes), settings=Settings())
        assert used.outcome == "program", used.records
        (record,) = used.records
        assert isinstance(record, ProgramRow)
        return record

    first = program(PROGRAM, provenance={"kind": "k"})
    assert first.raw_file_id == UUID(int=1) and first.provenance == {"kind": "k"}
    assert program(PROGRAM).program_id == first.program_id
    assert program(PROGRAM.replace("n * 2", "n * 3")).program_id != first.program_id


@pytest.mark.parametrize("text", ["nonsense", PROGRAM.replace("main_solution", "other"), "# "])
def test_any_other_reply_is_a_drop_of_the_file(text: str) -> None:
    used = transforming._use(_answered(text), settings=Settings())
    (drop,) = used.records
    assert isinstance(drop, DropRecord)
    assert (drop.stage, drop.subject_id) == ("transform", UUID(int=1))
    assert drop.reason == used.outcome != "program"


def test_turns_are_responses_of_their_own() -> None:
    first, second = (answer.use_answer(_answered("words"), turn=turn).records[0] for turn in (1, 2))
    assert isinstance(first, ResponseRow) and isinstance(second, ResponseRow)
    assert (first.turn, second.turn) == (1, 2)
    assert first.response_id != second.response_id

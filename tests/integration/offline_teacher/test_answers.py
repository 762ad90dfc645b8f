"""Promises of the offline teacher, in the real sandbox and over real HTTP."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from codeio_ops.config import OFFLINE_MODEL, Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.reasons import DropReason
from codeio_ops.sandbox.base import Program
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.messages import Completion, Message, Request
from codeio_ops.teacher.parsing import ProgramParts, Refusal, parse_transform
from codeio_ops.teacher.prompting import (
    PredictTask,
    predict_prompt,
    read_prompt,
    revision_messages,
    transform_prompt,
)
from codeio_ops.unified_form import Direction
from codeio_ops.verify.compare import same_value
from codeio_ops.verify.extract import Answer, extract_answer
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict
from offline_teacher import OFFLINE_VERSION
from offline_teacher.answer import OfflineAnswer, answer
from offline_teacher.server import create_app

TOKEN = "a-long-random-word"
BUBBLE = '''
def bubble(items):
    """Sort a list of numbers by bubbling."""
    items = list(items)
    for i in range(len(items)):
        for j in range(len(items) - 1 - i):
            if items[j] > items[j + 1]:
                items[j], items[j + 1] = items[j + 1], items[j]
    return items


print(bubble([3, 1, 2]))
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A program with one pair; `short` says that the first turn can follow it to its end."""

    name: str
    code: str
    description: str
    given: dict[str, Json]
    output: Json
    short: bool

    def output_prompt(self) -> str:
        """Ask for the output."""
        return self._prompt("output", self.given)

    def input_prompt(self) -> str:
        """Ask for an input."""
        return self._prompt("input", self.output)

    def _prompt(self, direction: Direction, given: Json) -> str:
        task = PredictTask(
            direction=direction,
            problem_statement="What is the result?",
            io_description=self.description,
            reference_code=self.code,
            given=given,
        )
        return predict_prompt(task)


CASES = (
    Case(
        name="digit_sum",
        code=(
            "def main_solution(n):\n    total = 0\n    while n > 0:\n        total += n % 10\n"
            "        n //= 10\n    return total\n"
        ),
        description="Input:\n- `n` (int): an integer from 1 to 9999\n\nOutput:\n- (int): a sum",
        given={"n": 4071},
        output=12,
        short=True,
    ),
    Case(
        name="selection_sort",
        code=(
            "def smallest(xs, start):\n    best = start\n    for i in range(start, len(xs)):\n"
            "        if xs[i] < xs[best]:\n            best = i\n    return best\n\n"
            "def main_solution(xs):\n    for i in range(len(xs)):\n"
            "        j = smallest(xs, i)\n        xs[i], xs[j] = xs[j], xs[i]\n    return xs\n"
        ),
        description=(
            "Input:\n- `xs` (List[int]): a list of 2 to 9 values, each an integer from 0 to 20"
        ),
        given={"xs": [9, 4, 17, 3, 20, 8, 1, 6]},
        output=[1, 3, 4, 6, 8, 9, 17, 20],
        short=False,
    ),
    Case(
        name="mean",
        code="def main_solution(a: float, b: float) -> float:\n    return round((a + b) / 2, 2)\n",
        description="- `a` (float): a number from 0 to 10\n- `b` (float): a number from 0 to 10",
        given={"a": 3.25, "b": 4.5},
        output=3.88,
        short=True,
    ),
)


def ask(sandbox: DockerSandbox, prompt: str, earlier: str | None = None) -> OfflineAnswer:
    task = read_prompt(prompt)
    assert isinstance(task, PredictTask)
    return answer(task, sandbox=sandbox, earlier=earlier)


def predicted(text: str, direction: str) -> Json:
    found = extract_answer(text, direction)  # type: ignore[arg-type]
    assert isinstance(found, Answer), text
    return found.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_output_is_right_when_the_budget_suffices(sandbox: DockerSandbox, case: Case) -> None:
    first = ask(sandbox, case.output_prompt())
    assert same_value(predicted(first.text, "output"), case.output) == case.short
    second = ask(sandbox, case.output_prompt(), earlier=first.text)
    assert same_value(predicted(second.text, "output"), case.output)
    assert second.text.startswith("My first answer, ")
    assert first.rationale_kind == second.rationale_kind == "execution_trace"
    assert 0 <= second.hidden_share < 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_input_is_found_within_the_revision(sandbox: DockerSandbox, case: Case) -> None:
    text = ask(sandbox, case.input_prompt(), earlier="no answer").text
    found = predicted(text, "input")
    program = Program(code=case.code, entry_point="main_solution")
    (result,) = sandbox.run(program, [found])
    assert same_value(result.value, case.output)
    assert "Take " in text and "step by step" in text


def test_equal_prompts_get_equal_answers(sandbox: DockerSandbox, confirming: DockerSandbox) -> None:
    for case in CASES:
        for prompt in (case.output_prompt(), case.input_prompt()):
            for earlier in (None, '{"output": 0, "input": {}}'):
                texts = {ask(box, prompt, earlier).text for box in (sandbox, confirming)}
                assert len(texts) == 1


@pytest.mark.parametrize(
    "code",
    [
        "def main_solution(n):\n    import os\n    os._exit(0)",
        "import sys\nsys.settrace = None\ndef main_solution(n):\n    return n",
        "import json\njson.dumps = None\ndef main_solution(n):\n    return n",
        "def main_solution(n):\n    while True: pass",
        "def main_solution(n):\n    return main_solution(n)",
        "def main_solution(n):\n    raise SystemExit(0)",
        "main_solution = 3",
        "def main_solution(n): return 'x' * 10**9",
        "import nothing_like_this\ndef main_solution(n): return n",
    ],
)
def test_hostile_program_costs_only_its_own_answer(sandbox: DockerSandbox, code: str) -> None:
    case = Case(name="hostile", code=code, description="", given={"n": 1}, output=1, short=True)
    assert ask(sandbox, case.output_prompt()).text
    assert ask(sandbox, case.input_prompt()).text
    assert "12" in ask(sandbox, CASES[0].output_prompt()).text


@pytest.fixture(scope="module")
def base_url(sandbox: DockerSandbox, confirming: DockerSandbox) -> Iterator[str]:
    """The base URL of a running server."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(sandbox=sandbox, confirm=confirming, token=TOKEN)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def client(base_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key=TOKEN, max_retries=0) as opened:
        yield opened


def test_server_lists_its_model(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [OFFLINE_MODEL]


def test_server_wants_its_token(base_url: str) -> None:
    with (
        OpenAI(base_url=base_url, api_key="other", max_retries=0) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.models.list()
    assert caught.value.code == "invalid_api_key"


def test_server_answers_nothing_but_the_templates(client: OpenAI) -> None:
    hello: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
    number: Any = [{"role": "user", "content": 3}]
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model=OFFLINE_MODEL, messages=hello)
    assert caught.value.code == "unknown_prompt"
    with pytest.raises(NotFoundError) as missing:
        client.chat.completions.create(model="gpt-4", messages=hello)
    assert missing.value.code == "model_not_found"
    with pytest.raises(BadRequestError) as malformed:
        client.chat.completions.create(model=OFFLINE_MODEL, messages=number)
    assert malformed.value.code == "invalid_request"


def test_both_turns_over_http_with_the_platforms_client(base_url: str) -> None:
    settings = Settings.model_validate(
        {
            "openai_base_url": "",
            "openai_api_key": "",
            "teacher_url": base_url,
            "teacher_key": TOKEN,
            "model": OFFLINE_MODEL,
        }
    )
    teacher = Teacher.open(settings)
    assert (teacher.identity.kind, teacher.identity.version) == ("offline-trace", OFFLINE_VERSION)
    case = CASES[1]
    prompt = case.output_prompt()
    (first,) = teacher.complete_all(
        [Request(key="a", messages=(Message(role="user", content=prompt),))]
    )
    assert isinstance(first, Completion)
    wrong = predicted(first.text, "output")
    told = feedback(AnswerVerdict.WRONG, direction="output", given=case.given, prediction=wrong)
    messages = tuple(revision_messages(prompt, (first.text, told)))
    (second,) = teacher.complete_all([Request(key="b", messages=messages)])
    assert isinstance(second, Completion)
    assert same_value(predicted(second.text, "output"), case.output)
    assert second.provenance["rationale_kind"] == "execution_trace"
    assert second.provenance["budget"] == "20000 line events"
    assert second.cost_usd == 0


def test_transform_over_http(client: OpenAI) -> None:
    def transformed(source: str, language: str = "python") -> ProgramParts | Refusal:
        prompt = transform_prompt(source, language=language)
        reply = client.chat.completions.create(
            model=OFFLINE_MODEL, messages=[{"role": "user", "content": prompt}]
        )
        assert reply.choices[0].message.content is not None
        if "## Main" in reply.choices[0].message.content:
            facts = (reply.model_extra or {})["codeio"]
            assert facts["statement_source"] in ("docstring", "comment", "name_template")
            json.dumps(facts["evidence"])
        return parse_transform(reply.choices[0].message.content)

    parts = transformed(BUBBLE)
    assert isinstance(parts, ProgramParts), parts
    refused = transformed("x = 1\n")
    assert isinstance(refused, Refusal) and refused.reason is DropReason.REFUSED
    foreign = transformed("int main() {}", "c")
    assert isinstance(foreign, Refusal) and "language" in foreign.detail

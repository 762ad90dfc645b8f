"""A scripted model of one's own: it knows the true answers, and gives some only when told."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from codeio_ops.jsonvalue import Json
from codeio_ops.testing.teachers import ScriptedReply, chat_reply

CHARS_PER_TOKEN = 3
TRUE_ANSWERS = """
SELECT prompt.body, prompt.direction, io_pair.input, io_pair.output
FROM codeio.prompt INNER JOIN codeio.io_pair USING (io_pair_id)
"""


class TrueAnswers(dict[str, Json]):
    """The true answer to each prompt of a database, looked up again for a prompt that is new."""

    def __init__(self, ask: Callable[[str], list[Any]]) -> None:
        self._ask = ask

    def __missing__(self, prompt: str) -> Json:
        for body, direction, given, output in self._ask(TRUE_ANSWERS):
            self[body] = {direction: output if direction == "output" else given}
        return self.get(prompt)


@dataclass
class OwnModel:
    """Answers prompts, and transforms files into the programs that it is given.

    Attributes:
        truths: The true answer to each prompt.
        wrong_at_first: How many in ten it answers wrongly at first.
        programs: Its reply to each request for a program.
        asked: How often each conversation was sent, by the model's name.
        tokens_read: Tokens of first questions, by its own count.
    """

    truths: Mapping[str, Json]
    wrong_at_first: int
    programs: Mapping[str, str] = field(default_factory=dict)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens_read: int = 0

    def __call__(self, body: dict[str, Json]) -> ScriptedReply:
        messages = cast("list[dict[str, str]]", body["messages"])
        self.asked[str(body["model"]), json.dumps(messages)] += 1
        text = self._reply(messages)
        read = sum(len(message["content"]) for message in messages) // CHARS_PER_TOKEN
        self.tokens_read += read if len(messages) == 1 else 0
        usage: Json = {"prompt_tokens": read, "completion_tokens": len(text) // CHARS_PER_TOKEN}
        return chat_reply(text, extra={"usage": usage})

    def _reply(self, messages: list[dict[str, str]]) -> str:
        prompt = messages[0]["content"]
        if prompt in self.programs:
            return self.programs[prompt]
        if len(messages) == 1 and len(prompt) % 10 < self.wrong_at_first:
            return "I do not know."
        return f"One sees it.\n\n```json\n{json.dumps(self.truths[prompt])}\n```"

    @property
    def questions(self) -> int:
        """How many first answers and programs it was asked for."""
        return sum(count for (_, sent), count in self.asked.items() if len(json.loads(sent)) == 1)

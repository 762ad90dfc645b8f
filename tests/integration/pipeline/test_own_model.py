"""From the stand-in to models of one's own, side by side, over the whole road."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

import pytest

from codeio_ops.asking.estimate import Estimate, estimate
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import STAGES
from codeio_ops.release.recipe import Recipe
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply
from support.road import FACTS, Road

SHARE = 0.4


@dataclass
class Model:
    """A scripted model that knows the true answers, and gives some of them only when told.

    Attributes:
        truths: The true answer to each prompt.
        wrong_at_first: How many in ten it answers wrongly at first.
        asked: How often each conversation was sent.
    """

    truths: Mapping[str, Json]
    wrong_at_first: int
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, body: dict[str, Json]) -> ScriptedReply:
        messages = cast("list[dict[str, str]]", body["messages"])
        self.asked[json.dumps(messages)] += 1
        prompt = messages[0]["content"]
        if len(messages) == 1 and len(prompt) % 10 < self.wrong_at_first:
            return chat_reply("I do not know.")
        return chat_reply(f"One sees it.\n\n```json\n{json.dumps(self.truths[prompt])}\n```")

    @property
    def questions(self) -> int:
        """How many first answers it was asked for."""
        return sum(count for sent, count in self.asked.items() if len(json.loads(sent)) == 1)


@dataclass(frozen=True)
class Walk:
    """A road with a model of one's own, and the model."""

    road: Road
    model: Model

    def preview(self) -> Estimate:
        """Return what `codeio teacher preview answer` says."""
        work = self.road.work("answer")
        return estimate(STAGES["answer"].waiting_requests(work), work, previewed=0)

    def spent(self) -> Decimal:
        """Return what was paid for first answers, by the endpoint's own count of tokens."""
        ((cost,),) = self.road.ask(
            "SELECT coalesce(sum(cost_usd), 0) FROM codeio.teacher_cost "
            "WHERE purpose = 'answer' AND teacher = :teacher",
            teacher=self.road.work("answer").teacher.identity.name,
        )
        return Decimal(cost)


@pytest.fixture
def stand_in(finished_road: Road) -> Road:
    """A road whose corpus the stand-in has answered; audits run over few pairs."""
    settings = finished_road.settings.replaced({"audited_pairs": 10})
    return finished_road.with_parts(settings=settings)


@pytest.fixture
def walks(stand_in: Road) -> Iterator[tuple[Walk, Walk]]:
    """Model A, which may answer everything, and B, which gets a share."""
    truths = {
        body: {direction: output if direction == "output" else given}
        for body, direction, given, output in stand_in.ask(
            "SELECT prompt.body, direction, input, output FROM codeio.prompt "
            "INNER JOIN codeio.io_pair USING (io_pair_id)"
        )
    }
    with ExitStack() as stack:

        def walk(name: str, wrong: int, **changes: object) -> Walk:
            model = Model(truths, wrong)
            endpoint = stack.enter_context(ScriptedEndpoint(model))
            settings = stand_in.settings.replaced(
                {
                    "openai_base_url": endpoint.base_url,
                    "model": name,
                    "price_input_usd": 1,
                    "price_output_usd": 2,
                    "budget_run_usd": 10,
                    **changes,
                }
            )
            return Walk(stand_in.with_parts(settings=settings, run_id=name), model)

        share = {"answer_scope": "unanswered", "answer_share": SHARE}
        yield walk("a", 2), walk("b", 5, **share)


def test_two_models_and_the_stand_in_are_released_side_by_side(
    stand_in: Road, walks: tuple[Walk, Walk]
) -> None:
    (of_stand_in,) = stand_in.releases()
    releases = [of_stand_in]
    for walk in walks:
        preview = walk.preview()
        releases.append(walk.road.run())
        assert walk.model.questions == preview.requests
        assert set(walk.model.asked.values()) == {1}
        assert 0 < walk.spent() <= Decimal(preview.cost_usd)
    together = stand_in.release(Recipe(teachers="any"))

    of_a, of_b = releases[1:]
    assert of_a.samples == of_stand_in.samples == stand_in.rows("prompt")
    assert 0 < of_b.samples < of_a.samples
    assert together.samples == sum(release.samples for release in releases)
    assert {release.status for release in (*releases, together)} == {"published"}
    names = [walk.road.work("answer").teacher.identity.name for walk in walks]
    slugs = [name.replace(" ", "-").replace(".", "-").replace(":", "-") for name in names]
    assert [release.name for release in (*releases, together)] == [
        "codeio_pp", *(f"codeio_pp-{slug}" for slug in slugs), "codeio_pp-mixed",
    ]  # fmt: skip
    shares = {teacher["name"]: teacher["share"] for teacher in together.teachers}
    assert shares.keys() == {"offline teacher", *names}
    assert sum(shares.values()) == pytest.approx(1.0)

    before = {table: stand_in.rows(table) for table in FACTS}
    asked = [walk.model.asked.total() for walk in walks]
    for number, walk in enumerate(walks):
        assert walk.road.with_parts(run_id=f"again {number}").run() == releases[1 + number]
    assert stand_in.with_parts(run_id="back").run() == of_stand_in
    assert stand_in.release(Recipe(teachers="any")) == together
    assert {table: stand_in.rows(table) for table in FACTS} == before
    assert [walk.model.asked.total() for walk in walks] == asked


def test_a_model_takes_over_the_files_that_the_stand_in_had(
    stand_in: Road, walks: tuple[Walk, Walk]
) -> None:
    walk, _ = walks
    taking = walk.road.settings.replaced({"transform_scope": "stand_in"})
    road = walk.road.with_parts(settings=taking)
    files = stand_in.rows("raw_file") - stand_in.ask(
        "SELECT count(*) FROM codeio.drop_record WHERE stage IN ('screen', 'dedup') "
        "AND subject_id IN (SELECT raw_file_id FROM codeio.raw_file)"
    )[0][0]  # fmt: skip
    assert STAGES["transform"].count(walk.road.work("transform")) == 0
    assert STAGES["transform"].count(road.work("transform")) == files

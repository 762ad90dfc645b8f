"""From the stand-in to models of one's own, side by side, over the whole road."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from codeio_ops.asking.estimate import Estimate, estimate
from codeio_ops.errors import BudgetExceeded
from codeio_ops.pipeline import STAGES
from codeio_ops.release.assemble import Release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS, read_rows
from codeio_ops.storage.shards import whole_range
from codeio_ops.testing.teachers import ScriptedEndpoint
from support.own_model import OwnModel, TrueAnswers
from support.road import FACTS, LATE, Road

SHARE = 0.4
OF_ALL = Recipe(name="of_all", teachers="any")
TAKING = {"transform_scope": "stand_in"}
PROGRAMS = """
SELECT raw_file_id, main_function, io_description, input_generator, problem_statement
FROM codeio.program
"""
AUTHORS_OF_PROGRAMS = """
SELECT DISTINCT codeio.teacher_name(teacher)
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
INNER JOIN codeio.program USING (program_id)
INNER JOIN codeio.teacher_call ON teacher_call.teacher_call_id = program.teacher_call_id
INNER JOIN codeio.teacher ON teacher.teacher_id = teacher_call.teacher_id
WHERE release_id = :release_id
"""
PROGRAM = """## Main Function

```python
{}
```

## Input Output Description

{}

## Input Generator

```python
{}
```

## Problem Statement

Once more, in other words. {}"""
REFUSED = "## Refused\n\ntrivial: nothing is computed"
A_PROGRAM = (
    "def main_solution(depth):\n    return [depth * step % 97 for step in range(depth)]",
    "- `depth` (int): how deep it goes",
    "import random\n\n\ndef input_generator():\n    return {'depth': random.randint(2, 40)}",
    "What does one meet on the way down to `depth`?",
)


@dataclass(frozen=True)
class Walk:
    """A road with a model of one's own, and the model."""

    road: Road
    model: OwnModel

    @property
    def taking(self) -> Road:
        """The road on which the model is given the files of the stand-in too."""
        return self.road.with_parts(settings=self.road.settings.replaced(TAKING))

    def programs_in(self, release: Release) -> set[str]:
        """Return who wrote the programs of a release."""
        found = self.road.ask(AUTHORS_OF_PROGRAMS, release_id=release.release_id)
        return {name for (name,) in found}

    def preview(self) -> Estimate:
        """Return what `codeio teacher preview answer` says."""
        work = self.road.work("answer")
        return estimate(STAGES["answer"].sizes_of([whole_range()], work), work)

    def spent(self) -> Decimal:
        """Return what was paid for first answers, by the endpoint's own count of tokens."""
        ((cost,),) = self.road.ask(
            "SELECT coalesce(sum(cost_usd), 0) FROM codeio.teacher_cost "
            "WHERE purpose = 'answer' AND teacher = :teacher",
            teacher=self.road.work("answer").teacher.identity.name,
        )
        return Decimal(cost)


def own_programs(road: Road) -> dict[str, str]:
    """Return what a model replies to each waiting file, by the request.

    It is the program of the stand-in with a question in other words; but one that the stand-in
    transformed it refuses, and of one that the stand-in refused it makes a program.
    """
    files = {
        request.key: request.messages[0].content
        for request in STAGES["transform"].waiting_requests(road.work("transform"))
    }
    replies = dict.fromkeys(files.values(), REFUSED)
    known = {str(file): parts for file, *parts in road.ask(PROGRAMS)}
    for file in sorted(known.keys() & files.keys())[1:]:
        replies[files[file]] = PROGRAM.format(*known[file])
    replies[files[min(files.keys() - known.keys())]] = PROGRAM.format(*A_PROGRAM)
    return replies


@pytest.fixture
def stand_in(finished_road: Road) -> Road:
    """A road whose corpus the stand-in has answered; audits run over few pairs."""
    settings = finished_road.settings.replaced({"audited_pairs": 10})
    return finished_road.with_parts(settings=settings)


@pytest.fixture
def walks(stand_in: Road) -> Iterator[tuple[Walk, Walk]]:
    """Model A, which may answer everything, and B, which gets a share."""
    truths = TrueAnswers(stand_in.ask)
    with ExitStack() as stack:

        def walk(name: str, wrong: int, **changes: object) -> Walk:
            model = OwnModel(truths, wrong)
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
        assert 0.7 * preview.prompt_tokens < walk.model.tokens_read <= preview.prompt_tokens
        assert 0 < walk.spent() <= Decimal(preview.cost_usd)
    together = stand_in.release(OF_ALL)

    of_a, of_b = releases[1:]
    assert of_a.samples == of_stand_in.samples == stand_in.rows("prompt")
    assert 0 < of_b.samples < of_a.samples
    assert together.samples == sum(release.samples for release in releases)
    assert {release.status for release in (*releases, together)} == {"published"}
    names = [walk.road.work("answer").teacher.identity.name for walk in walks]
    slugs = [name.replace(" ", "-").replace(".", "-").replace(":", "-") for name in names]
    assert [release.name for release in (*releases, together)] == [
        "codeio_pp", *(f"codeio_pp-{slug}" for slug in slugs), "of_all",
    ]  # fmt: skip
    shares = {teacher["name"]: teacher["share"] for teacher in together.teachers}
    assert shares.keys() == {"offline teacher", *names}
    assert sum(shares.values()) == pytest.approx(1.0)

    before = {table: stand_in.rows(table) for table in FACTS}
    asked = [walk.model.asked.total() for walk in walks]
    for number, walk in enumerate(walks):
        assert walk.road.with_parts(run_id=f"again {number}").run() == releases[1 + number]
    assert stand_in.with_parts(run_id="back").run() == of_stand_in
    assert stand_in.release(OF_ALL) == together
    assert {table: stand_in.rows(table) for table in FACTS} == before
    assert [walk.model.asked.total() for walk in walks] == asked


def test_files_of_the_stand_in_wait_for_a_model_only_where_it_is_told_to_take_them(
    stand_in: Road, walks: tuple[Walk, Walk]
) -> None:
    walk, _ = walks
    (kept,) = stand_in.ask(
        "SELECT count(*) FROM codeio.raw_file WHERE raw_file_id NOT IN "
        "(SELECT subject_id FROM codeio.drop_record WHERE stage IN ('screen', 'dedup'))"
    )
    counts = [
        STAGES["transform"].count(each.work("transform")) for each in (walk.road, walk.taking)
    ]
    assert counts == [0, *kept]


def test_a_model_takes_over_the_files_that_the_stand_in_had(
    stand_in: Road, walks: tuple[Walk, Walk]
) -> None:
    walk, _ = walks
    (of_stand_in,) = stand_in.releases()
    replies = own_programs(walk.taking)
    walk.model.programs = replies
    of_both = walk.taking.run()

    assert set(walk.model.asked.values()) == {1}
    programs = sum(reply is not REFUSED for reply in replies.values())
    ((written,),) = stand_in.ask(
        "SELECT count(*) FROM codeio.program WHERE problem_statement LIKE 'Once more%'"
    )
    assert written == programs
    name = walk.road.work("answer").teacher.identity.name
    assert walk.programs_in(of_both) == {name, "offline teacher"}
    by_words = [
        walk.taking.assemble(Recipe(name=f"by_{number}", transformed_by=words))
        for number, words in enumerate((name, "offline-trace"))
    ]
    assert [walk.programs_in(release) for release in by_words] == [{name}, {"offline teacher"}]
    assert of_both.samples == sum(release.samples for release in by_words)
    # What the stand-in answered about its own programs is still there to be chosen.
    its_own = Recipe(name="its_own", teachers="offline-trace", transformed_by="offline-trace")
    assert stand_in.assemble(its_own).samples == of_stand_in.samples

    before = {table: stand_in.rows(table) for table in FACTS}
    asked = walk.model.asked.total()
    assert walk.taking.with_parts(run_id="again").run() == of_both
    assert {table: stand_in.rows(table) for table in FACTS} == before
    assert walk.model.asked.total() == asked


def test_a_budget_that_ends_in_the_middle_and_is_raised_pays_for_nothing_twice(
    stand_in: Road, walks: tuple[Walk, Walk]
) -> None:
    walk, _ = walks
    answered = [0]
    for _ in range(2):
        # Enough for the longest reply to one question more, and little beside it.
        budget = walk.spent() + Decimal("0.012")
        settings = walk.road.settings.replaced({"budget_run_usd": budget})
        with pytest.raises(BudgetExceeded):
            walk.road.with_parts(settings=settings).run()
        assert walk.spent() <= budget
        answered.append(walk.model.questions)
    assert 0 < answered[1] < answered[2] < stand_in.rows("prompt")
    release = walk.road.run()
    assert (release.status, release.samples) == ("published", stand_in.rows("prompt"))
    assert set(walk.model.asked.values()) == {1}


def test_a_file_that_is_edited_after_a_model_came_is_its_own_from_then_on(
    stand_in: Road, walks: tuple[Walk, Walk], tmp_path: Path
) -> None:
    walk, _ = walks
    (tmp_path / "late.py").write_text(LATE)
    stand_in.add(f"directory:{tmp_path}")
    of_stand_in = stand_in.with_parts(run_id="with late").run()
    before = walk.road.run()
    asked = walk.model.asked.copy()
    (tmp_path / "late.py").write_text(LATE.replace("max(heights[place:])", "max(heights)"))
    night = walk.road.with_parts(run_id="edited")
    night.ingest()
    night.do("dedup")
    walk.model.programs = own_programs(night)
    assert len(walk.model.programs) == 1
    after = night.run()
    assert set(walk.model.asked.values()) == {1}
    assert {name for name, _ in walk.model.asked - asked} == {"a"}
    codes = [_codes_of(stand_in, release) for release in (of_stand_in, before, after)]
    assert codes[0] == codes[1]
    assert len(codes[0] - codes[2]) == 1
    assert codes[2] - codes[0] == {A_PROGRAM[0]}
    assert (after.name, after.version) == (before.name, before.version + 1)


def _codes_of(road: Road, release: Release) -> set[str]:
    """Return the programs of a release."""
    return {
        row.reference_code
        for split in SPLITS
        for row in read_rows(road.store, release.release_id, split)
    }

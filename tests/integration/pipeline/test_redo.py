"""When image or template changes, a query names the stale rows, and a stage redoes just those."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from codeio_ops.quality.leakage.training import TrainingText
from codeio_ops.release.recipe import Recipe
from codeio_ops.teacher import prompting
from codeio_ops.teacher.messages import Completion
from codeio_ops.verify import VERIFIER_VERSION
from support.road import Rebuilt, Road

RELEASED_PROGRAMS = """
SELECT DISTINCT io_pair.program_id
FROM codeio.release_sample
INNER JOIN codeio.sample USING (sample_id)
INNER JOIN codeio.prompt USING (prompt_id)
INNER JOIN codeio.io_pair USING (io_pair_id)
WHERE release_sample.release_id = :release_id
"""
OPEN_PROMPTS = "SELECT prompt_id FROM codeio.open_prompt"
ANOTHER_OUTPUT = """
UPDATE codeio.io_pair SET output = '"another"'
WHERE ordinal = 0 AND program_id = (
    SELECT program_id FROM codeio.io_pair ORDER BY program_id LIMIT 1
)
RETURNING io_pair_id
"""


def stale(road: Road) -> Counter[tuple[str, str]]:
    found = road.ask(
        "SELECT kind, cause, count(*) FROM codeio.stale_rows(:image, :verifier, :templates) "
        "GROUP BY kind, cause",
        image=road.sandbox.image_digest,
        verifier=VERIFIER_VERSION,
        templates=prompting.current_templates(),
    )
    return Counter({(kind, cause): rows for kind, cause, rows in found})


def ids(road: Road, table: str) -> set[Any]:
    return {row[0] for row in road.ask(f"SELECT {table}_id FROM codeio.{table}")}


def finished(road: Road) -> set[Any]:
    texts = road.store.fetch(
        "benchmark.training_texts", TrainingText, sample_ids=None, judge_id=None
    )
    return {text.text_id for text in texts}


def walk(road: Road, run_id: str) -> dict[str, Counter[str]]:
    """Walk on from the files that are there."""
    tasks = road.with_parts(run_id=run_id).tasks()
    return {name: task() for name, task in tasks.items() if name != "ingest_code.ingest"}


def test_another_image_has_its_pairs_and_predicted_inputs_run_again(finished_road: Road) -> None:
    assert not stale(finished_road)
    road = finished_road.with_parts(run_id="redo", sandbox=Rebuilt(finished_road.sandbox))
    [(refuted,)] = road.ask(ANOTHER_OUTPUT)
    before = stale(road)
    pairs, verdicts, conversations = road.rows("io_pair"), ids(road, "verdict"), finished(road)
    assert before[("io_pair", "image")] == pairs
    assert 0 < before[("verdict", "image")] < len(verdicts)

    assert road.redo("recheck") == {"same_output": pairs - 1, "other_output": 1}
    again = stale(road)
    assert again.keys() == {("verdict", "image")}
    assert road.redo("verify").total() == again[("verdict", "image")]
    assert not stale(road)
    assert road.redo("recheck") == road.redo("verify") == Counter()

    assert verdicts < ids(road, "verdict")
    assert road.ask("SELECT io_pair_id, outcome FROM codeio.refuted_pair") == [
        (refuted, "other_output")
    ]
    gone = ids(road, "prompt") - {row[0] for row in road.ask(OPEN_PROMPTS)}
    assert gone
    assert finished(road) == conversations - gone
    assert not any(walk(road, "afterwards").values())


class _Rewording:
    """Gives the programs of a teacher another problem statement, as a new template may."""

    def __init__(self, teacher: Any) -> None:
        self._teacher = teacher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    def complete_all(self, requests: Any) -> Iterator[Any]:
        for result in self._teacher.complete_all(requests):
            reworded = isinstance(result, Completion) and "## Problem Statement" in result.text
            yield replace(result, text=f"{result.text}\nSay which.") if reworded else result


def test_another_template_has_programs_made_anew_and_they_take_their_place(
    finished_road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompting, "RENDERER_VERSION", "of tomorrow")
    road = finished_road.with_parts(run_id="redo", wrapped={"teacher": _Rewording})
    old, prompts = ids(road, "program"), ids(road, "prompt")
    sampled = {row[0] for row in road.ask("SELECT DISTINCT program_id FROM codeio.io_pair")}
    assert stale(road) == {
        ("program", "template"): len(sampled),
        ("prompt", "template"): len(prompts),
    }

    assert road.redo("transform") == {"program": len(sampled)}
    assert not stale(road), "prompts of replaced programs are not asked again"
    assert road.redo("transform") == Counter()
    assert finished(road) == prompts, "the old conversations stay until there are new ones"

    counts = walk(road, "afterwards")
    assert counts["build_programs.deduplicate"]["unique"] == len(sampled)
    assert counts["build_programs.sample"]["sampled"] == len(sampled)
    new = ids(road, "program") - old
    assert {row[0] for row in road.ask("SELECT program_id FROM codeio.replaced_program")} == sampled
    assert finished(road).isdisjoint(prompts)
    release = road.assemble(Recipe())
    programs = road.ask(RELEASED_PROGRAMS, release_id=release.release_id)
    assert {row[0] for row in programs} <= new


def test_another_template_has_prompts_written_anew_and_the_journal_pays_nothing_twice(
    finished_road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompting, "RENDERER_VERSION", "of tomorrow")
    road = finished_road.with_parts(run_id="redo")
    programs, prompts = ids(road, "program"), ids(road, "prompt")
    road.redo("transform")
    assert ids(road, "program") == programs, "the same reply is the same program"
    assert stale(road) == {("prompt", "template"): len(prompts)}

    assert road.redo("prompt").total() == len(prompts)
    assert not stale(road)
    assert road.redo("prompt") == Counter()
    assert finished(road) == prompts
    replies = road.rows("teacher_reply")
    walk(road, "afterwards")
    assert road.rows("teacher_reply") == replies
    assert finished(road) == ids(road, "prompt") - prompts

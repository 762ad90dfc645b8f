"""A benchmark item planted into a source: the source leaves, or the release is rejected."""

from collections.abc import Mapping
from typing import Any

import pytest

from codeio_ops.errors import GateFailed, NothingToRelease
from codeio_ops.quality.gates import GATES, run_gate
from codeio_ops.quality.leakage.build import build_index
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.quarantine import screen_files, screen_samples
from codeio_ops.quality.leakage.registry import load_index, store_index, stored_indexes
from codeio_ops.quality.secrets import screen_private
from codeio_ops.release.assemble import assemble_release, find_release
from codeio_ops.release.judgement import PassedRelease, decide, judgement_of
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.storage.shards import whole_range
from codeio_ops.work import Parts, Work
from support.candidate import ADD, WORDS, Planted, Plot, sound
from support.facts import TEACHER

QUESTION = (
    "A train leaves the old harbour station before sunrise carrying seventeen wagons of coal "
    "while another one waits for its driver at the northern junction until noon."
)
# Put together here, so that nothing takes this file for a leaked key.
AWS_KEY = "AKIA" + "J4T7QX2LMZ5B6VNR"
LEAKY = f'"""\n{QUESTION}\n"""\n{WORDS}'


def _index(plot: Plot, question: str = QUESTION, name: str = "planted") -> None:
    index = build_index(name, [BenchmarkItem(item="q/1", segments=(question,))])
    store_index(index, origin="a test", objects=plot.objects, writer=plot.writer)


def _work(plot: Plot) -> Work:
    task = TaskIdentity(dag_id="test", run_id="test", task_id="screen")
    parts: Parts = {"store": plot.store, "objects": plot.objects, "writer": plot.writer}
    return Work(plot.settings, "screen", task, **parts)


def _screen(plot: Plot) -> Mapping[str, int]:
    return screen_files(whole_range(), _work(plot))


def _screen_samples(plot: Plot) -> Mapping[str, int]:
    return screen_samples(_work(plot))


def _screen_private(plot: Plot) -> Mapping[str, int]:
    return screen_private(_work(plot))


def _without_quarantine(plot: Plot) -> None:
    plot.settings = plot.settings.model_copy(update={"quarantine_leaks": False})


def _rows(plot: Plot, statement: str) -> list[dict[str, Any]]:
    from sqlalchemy import create_engine, text

    engine = create_engine(plot.settings.auditor_database_url.get_secret_value())
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(text(statement)).mappings()]
    engine.dispose()
    return rows


def test_a_leaking_source_is_quarantined_before_the_transform(plot: Plot) -> None:
    clean, leaky = plot.raw_file(ADD), plot.raw_file(LEAKY)
    _index(plot)
    assert _screen(plot) == {"clean": 1, "leak": 1}
    pending = _rows(plot, "SELECT raw_file_id FROM codeio.pending_transform")
    assert [row["raw_file_id"] for row in pending] == [clean]
    (drop,) = _rows(plot, "SELECT subject_id, reason, detail FROM codeio.drop_record")
    assert (drop["subject_id"], drop["reason"]) == (leaky, "leak")
    assert "planted/q/1 (L1, L2)" in drop["detail"]


def test_the_evidence_is_where_and_never_what(plot: Plot) -> None:
    plot.raw_file(LEAKY)
    _index(plot)
    _screen(plot)
    (hit,) = _rows(plot, "SELECT * FROM codeio.leak_hit")
    (span,) = hit["evidence"]
    assert LEAKY[span["start"] : span["end"]] == QUESTION.removesuffix(".")
    assert hit["rules"] == ["L1", "L2"]
    stored = str(_rows(plot, "SELECT to_json(h)::text AS row FROM codeio.leak_hit AS h"))
    assert "harbour" not in stored


def test_only_hashes_of_the_benchmark_are_stored(plot: Plot) -> None:
    _index(plot)
    (index,) = stored_indexes(plot.store)
    raw = plot.objects.get(index.object_key)
    assert load_index(index, objects=plot.objects).item_ids == ("q/1",)
    import io

    import numpy as np

    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        texts = {name: arrays[name].tolist() for name in arrays if arrays[name].dtype.kind == "U"}
    assert texts == {"definition": "cio-leak-1", "name": "planted", "item_ids": ["q/1"]}


def test_a_screened_file_is_screened_again_for_a_new_benchmark_only(plot: Plot) -> None:
    plot.raw_file(ADD)
    leaky = plot.raw_file(LEAKY)
    _index(plot, "Another question, of which nothing at all stands in any of these files here.")
    assert _screen(plot) == {"clean": 2}
    assert _screen(plot) == {}
    _index(plot, name="second")
    assert _screen(plot) == {"clean": 1, "leak": 1}
    rows = _rows(plot, "SELECT raw_file_id FROM codeio.quarantined_file")
    assert rows == [{"raw_file_id": leaky}]


def test_a_release_is_clean_after_the_quarantine(plot: Plot) -> None:
    plot.finished([*sound()[:1], Planted(code=WORDS, source=LEAKY, pairs=sound()[1].pairs)])
    _index(plot)
    _screen(plot)
    release = assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)
    assert release.samples == len(sound()[0].pairs)
    assert GATES["leakage"](plot.inputs(release)).passed


def test_a_teacher_that_recites_a_benchmark_is_found_before_assembly(plot: Plot) -> None:
    clean, reciting = sound()
    plot.finished([clean, Planted(code=WORDS, pairs=reciting.pairs, turn_1=QUESTION)])
    _index(plot)
    assert _screen(plot) == {"clean": 2}
    assert _screen_samples(plot) == {"clean": 1, "leak": 1}
    release = assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)
    assert release.samples == len(clean.pairs)
    assert GATES["leakage"](plot.inputs(release)).passed


def test_nothing_is_left_when_every_source_leaks(plot: Plot) -> None:
    plot.finished([Planted(code=WORDS, source=LEAKY, pairs=sound()[1].pairs)])
    _index(plot)
    _screen(plot)
    with pytest.raises(NothingToRelease):
        assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)


def test_without_quarantine_the_gate_rejects_and_nothing_is_published(plot: Plot) -> None:
    _without_quarantine(plot)
    clean, reciting = sound()
    plot.finished([clean, Planted(code=f'"""{QUESTION}"""\n{WORDS}', pairs=reciting.pairs)])
    _index(plot)
    assert _screen(plot) == {"clean": 1, "leak": 1}
    assert _screen_samples(plot) == {"clean": 1, "leak": 1}
    assert _rows(plot, "SELECT FROM codeio.drop_record") == []
    release = assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)
    assert release.samples == len(clean.pairs) + len(reciting.pairs)
    assert not run_gate("leakage", release, plot.inputs(release))
    with pytest.raises(GateFailed, match="leakage"):
        decide(release, store=plot.store)
    rejected = find_release(plot.store, release.release_id)
    assert rejected.status == "rejected"
    with pytest.raises(GateFailed):
        PassedRelease(release=rejected, judgement=judgement_of(plot.store, rejected.release_id))
    assert plot.objects.keys("releases/") == []


def test_quarantine_switched_on_again_takes_what_was_let_through(plot: Plot) -> None:
    on = plot.settings
    _without_quarantine(plot)
    leaky = plot.raw_file(LEAKY)
    _index(plot)
    _screen(plot)
    plot.settings = on
    assert _screen(plot) == {"leak": 1}
    rows = _rows(plot, "SELECT raw_file_id FROM codeio.quarantined_file")
    assert rows == [{"raw_file_id": leaky}]


@pytest.mark.parametrize(
    ("text", "reason", "gate", "kind"),
    [
        ("Write to jane.doe@university.edu.", "personal_data", "personal_data", "e-mail address"),
        ("It answers from 91.198.174.192.", "personal_data", "personal_data", "IP address"),
        (f"The key is {AWS_KEY}.", "secret", "secrets", "AWS Access Key"),
    ],
)
def test_private_data_in_an_answer_keeps_its_file_out(
    text: str, reason: str, gate: str, kind: str, plot: Plot
) -> None:
    clean, private = sound()
    plot.finished([clean, Planted(code=WORDS, pairs=private.pairs, turn_1=text)])
    assert _screen_private(plot) == {reason: 1}
    (drop,) = _rows(plot, "SELECT stage, reason, detail FROM codeio.drop_record")
    assert (drop["stage"], drop["reason"]) == ("screen", reason)
    assert f"turn_1: {kind}, line 1" in drop["detail"]
    assert text.split()[-1].rstrip(".") not in drop["detail"]
    release = assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)
    assert release.samples == len(clean.pairs)
    assert GATES[gate](plot.inputs(release)).passed
    (line,) = _rows(plot, "SELECT passed, dropped FROM codeio.funnel WHERE stage = 'screen'")
    assert line == {"passed": 1, "dropped": 1}
    assert _screen_private(plot) == {}


def test_without_the_screen_private_data_reaches_its_gate(plot: Plot) -> None:
    plot.settings = plot.settings.model_copy(update={"quarantine_private": False})
    clean, private = sound()
    plot.finished([clean, Planted(code=WORDS, pairs=private.pairs, turn_1=f"Key: {AWS_KEY}")])
    assert _screen_private(plot) == {}
    release = assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)
    assert not GATES["secrets"](plot.inputs(release)).passed

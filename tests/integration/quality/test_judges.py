"""What was judged once is not judged again, and what was found is found again."""

from dataclasses import replace

import pytest

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.gates import GATES
from codeio_ops.quality.leakage.build import build_index
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.quarantine import screen_samples
from codeio_ops.quality.leakage.registry import leakage_judge, store_index, stored_indexes
from codeio_ops.quality.measurement import Rows
from codeio_ops.quality.secrets import private_judge, screen_private
from codeio_ops.release.assemble import Release
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.work import Parts, Work
from support.candidate import Planted, Plot, sound

QUESTION = (
    "A ferry leaves the northern quay with forty crates of apples on deck while its captain "
    "counts the lighthouses along the coast until the harbour bell rings twice at noon."
)
ADDRESS = "Ask jane.doe@acme-widgets.io what it returns."


def _index(plot: Plot, name: str = "planted") -> None:
    index = build_index(name, [BenchmarkItem(item=f"{name}/1", segments=(QUESTION,))])
    store_index(index, origin="a test", objects=plot.objects, writer=plot.writer)


def _work(plot: Plot) -> Work:
    task = TaskIdentity(dag_id="test", run_id="test", task_id="screen")
    parts: Parts = {"store": plot.store, "objects": plot.objects, "writer": plot.writer}
    return Work(plot.settings, "screen", task, **parts)


def _read_by_gates(plot: Plot, release: Release) -> tuple[int, int]:
    """Return how many texts the gates on leakage and on private data would read."""
    rows: Rows = plot.inputs(release).rows
    judges = leakage_judge(stored_indexes(plot.store)), private_judge()
    leakage, private = (len(list(rows.texts(judge))) for judge in judges)
    return leakage, private


def _found(plot: Plot, release: Release) -> list[float]:
    inputs = plot.inputs(release)
    return [GATES[name](inputs).value for name in ("leakage", "secrets", "personal_data")]


def _screen(plot: Plot) -> list[dict[str, int]]:
    return [dict(screen_samples(_work(plot))), dict(screen_private(_work(plot)))]


def test_a_program_is_read_once_until_something_new_is_said_about_it(plot: Plot) -> None:
    _index(plot)
    first, *rest = sound()
    plot.finished([first, *rest])
    assert _screen(plot) == [{"clean": 1 + len(rest)}, {}]
    assert _screen(plot) == [{}, {}]
    plot.finished([replace(first, pairs=(*first.pairs, ({"a": 70, "b": 1}, {"sum": 71})))])
    assert _screen(plot) == [{"clean": 1}, {}]
    assert _screen(plot) == [{}, {}]


def test_another_benchmark_reads_everything_again(plot: Plot) -> None:
    _index(plot)
    plot.finished(sound())
    _screen(plot)
    _index(plot, "second")
    assert _screen(plot) == [{"clean": len(sound())}, {}]


def test_the_gates_read_only_what_the_screen_did_not(plot: Plot) -> None:
    _index(plot)
    release = plot.candidate(sound())
    assert min(_read_by_gates(plot, release)) > 0
    _screen(plot)
    assert _read_by_gates(plot, release) == (0, 0)
    assert _found(plot, release) == [0, 0, 0]


def test_what_was_found_is_found_by_every_later_gate(plot: Plot) -> None:
    plot.settings = plot.settings.model_copy(
        update={"quarantine_leaks": False, "quarantine_private": False}
    )
    _index(plot)
    first, second, *rest = sound()
    leaking: Planted = replace(first, statement=QUESTION)
    release = plot.candidate([leaking, replace(second, statement=ADDRESS), *rest])
    for _ in range(2):
        _screen(plot)
        assert _found(plot, release) == [1, 0, 1]


@pytest.mark.parametrize("gate", ["determinism", "verifier_self_test"])
def test_a_pair_is_run_once_and_then_by_chance(gate: str, running_plot: Plot) -> None:
    running_plot.settings = running_plot.settings.model_copy(update={"audited_pairs": 2})
    release = running_plot.candidate(sound())
    evidence = [GATES[gate](running_plot.inputs(release)).evidence for _ in range(2)]
    pairs = sum(len(planted.pairs) for planted in sound())
    assert [_run(each) for each in evidence] == [(pairs, pairs), (pairs, 2)]


def test_a_pair_that_failed_is_run_again(running_plot: Plot) -> None:
    running_plot.settings = running_plot.settings.model_copy(update={"audited_pairs": 0})
    first, *rest = sound()
    (given, _), *pairs = first.pairs
    mutated = replace(first, pairs=((given, {"sum": 4, "parts": [1, 2]}), *pairs))
    release = running_plot.candidate([mutated, *rest])
    for tested in (sum(len(planted.pairs) for planted in (mutated, *rest)), 1):
        found = GATES["verifier_self_test"](running_plot.inputs(release))
        assert not found.passed
        assert _run(found.evidence)[1] == tested


def _run(evidence: Json) -> tuple[Json, Json]:
    """Return the pairs of the release, and those that were run."""
    assert isinstance(evidence, dict)
    return evidence["pairs"], evidence.get("tested", evidence.get("audited"))

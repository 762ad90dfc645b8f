"""A release that waits for a person holds no other up, is named, and may be answered too late."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from codeio_airflow.release_tasks import open_question, record_answer
from codeio_airflow.ui.app import build_app
from codeio_ops.cli.waiting import print_waiting
from codeio_ops.errors import DecisionTooLate, GateFailed, OverrideRefused
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.local.doctor import examine
from codeio_ops.quality.measurement import Severity
from codeio_ops.quality.overrides import Decision, answer_question
from codeio_ops.records import RawFile
from codeio_ops.release.assemble import Release, assemble_release, find_release
from codeio_ops.release.judgement import TIMEOUT, decide, gate_results, overrides, settle
from codeio_ops.release.publish import publish
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.waiting import open_questions
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from support.candidate import ADD, Planted, Plot, sound
from support.facts import TEACHER
from support.judged import judge_all

LATER = Planted(
    code="def main_solution(n):\n    return {'n': [n, 1]}\n",
    pairs=(({"n": 1}, {"n": [1, 1]}), ({"n": 2}, {"n": [2, 1]})),
)
SOFT = {"expectations": Severity.SOFT}
YES = Decision(
    approved=True,
    decided_by="jane",
    decided_at=datetime(2026, 1, 2, tzinfo=UTC),
    reason="Known and wanted: a smoke test.",
)


def _writer(plot: Plot, run_id: str) -> FactWriter:
    """Return what a task of a run of the DAG writes with."""
    task = TaskIdentity(dag_id="release_dataset", run_id=run_id, task_id="gate")
    return FactWriter(plot.store, stage_run("gate", task, plot.settings))


def _assemble(plot: Plot) -> Release:
    return assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)


def _waiting(plot: Plot) -> Release:
    """Return a candidate about which its run asks a person."""
    plot.finished(sound())
    release = _assemble(plot)
    judge_all(release, writer=_writer(plot, "night 1"), failed=SOFT)
    assert [result.gate for result in decide(release, store=plot.store)] == ["expectations"]
    return release


def _next_night(plot: Plot) -> Release:
    """Publish the candidate of the next night."""
    plot.finished([LATER])
    release = _assemble(plot)
    judge_all(release, writer=_writer(plot, "night 2"))
    return publish(settle(release, store=plot.store), store=plot.store, objects=plot.objects)


def _answer(
    plot: Plot, release: Release, decision: Decision = YES, run_id: str = "night 1"
) -> None:
    now = find_release(plot.store, release.release_id)
    answer_question(decision, now, store=plot.store, writer=_writer(plot, run_id))


def test_the_next_candidate_is_made_and_published_while_one_waits(plot: Plot) -> None:
    waiting = _waiting(plot)
    newer = _next_night(plot)
    assert (waiting.version, newer.version, newer.status) == (1, 2, "published")
    assert find_release(plot.store, waiting.release_id).status == "candidate"


def test_an_approval_after_a_newer_version_says_that_it_comes_too_late(plot: Plot) -> None:
    waiting = _waiting(plot)
    _next_night(plot)
    with pytest.raises(DecisionTooLate, match=r"codeio_pp v1 comes too late: v2 was published"):
        _answer(plot, waiting)
    assert overrides(plot.store, waiting.release_id) == []
    assert find_release(plot.store, waiting.release_id).status == "rejected"
    assert open_questions(plot.store) == []


def test_a_rejection_is_stored_whatever_was_published_since(plot: Plot) -> None:
    waiting = _waiting(plot)
    _next_night(plot)
    _answer(plot, waiting, replace(YES, approved=False, decided_by=TIMEOUT, reason=""))
    with pytest.raises(GateFailed, match="and nobody decided in time"):
        settle(waiting, store=plot.store)


def test_an_answer_counts_only_for_what_its_run_asked_about(plot: Plot) -> None:
    waiting = _waiting(plot)
    assert _assemble(plot).release_id == waiting.release_id
    judge_all(
        waiting, writer=_writer(plot, "night 2"), failed={**SOFT, "information": Severity.SOFT}
    )
    with pytest.raises(DecisionTooLate, match="was judged anew after this question was asked"):
        _answer(plot, waiting)
    assert [(each.gates, each.run_id) for each in open_questions(plot.store)] == [
        ("expectations, information", "night 2")
    ]
    _answer(plot, waiting, run_id="night 2")
    publish(settle(waiting, store=plot.store), store=plot.store, objects=plot.objects)
    assert len(overrides(plot.store, waiting.release_id)) == 2
    with pytest.raises(DecisionTooLate, match="was published before it was rejected"):
        _answer(plot, waiting, replace(YES, approved=False))
    _answer(plot, waiting)


@pytest.mark.parametrize("failed", [{}, {"secrets": Severity.HARD, **SOFT}])
def test_what_passed_or_failed_hard_waits_for_nobody(
    failed: dict[str, Severity], plot: Plot
) -> None:
    plot.finished(sound())
    release = _assemble(plot)
    judge_all(release, writer=_writer(plot, "night 1"), failed=failed)
    assert open_questions(plot.store) == []


def test_a_candidate_that_not_all_gates_have_judged_waits_for_nobody_yet(plot: Plot) -> None:
    plot.finished(sound())
    release = _assemble(plot)
    judge_all(release, writer=_writer(plot, "night 1"), failed=SOFT, gates=["expectations"])
    assert len(gate_results(plot.store, release.release_id)) == 1
    assert open_questions(plot.store) == []


def test_page_shell_and_doctor_say_who_waits_for_what_since_when(
    plot: Plot, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = _waiting(plot)
    (question,) = open_questions(plot.store)
    print_waiting([question])
    told = capsys.readouterr().out
    assert f"codeio_pp v1 waits for you since {question.since:%Y-%m-%d %H:%M}" in told
    assert "although expectations failed" in told
    assert "codeio release show codeio_pp 1" in told and "Required Actions" in told
    as_json = question.to_json()
    assert isinstance(as_json, dict) and as_json["run_id"] == "night 1"
    (finding,) = [item for item in examine(plot.settings) if item.name == "decisions"]
    assert finding.ok and str(question) in finding.detail
    with TestClient(build_app(plot.settings, logged_in=None, active_tasks=list)) as client:
        page = client.get("/overview").text
    assert "Waits for you" in page and "<strong>codeio_pp v1</strong>" in page
    assert f"/gates/{waiting.release_id}/expectations" in page
    assert "/dags/release_dataset/runs/night%201/required_actions" in page


def test_a_late_answer_of_the_page_ends_its_task_with_the_cause(plot: Plot) -> None:
    waiting = _waiting(plot)
    clients: Any = plot
    assert "expectations" in open_question(str(waiting.release_id), clients)
    _next_night(plot)
    answer = {
        "chosen_options": ["Approve"],
        "params_input": {"reason": YES.reason},
        "responded_at": YES.decided_at,
        "responded_by_user": {"id": "1", "name": "jane"},
    }
    with pytest.raises(DecisionTooLate) as late:
        record_answer(str(waiting.release_id), answer, clients)
    assert "codeio release show codeio_pp 2" in late.value.cure


def test_only_who_is_named_decides_about_a_gate(plot: Plot) -> None:
    waiting = plot.candidate(sound())
    judge_all(waiting, writer=plot.new_writer("gate"), failed=SOFT)
    plot.settings = plot.settings.model_copy(update={"overriders": ("ada",)})
    clients: Any = plot
    answer: dict[str, Any] = {
        "chosen_options": ["Approve"],
        "params_input": {"reason": YES.reason},
        "responded_at": YES.decided_at,
        "responded_by_user": {"id": "eve", "name": "Eve"},
    }
    with pytest.raises(OverrideRefused, match="Eve may not decide"):
        record_answer(str(waiting.release_id), answer, clients)
    assert overrides(plot.store, waiting.release_id) == []
    answer["responded_by_user"] = {"id": "ada", "name": "Ada"}
    record_answer(str(waiting.release_id), answer, clients)
    assert [each.decided_by for each in overrides(plot.store, waiting.release_id)] == ["Ada"]


def test_the_pages_show_a_file_that_evidence_names_by_its_samples(plot: Plot) -> None:
    release = plot.candidate(sound())
    file_id = RawFile.identify(sha256_hex(ADD.encode()))
    judge_all(
        release, writer=plot.writer, failed={"licences": Severity.HARD},
        evidence={"licences": {"files": {str(file_id): ["GPL-3.0-only"]}}},
    )  # fmt: skip
    with TestClient(build_app(plot.settings, logged_in=None, active_tasks=list)) as client:
        page = client.get(f"/gates/{release.release_id}/licences").text
        assert f"/samples?file_id={file_id}" in page and "a.py of directory:/corpus" in page
        assert client.get(f"/samples?file_id={file_id}").text.count('href="/samples/') == 2

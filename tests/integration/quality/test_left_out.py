"""What a gate would refuse row by row is left out of a release and counted; the gate proves it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from codeio_airflow.ui.app import build_app
from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import GateFailed, NothingToRelease
from codeio_ops.ingest.licence import is_allowed
from codeio_ops.quality.gates import GATES
from codeio_ops.quality.leakage.build import build_index
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.registry import store_index
from codeio_ops.quality.measurement import Rows
from codeio_ops.quality.refusals import refused_rows
from codeio_ops.quality.secrets import screen_private
from codeio_ops.reasons import DropReason
from codeio_ops.records import Source
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.diff import diff_releases
from codeio_ops.release.judgement import settle
from codeio_ops.release.publish import publish
from codeio_ops.release.readback import prefix_of
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import Refusal, left_out_counts, left_out_rows
from codeio_ops.release.rows import SPLITS, SampleText, read_rows
from support.candidate import ADD, WORDS, Planted, Plot, sound
from support.facts import TEACHER, FactBuilder
from support.judged import judge_all

GPL = "# SPDX-License-Identifier: GPL-3.0-only\n"
# Put together here, so that nothing takes this file for a leaked key.
AWS_KEY = "AKIA" + "J4T7QX2LMZ5B6VNR"
QUESTION = (
    "A train leaves the old harbour station before sunrise carrying seventeen wagons of coal "
    "while another one waits for its driver at the northern junction until noon."
)
REFUSED = "def main_solution(n):\n    return {'n': [n, %d]}\n"
PAIRS: Any = (({"n": 1}, {"n": [1, 0]}), ({"n": 2}, {"n": [2, 0]}))


def _refused(number: int = 0, **changes: Any) -> Planted:
    """Build a program of two samples, with what a gate would refuse."""
    return replace(Planted(code=REFUSED % number, pairs=PAIRS), **changes)


def _assemble(plot: Plot, recipe: Recipe | None = None) -> Release:
    def refuse(sample_ids: Any) -> list[Refusal]:
        rows = Rows(
            sample_ids=sample_ids, store=plot.store, objects=plot.objects, settings=plot.settings
        )
        return refused_rows(rows)

    return assemble_release(
        recipe or Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer, refuse=refuse
    )


def _left_out(plot: Plot, release: Release) -> dict[str, int]:
    return {each.reason: each.samples for each in left_out_counts(plot.store, release.release_id)}


def _set(plot: Plot, **values: object) -> None:
    plot.settings = plot.settings.model_copy(update=values)


def _rows_of(plot: Plot, release: Release) -> list[SampleText]:
    return [row for split in SPLITS for row in read_rows(plot.store, release.release_id, split)]


def _second_place(plot: Plot, content: str, *, locator: str, licence: str) -> None:
    """Let a file be seen in another source, too."""
    facts = FactBuilder(plot.writer.run.stage_run_id)
    facts.file(content, source=Source.new("directory", locator), licence=licence)
    plot.writer.write(facts.records)


@pytest.mark.parametrize(
    ("planted", "reason", "gate", "found"),
    [
        (_refused(source=GPL + ADD), "licence", "licences", "GPL-3.0-only"),
        (_refused(licence="Proprietary-1"), "licence", "licences", "Proprietary-1"),
        (_refused(turn_1=f"Key: {AWS_KEY}"), "secret", "secrets", "AWS Access Key, line 1"),
        (_refused(statement="Ask jane.doe@university.edu."), "personal_data", "personal_data",
         "problem_statement: e-mail address"),
        (_refused(turn_1=QUESTION), "leak", "leakage", "planted/q/1"),
        (_refused(pairs=(({"n": 1}, {"n": 0}), ({"n": 2}, {"n": 0}))), "constant_output",
         "information", "2 pairs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_a_gate_refuses_is_left_out_with_its_place_and_the_gate_passes(
    planted: Planted, reason: str, gate: str, found: str, plot: Plot
) -> None:
    _set(plot, quarantine_private=False, quarantine_leaks=False)
    index = build_index("planted", [BenchmarkItem(item="q/1", segments=(QUESTION,))])
    store_index(index, origin="a test", objects=plot.objects, writer=plot.writer)
    plot.finished([*sound(), planted])
    release = _assemble(plot)
    assert _left_out(plot, release) == {reason: 2}
    assert release.funnel[-1].get("left_out") == {reason: 2}
    assert release.samples == release.funnel[-1]["rows"] == 4
    assert GATES[gate](plot.inputs(release)).passed
    [row, _] = left_out_rows(plot.store, release.release_id, most=9)
    assert (row.source, row.path) == ("directory:/corpus", "a.py")
    assert found in row.detail and AWS_KEY not in row.detail


def test_with_nothing_to_refuse_nothing_is_left_out(plot: Plot) -> None:
    plot.finished(sound())
    release = _assemble(plot)
    assert _left_out(plot, release) == {}
    assert release.funnel[-1] == {"stage": "samples of this release", "rows": 4}


def test_of_samples_with_one_prompt_the_first_that_may_be_released_stays(plot: Plot) -> None:
    plot.finished([*sound(), _refused(1, source=GPL + ADD)])
    _as_owner(plot, "UPDATE codeio.prompt SET body = 'The same question.'")
    release = _assemble(plot)
    assert (release.samples, _left_out(plot, release)) == (1, {"duplicate_prompt": 3, "licence": 2})
    assert GATES["duplicates"](plot.inputs(release)).passed


def test_what_is_in_quarantine_is_counted(plot: Plot) -> None:
    plot.finished([*sound(), _refused(turn_1=f"Key: {AWS_KEY}")])
    work: Any = plot
    screen_private(work)
    assert _left_out(plot, _assemble(plot)) == {"secret": 2}


@pytest.mark.parametrize("locator", ["/a", "/z"], ids=["first by name", "last by name"])
@pytest.mark.parametrize(("rule", "samples"), [("all", 2), ("any", 4)])
def test_a_file_is_judged_in_all_its_places(
    rule: str, samples: int, locator: str, plot: Plot
) -> None:
    _set(plot, licence_rule=rule)
    plot.finished(sound())
    _second_place(plot, ADD, locator=locator, licence="GPL-3.0-only")
    whole = assemble_release(Recipe(), current={TEACHER}, store=plot.store, writer=plot.writer)
    assert GATES["licences"](plot.inputs(whole)).passed is (rule == "any")
    release = _assemble(plot)
    assert release.samples == samples
    assert {row.licence for row in _rows_of(plot, whole)} == {"MIT", "GPL-3.0-only AND MIT"}


def test_the_licence_of_several_places_is_one_expression_that_can_be_judged(plot: Plot) -> None:
    plot.finished(sound())
    for locator, licence in (("/b", "MIT OR Apache-2.0"), ("/c", "NOASSERTION"), ("/d", "MIT")):
        _second_place(plot, ADD, locator=locator, licence=licence)
    (several,) = {row.licence for row in _rows_of(plot, _assemble(plot))} - {"MIT"}
    assert several == "(MIT OR Apache-2.0) AND LicenseRef-unknown AND MIT"
    assert is_allowed(several, frozenset({"MIT", "NOASSERTION"}))
    assert not is_allowed(several, frozenset({"MIT"}))
    with pytest.raises(NothingToRelease, match="licences leaves out"):
        _assemble(plot, Recipe(name="isc", licences=("ISC",)))
    both = Recipe(name="both", licences=("MIT", "NOASSERTION"))
    assert _assemble(plot, both).samples == 4


def test_a_licence_that_is_allowed_later_brings_its_rows_and_the_diff_says_so(plot: Plot) -> None:
    plot.finished([*sound(), _refused(licence="GPL-3.0-only")])
    before = _assemble(plot)
    _set(plot, licences=("MIT", "GPL-3.0-only"))
    after = _assemble(plot)
    assert (before.samples, after.samples, after.version) == (4, 6, 2)
    (came,) = diff_releases(before, after, store=plot.store).reasons()
    assert came == ("came", "codeio_pp v1 left it out: licence: GPL-3.0-only", 2)
    (went,) = diff_releases(after, before, store=plot.store).reasons()
    assert went == ("went", "licence: GPL-3.0-only", 2)


def test_a_night_that_only_leaves_more_out_comes_to_the_same_release(plot: Plot) -> None:
    plot.finished(sound())
    before = _assemble(plot)
    plot.finished([_refused(licence="GPL-3.0-only")])
    assert _assemble(plot).release_id == before.release_id
    assert _left_out(plot, before) == {"licence": 2}


def test_a_release_that_would_be_empty_says_what_was_left_out_and_what_to_do(plot: Plot) -> None:
    plot.finished([_refused(source=GPL + ADD)])
    with pytest.raises(NothingToRelease) as refused:
        _assemble(plot)
    assert "all 2 samples that the recipe codeio_pp takes are left out: 2 licence" in str(
        refused.value
    )
    assert "such as licence: GPL-3.0-only" in str(refused.value)
    assert "CODEIO_LICENCES" in refused.value.cure


def test_where_nothing_is_finished_the_drops_are_named_with_their_cures(plot: Plot) -> None:
    with pytest.raises(NothingToRelease) as nothing:
        _assemble(plot)
    assert "codeio source add" in nothing.value.cure
    facts = FactBuilder(plot.writer.run.stage_run_id)
    for number in range(3):
        file = facts.file(f"{WORDS}# {number}")
        facts.drop(file.raw_file_id, stage="transform", reason=DropReason.BAD_FORMAT)
    plot.writer.write(facts.records)
    with pytest.raises(NothingToRelease) as nothing:
        _assemble(plot)
    assert "transform dropped 3 (bad_format)" in str(nothing.value)
    assert DropReason.BAD_FORMAT.cure in nothing.value.cure


def test_what_is_left_out_is_on_the_card_the_page_and_in_the_shell(
    plot: Plot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plot.finished([*sound(), _refused(source=GPL + ADD)])
    release = _assemble(plot)
    judge_all(release, writer=plot.new_writer("gate"))
    publish(settle(release, store=plot.store), store=plot.store, objects=plot.objects)
    card = plot.objects.get(prefix_of("codeio_pp", 1) + "README.md").decode()
    assert "| licence | 2 |" in card.split("## Left out")[1].split("##")[0].splitlines()
    with TestClient(build_app(plot.settings, logged_in=None, active_tasks=list)) as client:
        page = client.get(f"/releases/{release.release_id}").text
    assert "2 licence" in page and "a.py of directory:/corpus" in page
    sample_id = left_out_rows(plot.store, release.release_id, most=1)[0].sample_id
    assert f"/samples/{sample_id}" in page
    shown = _shell(plot, monkeypatch, "release", "show", "codeio_pp", "1")
    assert "left out: 2 licence" in shown and "directory:/corpus" in shown
    assert str(sample_id) in shown and "CODEIO_LICENCES" in shown


def test_show_says_what_a_failed_gate_means_and_names_each_finding_whole(
    plot: Plot, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = plot.candidate([*sound(), _refused(source=GPL + ADD)])
    file_id = str(UUID(int=7))
    judge_all(
        release, writer=plot.writer, failed={"licences": "hard"},  # type: ignore[dict-item]
        evidence={"licences": {"allowed": ["MIT"] * 99, "files": {file_id: ["GPL-3.0-only"]}}},
    )  # fmt: skip
    shown = _shell(plot, monkeypatch, "release", "show", "codeio_pp", "1")
    assert "licences failed (hard). It demands: What each file and the places" in shown
    assert f"  {file_id}: GPL-3.0-only" in shown
    with pytest.raises(GateFailed):
        settle(release, store=plot.store)


def _shell(plot: Plot, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Run a command on the plot's database and return what it prints."""
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: plot.settings))
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.output


def _as_owner(plot: Plot, statement: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(plot.settings.owner_database_url.get_secret_value())
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()

"""Corrections reach back: what other options, settings or a person's word change of files seen."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from codeio_ops.cli.app import app
from codeio_ops.errors import SettingsError, SourceNotFound
from codeio_ops.funnel import read_funnel
from codeio_ops.ingest.corrections import (
    Corrected,
    Options,
    add_or_set,
    remove_source,
    set_options,
)
from codeio_ops.ingest.sources import find_source, named_source
from codeio_ops.records import Source
from codeio_ops.storage.queries import SQL_DIRECTORY
from codeio_ops.storage.requeue import requeue
from support.ingesting import Platform, program
from support.shell import set_shell

Write = Callable[..., Path]
PRESENT = (
    "SELECT path FROM codeio.present_file INNER JOIN codeio.raw_file_origin USING (raw_file_id) "
    "ORDER BY path"
)
LICENCES = "SELECT path, licence FROM codeio.current_origin ORDER BY path"
STATES = (SQL_DIRECTORY / "audit" / "17_origin_states.sql").read_text().replace("::", "\\:\\:")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    outcome: str
    present: int
    past: int


def with_settings(platform: Platform, **changes: Any) -> Platform:
    """Return the platform under other settings."""
    return replace(platform, settings=platform.settings.model_copy(update=changes))


def table(tmp_path: Path, rows: int = 3) -> str:
    """Write a table without licences, and return it as a source."""
    path = tmp_path / "py.jsonl"
    lines = (json.dumps({"content": program(n), "path": f"{n}.py"}) for n in range(1, rows + 1))
    path.write_text("\n".join(lines))
    return f"jsonl:{path}"


def set_on(
    platform: Platform, source: Source, licence: str | None = None, **settings: Any
) -> Corrected:
    """Set options of a source."""
    known = find_source(platform.store, source.source_id)
    options = Options(licence=licence, settings=settings)
    return set_options(known, options, platform.work("ingest"))


def states(platform: Platform) -> Counter[str]:
    """Count files by what every view says became of them, and make sure that all say the same."""
    line = next(line for line in read_funnel(platform.store) if line.stage == "ingest")
    by_pages = (line.passed, line.dropped, line.waiting)
    (by_view,) = platform.sql(
        "SELECT passed, dropped, pending FROM codeio.funnel WHERE stage = 'ingest'"
    )
    outcomes: Counter[str] = Counter()
    for (source_id,) in platform.sql("SELECT source_id FROM codeio.source"):
        rows = platform.store.fetch("ingest.outcomes", _Outcome, source_id=source_id)
        outcomes.update({row.outcome: row.present + row.past for row in rows})
    by_sources = (outcomes["kept"], outcomes.total() - outcomes["kept"] - outcomes["waiting"],
                  outcomes["waiting"])  # fmt: skip
    assert by_pages == by_view == by_sources
    for _, kept, dropped, _, none, counted in platform.sql(STATES):
        assert (none, counted) == (0, kept + dropped)
    return +outcomes


def test_a_licence_that_is_stated_later_lets_in_what_its_lack_kept_out(
    platform: Platform, tmp_path: Path
) -> None:
    platform = with_settings(platform, licences=("MIT",))
    source = platform.add(table(tmp_path))
    assert platform.ingest(source) == {"licence": 3}
    done = set_on(platform, source, "mit")
    assert [(change.option, change.before, change.after) for change in done.changed] == [
        ("licence", "from the source", "MIT")
    ]
    assert done.files == 3
    assert platform.ingest(source) == {"new": 3}
    assert platform.ingest(source) == {}, "what was judged is not judged again"
    assert states(platform) == {"kept": 3}
    assert platform.sql("SELECT DISTINCT reason FROM codeio.requeued_drop") == [("licence",)]


JUDGED_BY = "SELECT DISTINCT licence FROM codeio.file_licence"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_copy_under_a_licence_that_never_came_in_counts_as_one_that_came_in_before(
    platform: Platform, write: Callable[..., Path], order: tuple[int, int]
) -> None:
    roots = [write(name, same=program(1)) for name in ("free", "bound")]
    stated = ("MIT", "GPL-3.0-only")
    sources = [
        platform.add(f"directory:{root}", licence=licence)
        for root, licence in zip(roots, stated, strict=True)
    ]
    strict = with_settings(platform, licences=("MIT",))
    for number in order:
        strict.ingest(sources[number])
    assert platform.sql(JUDGED_BY) == [("GPL-3.0-only AND MIT",)]
    assert states(strict) == {"kept": 1, "licence": 1}
    # Once it is gone from there, or comes under another licence, it counts no more.
    write("bound", same=program(2))
    strict.ingest(sources[1])
    assert platform.sql(JUDGED_BY) == [("MIT",)]
    write("bound", same=program(1))
    strict.ingest(sources[1])
    assert platform.sql(JUDGED_BY) == [("GPL-3.0-only AND MIT",)]
    set_on(strict, sources[1], "MIT")
    strict.ingest(sources[1])
    assert platform.sql(JUDGED_BY) == [("MIT",)]


def test_adding_a_known_source_with_other_options_sets_them(
    platform: Platform, tmp_path: Path
) -> None:
    text = table(tmp_path)
    work = platform.work("ingest")
    assert add_or_set(text, Options(), work).added
    again = add_or_set(text, Options(), work)
    assert not again.added and not again.changed
    changed = add_or_set(text, Options(settings={"columns": {"path": "p"}}), work)
    assert [change.option for change in changed.changed] == ["columns.path"]
    add_or_set(text, Options(licence="ISC"), work)
    known = named_source(platform.store, text)
    assert (known.licence, known.settings) == ("ISC", {"columns": {"path": "p"}})
    add_or_set(text, Options(licence="", settings={"columns": {"path": "path"}}), work)
    assert named_source(platform.store, text).licence == ""
    assert platform.sql(
        "SELECT change, licence FROM codeio.source_change ORDER BY source_change_id"
    ) == [("added", ""), ("set", ""), ("set", "ISC"), ("set", "")]


def test_removed_and_added_again_a_source_starts_anew(platform: Platform, tmp_path: Path) -> None:
    platform = with_settings(platform, licences=("MIT",))
    text = table(tmp_path)
    platform.ingest(platform.add(text))
    work = platform.work("ingest")
    remove_source(text, work, from_releases=False)
    with pytest.raises(SourceNotFound):
        remove_source(text, work, from_releases=False)
    added = add_or_set(text, Options(licence="MIT"), work)
    assert added.added
    assert platform.ingest(added.source) == {"new": 3}
    assert states(platform) == {"kept": 3}


def test_what_new_filters_refuse_goes_out_and_comes_back_with_the_old_ones(
    platform: Platform, write: Write
) -> None:
    root = write("code", good=program(1), **{"tests/test_it": program(2)})
    source = platform.add(f"directory:{root}", tests="keep")
    assert platform.ingest(source) == {"new": 2}
    set_on(platform, source, tests="drop")
    assert platform.ingest(source) == {"known": 1, "test_file": 1}
    assert platform.sql(PRESENT) == [("good.py",)]
    assert states(platform) == {"kept": 1, "test_file": 1}
    set_on(platform, source, tests="keep")
    assert platform.ingest(source) == {"known": 1, "new": 1}
    assert platform.sql(PRESENT) == [("good.py",), ("tests/test_it.py",)]
    assert states(platform) == {"kept": 2}
    assert platform.sql("SELECT count(*) FROM codeio.raw_file") == [(2,)]


def test_settings_of_the_platform_reach_back_the_same_way(platform: Platform, write: Write) -> None:
    gpl = f"# SPDX-License-Identifier: GPL-3.0-only\n{program(2)}"
    source = platform.add(f"directory:{write('code', mit=program(1), gpl=gpl)}", licence="MIT")
    platform.ingest(source)
    strict = with_settings(platform, licences=("MIT",))
    assert strict.ingest(source) == {"known": 1, "licence": 1}
    small = with_settings(strict, min_file_bytes=100_000)
    assert small.ingest(source) == {"too_small": 2}
    assert states(platform) == {"too_small": 2}
    assert platform.ingest(source) == {"new": 2}
    assert states(platform) == {"kept": 2}


def test_a_licence_corrected_is_that_of_the_files_and_the_former_stays_known(
    platform: Platform, write: Write
) -> None:
    stated = f"# SPDX-License-Identifier: ISC\n{program(2)}"
    source = platform.add(f"directory:{write('code', a=program(1), b=stated)}", licence="MIT")
    platform.ingest(source)
    set_on(platform, source, "Apache-2.0")
    assert platform.ingest(source) == {"known": 2}
    assert platform.sql(LICENCES) == [("a.py", "Apache-2.0"), ("b.py", "ISC")]
    before = "SELECT path, licence FROM codeio.raw_file_origin ORDER BY path"
    assert platform.sql(before) == [("a.py", "MIT"), ("b.py", "ISC")]
    set_on(platform, source, "MIT")
    platform.ingest(source)
    assert platform.sql(LICENCES) == [("a.py", "MIT"), ("b.py", "ISC")]


def test_a_repository_that_changes_its_licence_is_followed(
    platform: Platform, write: Write
) -> None:
    root = write("code", a=program(1))
    stated = root / "LICENSES" / "MIT.txt"
    stated.parent.mkdir()
    stated.touch()
    source = platform.add(f"directory:{root}")
    platform = with_settings(platform, licences=("MIT",))
    assert platform.ingest(source) == {"new": 1}
    stated.rename(stated.with_name("GPL-3.0-only.txt"))
    assert platform.ingest(source) == {"licence": 1}
    assert platform.sql(LICENCES) == [("a.py", "GPL-3.0-only")]
    assert platform.sql(PRESENT) == []


def test_what_is_requeued_waits_in_every_view_and_is_judged_by_the_next_night(
    platform: Platform, tmp_path: Path
) -> None:
    platform = with_settings(platform, licences=("MIT",))
    source = platform.add(table(tmp_path))
    platform.ingest(source)
    assert requeue(platform.store, stage="ingest", reason="licence", dry_run=True) == 3
    assert states(platform) == {"licence": 3}
    assert requeue(platform.store, stage="ingest", reason="licence") == 3
    assert states(platform) == {"waiting": 3}
    assert platform.ingest(source) == {"licence": 3}
    assert states(platform) == {"licence": 3}
    assert platform.ingest(source) == {}


def test_a_requeue_is_of_one_source_where_one_is_named(platform: Platform, write: Write) -> None:
    sources = [
        platform.add(f"directory:{write(name, a='x = 1', b=program(number))}")
        for number, name in enumerate(("one", "two"), start=1)
    ]
    for source in sources:
        platform.ingest(source)
    named = sources[0].source_id
    assert requeue(platform.store, stage="ingest", reason="too_small", source_id=named) == 1
    assert states(platform) == {"kept": 2, "too_small": 1, "waiting": 1}


def test_what_was_to_be_judged_again_and_is_gone_says_so_until_it_is_back(
    platform: Platform, write: Write
) -> None:
    root = write("code", a=program(1), small="x = 1\n")
    source = platform.add(f"directory:{root}")
    platform.ingest(source)
    requeue(platform.store, stage="ingest", reason="too_small")
    (root / "small.py").unlink()
    platform.ingest(source)
    assert states(platform) == {"kept": 1, "gone": 1}
    write("code", small="x = 1\n")
    assert platform.ingest(source)["too_small"] == 1
    assert states(platform) == {"kept": 1, "too_small": 1}


def test_files_that_wait_in_a_source_that_is_removed_wait_no_more(
    platform: Platform, write: Write
) -> None:
    text = f"directory:{write('code', a=program(1), small='x = 1')}"
    platform.ingest(platform.add(text))
    requeue(platform.store, stage="ingest", reason="too_small")
    remove_source(text, platform.work("ingest"), from_releases=False)
    assert states(platform) == {"kept": 1, "gone": 1}
    assert requeue(platform.store, stage="ingest", reason="gone") == 0, "nobody would read it"


def test_a_copy_stands_for_a_file_whose_first_place_is_refused(
    platform: Platform, write: Write
) -> None:
    first = platform.add(f"directory:{write('c', zig=program(1))}", licence="MIT")
    second = platform.add(f"directory:{write('d', zig=program(1))}", licence="MIT")
    platform.ingest(first)
    assert platform.ingest(second) == {"duplicate": 1}
    strict = with_settings(platform, licences=("MIT",))
    set_on(platform, first, "GPL-3.0-only")
    strict.ingest(first)
    strict.ingest(second)
    assert states(platform) == {"kept": 1, "licence": 1}
    assert platform.sql("SELECT source_locator, licence FROM codeio.file_shown") == [
        (second.locator, "GPL-3.0-only AND MIT")
    ]
    set_on(platform, first, "MIT")
    strict.ingest(first)
    assert states(platform) == {"kept": 1, "duplicate": 1}


def test_a_source_removed_from_releases_takes_its_files_along_until_it_is_back(
    platform: Platform, write: Write
) -> None:
    text = f"directory:{write('code', a=program(1))}"
    platform.ingest(platform.add(text))
    work = platform.work("ingest")
    remove_source(text, work, from_releases=False)
    assert platform.sql(PRESENT) == [("a.py",)], "as the help says, they stay"
    remove_source(text, work, from_releases=True)
    assert platform.sql(PRESENT) == []
    assert len(platform.sql("SELECT FROM codeio.refused_file")) == 1
    platform.ingest(add_or_set(text, Options(), work).source)
    assert platform.sql(PRESENT) == [("a.py",)]


def test_a_row_that_nobody_would_judge_is_found(platform: Platform, write: Write) -> None:
    source = platform.add(f"directory:{write('code', a=program(1), small='x = 1')}")
    platform.ingest(source)
    platform.sql(
        "WITH gone AS (DELETE FROM codeio.drop_record RETURNING *) "
        "INSERT INTO codeio.requeued_drop (drop_record_id, stage, subject_id, reason, detail, "
        "source_id, stage_run_id, dropped_at) SELECT drop_record_id, stage, subject_id, reason, "
        "detail, source_id, stage_run_id, dropped_at FROM gone"
    )
    ((name, kept, dropped, waiting, none, _),) = platform.sql(STATES)
    assert (name, kept, dropped, waiting, none) == (f"directory:{source.locator}", 1, 0, 0, 1)


def test_one_directory_is_one_source_whatever_way_leads_to_it(
    platform: Platform, write: Write, tmp_path: Path
) -> None:
    root = write("code", a=program(1))
    (tmp_path / "link").symlink_to(root)
    work = platform.work("ingest")
    assert add_or_set(f"directory:{root}", Options(), work).added
    for way in (f"{root}/", f"{tmp_path}/code/../code", f"{tmp_path}/link"):
        assert not add_or_set(f"directory:{way}", Options(), work).added


def test_a_source_stored_under_another_way_is_still_found(
    platform: Platform, write: Write, tmp_path: Path
) -> None:
    root = write("code", a=program(1))
    (tmp_path / "link").symlink_to(root)
    old = Source.new("directory", str(tmp_path / "link"))
    platform.store.insert([old])
    assert named_source(platform.store, f"directory:{tmp_path}/link").source_id == old.source_id


@pytest.fixture
def codeio(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs `codeio` on the platform."""
    set_shell(monkeypatch, platform.settings)
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


def test_a_script_can_tell_what_became_of_a_source(
    codeio: Callable[..., Result], tmp_path: Path
) -> None:
    text = table(tmp_path)
    assert codeio("source", "add", text).exit_code == 0
    assert codeio("source", "add", text).exit_code == 3
    changed = codeio("source", "add", text, "--licence", "MIT")
    assert (changed.exit_code, "licence: from the source -> MIT" in changed.output) == (0, True)
    assert codeio("source", "set", text, "--licence", "MIT").exit_code == 3
    done = codeio("source", "set", text, "--set", "tests=keep", "--json")
    assert json.loads(done.output)["changed"] == [
        {"option": "tests", "before": "drop", "after": "keep"}
    ]
    shown = json.loads(codeio("source", "show", text, "--json").output)
    assert [change["change"] for change in shown["changes"]] == ["added", "set", "set"]
    refused = codeio("source", "set", text, "--licence", "MIT License")
    assert isinstance(refused.exception, SettingsError)
    assert "did you mean MIT" in str(refused.exception)


def test_requeue_counts_first_and_names_what_it_does_not_know(
    codeio: Callable[..., Result], platform: Platform, write: Write
) -> None:
    platform.ingest(platform.add(f"directory:{write('code', a=program(1), small='x = 1')}"))
    counted = codeio("requeue", "ingest", "too_small", "--dry-run", "--json")
    assert json.loads(counted.output)["rows"] == 1
    assert "1 rows wait for ingest again" in codeio("requeue", "ingest", "too_small").output
    assert "did you mean too_small" in str(codeio("requeue", "ingest", "too_smal").exception)
    assert "no stage" in str(codeio("requeue", "ingestion", "too_small").exception)

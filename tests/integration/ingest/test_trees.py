"""A source is a tree in time: what it shows is in force, and nothing of it is paid for twice."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pygit2
import pytest

from codeio_ops.errors import SourceEmpty, SourceUnavailable
from codeio_ops.ingest import pypi, stage
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.sources import named_source, parse_source, same_source
from codeio_ops.records import Source
from codeio_ops.release.takedown import take_down, undo_takedown
from support.ingesting import Platform, corrected, program
from support.package_index import package_index
from support.repositories import Repository

Files = Mapping[str, str]
Show = Callable[[Files], None]
Write = Callable[..., Path]

KINDS = ("directory", "git", "history", "jsonl", "parquet", "shards", "s3", "pypi")
A, B, C = program(1), program(2), program(3)


@pytest.fixture(params=KINDS)
def shown(
    request: pytest.FixtureRequest, platform: Platform, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Show, Callable[[], Source]]]:  # fmt: skip
    """Return how to make a source of a kind show just some files, and how to add it."""
    with ExitStack() as stack:
        show, locator = {
            "directory": _directory, "git": _git, "history": _git, "jsonl": _jsonl,
            "parquet": _parquet, "shards": _shards, "s3": _s3, "pypi": _pypi,
        }[request.param](platform, tmp_path / "code", stack)  # fmt: skip
        if request.param == "pypi":
            index = stack.enter_context(package_index(_ARCHIVES))
            monkeypatch.setattr(pypi.PyPIReader.__init__, "__kwdefaults__", {"index": index})
        settings = {"history": "all"} if request.param == "history" else {}
        yield show, lambda: platform.add(locator, **settings)


def _directory(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    def show(files: Files) -> None:
        root.mkdir(exist_ok=True)
        for path in root.iterdir():
            path.unlink()
        for name, content in files.items():
            (root / f"{name}.py").write_text(content)

    return show, f"directory:{root}"


def _git(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    repository = Repository(root)
    names: set[str] = set()

    def show(files: Files) -> None:
        # A commit for each file, so that a night brings more than one.
        for name, content in files.items():
            repository.commit(**{name: content})
        repository.commit(**dict.fromkeys(names - files.keys()))
        names.clear()
        names.update(files)

    return show, f"git:{root}"


def _jsonl(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    table = root.with_suffix(".jsonl")

    def show(files: Files) -> None:
        rows = [{"path": f"{name}.py", "content": text} for name, text in files.items()]
        table.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    return show, f"jsonl:{table}"


def _parquet(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    table = root.with_suffix(".parquet")

    def show(files: Files) -> None:
        names = [f"{name}.py" for name in files]
        pq.write_table(pa.table({"path": names, "content": list(files.values())}), table)

    return show, f"parquet:{table}"


def _shards(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    """A table of a file for each row: a night leaves most of them as they were."""

    def show(files: Files) -> None:
        root.mkdir(exist_ok=True)
        texts = {f"{name}.jsonl": json.dumps({"content": text}) for name, text in files.items()}
        for path in root.iterdir():
            if path.name not in texts:
                path.unlink()
        for name, text in texts.items():
            if not (root / name).exists() or (root / name).read_text() != text:
                (root / name).write_text(text)

    return show, f"jsonl:{root}"


def _s3(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    def show(files: Files) -> None:
        texts = {f"code/{name}.py": text.encode() for name, text in files.items()}
        for key in platform.objects.keys("code/"):
            if key not in texts:
                platform.objects.delete(key)
        for key, text in texts.items():
            if key not in platform.objects.keys(key) or platform.objects.get(key) != text:
                platform.objects.put(key, text)

    return show, f"s3://{platform.objects.bucket}/code"


_ARCHIVES: dict[str, bytes] = {}


def _pypi(platform: Platform, root: Path, stack: ExitStack) -> tuple[Show, str]:
    _ARCHIVES.clear()

    def show(files: Files) -> None:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            for name, text in files.items():
                archive.writestr(f"{name}.py", text)
        _ARCHIVES[f"foo-1.{len(_ARCHIVES)}-py3-none-any.whl"] = body.getvalue()

    return show, "pypi:foo"


def night(platform: Platform, *sources: Source) -> set[str]:
    """Do what a night does up to the pairs, and return the texts that were paid for."""
    for source in sources:
        platform.ingest(source)
    platform.deduplicate()
    paid = platform.pay()
    platform.draw()
    return set(paid)


def test_each_kind_of_source_is_followed_over_nights(
    platform: Platform, shown: tuple[Show, Callable[[], Source]]
) -> None:
    show, add = shown
    show({"a": A, "b": B, "c": C})
    source = add()
    assert night(platform, source) == {A, B, C}
    edited = corrected(A)
    show({"a": edited, "d": C})
    assert night(platform, source) == {edited}, "an edit is no duplicate of what it replaces"
    assert platform.in_force() == {edited, C}, "deleted and renamed"
    show({"a": A, "b": B, "c": C})
    assert night(platform, source) == set(), "what is back was paid for"
    assert platform.in_force() == {A, B, C}
    assert platform.sql("SELECT count(*) FROM codeio.program_in_force") == [(3,)]
    assert night(platform, source) == set()
    assert platform.sql("SELECT count(*) FROM codeio.tree_change WHERE origin_id IS NULL") != [(0,)]


def test_a_file_that_moves_between_sources_keeps_its_place(
    platform: Platform, write: Write
) -> None:
    one, other = write("one", a=A, b=B), write("other", c=C)
    sources = [platform.add(f"directory:{root}") for root in (one, other)]
    night(platform, *sources)
    (one / "a.py").rename(other / "moved.py")
    assert night(platform, *sources) == set()
    assert platform.in_force() == {A, B, C}


def test_of_a_content_at_two_paths_one_may_go(platform: Platform, write: Write) -> None:
    root = write("code", a=A, copy=A, b=B)
    source = platform.add(f"directory:{root}")
    night(platform, source)
    (root / "a.py").unlink()
    assert night(platform, source) == set()
    assert platform.in_force() == {A, B}
    (root / "copy.py").unlink()
    night(platform, source)
    assert platform.in_force() == {B}


def test_an_edit_that_a_filter_drops_puts_the_old_text_out_of_force(
    platform: Platform, write: Write
) -> None:
    source = platform.add(f"directory:{write('code', a=A, b=B)}")
    night(platform, source)
    write("code", a="x = 1\n")
    assert platform.ingest(source) == {"known": 1, "too_small": 1}
    assert platform.in_force() == {B}


def test_a_duplicate_that_its_own_source_drops_is_dropped(platform: Platform, write: Write) -> None:
    first = platform.add(f"directory:{write('one', a=A)}")
    second = platform.add(f"directory:{write('two', **{'tests/test_a': A})}")
    night(platform, first, second)
    (write("one", b=B) / "a.py").unlink()
    night(platform, first, second)
    assert platform.in_force() == {B}


def test_what_a_survivor_held_out_is_judged_again_when_it_is_gone(
    platform: Platform, write: Write
) -> None:
    root = write("code", a=A, b=B)
    source = platform.add(f"directory:{root}")
    copy = platform.add(f"directory:{write('later', copy=corrected(A))}")
    night(platform, source)
    assert night(platform, copy) == set()
    (root / "a.py").unlink()
    assert night(platform, source, copy) == {corrected(A)}
    write("code", a=A)
    assert night(platform, source, copy) == set(), "another says the same by now"
    assert platform.in_force() == {corrected(A), B}
    drops = platform.sql("SELECT count(*) FROM codeio.requeued_drop WHERE stage = 'dedup'")
    assert drops == [(1,)], "what was dropped once stays known"


def test_what_a_survivor_held_out_is_judged_again_when_it_is_taken_down(
    platform: Platform, write: Write
) -> None:
    sources = [platform.add(f"directory:{write('one', a=A)}")]
    platform.ingest(sources[0])
    platform.deduplicate()
    sources.append(platform.add(f"directory:{write('two', b=corrected(A))}"))
    platform.ingest(sources[1])
    assert platform.deduplicate() == {"near_duplicate": 1}
    work = platform.work("takedown")
    down = take_down("path", "a.py", reason="asked", store=work.store, writer=work.writer)
    assert platform.in_force() == set()
    assert platform.deduplicate() == {"unique": 1}
    assert platform.in_force() == {corrected(A)}
    assert platform.deduplicate() == {}, "what is taken down is compared with nothing"
    undo_takedown(down.takedown_id, reason="error", store=work.store, writer=work.writer)
    assert platform.deduplicate() == {"near_duplicate": 1}
    assert platform.in_force() == {corrected(A)}, "the one that was paid for stays"


def test_the_successor_comes_before_what_its_past_held_out(
    platform: Platform, write: Write
) -> None:
    source = platform.add(f"directory:{write('code', a=A)}")
    texts = [corrected(A), f"{corrected(A)}print('once more')\n", f"{A}print('again')\n"]
    copies = [platform.add(f"directory:{write(f'copy_{n}', c=t)}") for n, t in enumerate(texts)]
    night(platform, source)
    night(platform, *copies)
    write("code", a=corrected(corrected(A)))
    assert night(platform, source, *copies) == {corrected(corrected(A))}


class _CutOff(DirectoryReader):
    """Breaks off after one file."""

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        yield next(super().files(max_bytes=max_bytes, since=since))
        raise SourceUnavailable("the network went")


def test_a_listing_that_breaks_off_takes_no_file_out_of_force(
    platform: Platform, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("code", a=A, b=B, c=C)
    source = platform.add(f"directory:{root}")
    night(platform, source)
    (write("code", a=corrected(A)) / "c.py").unlink()
    monkeypatch.setattr(stage, "BATCH_FILES", 1)
    with pytest.raises(SourceUnavailable):
        stage.ingest_source(source, _CutOff(root, licence=""), platform.work("ingest"))
    assert platform.in_force() == {corrected(A), B, C}


def test_a_directory_that_cannot_be_listed_takes_no_file_out_of_force(
    platform: Platform, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("code", **{"a": A, "below/b": B})
    source = platform.add(f"directory:{root}")
    night(platform, source)
    scandir = os.scandir

    def denied(path: str) -> object:
        if str(path).endswith("below"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(SourceUnavailable, match="below cannot be listed"):
        platform.ingest(source)
    assert platform.in_force() == {A, B}


def test_a_source_that_is_empty_all_at_once_is_asked_about(
    platform: Platform, write: Write
) -> None:
    root = write("code", a=A)
    source = platform.add(f"directory:{root}")
    night(platform, source)
    (root / "a.py").unlink()
    with pytest.raises(SourceEmpty, match="any more") as caught:
        platform.ingest(source)
    assert "source remove" in caught.value.cure
    assert platform.in_force() == {A}


def test_a_source_removed_with_its_files_shows_nothing(platform: Platform, write: Write) -> None:
    source = platform.add(f"directory:{write('code', a=A)}")
    platform.add(f"directory:{write('other', b=B)}")
    night(platform, source)
    with platform.store.transaction() as transaction:
        transaction.execute("ingest.remove_source", source_id=source.source_id)
    assert platform.in_force() == {A}
    with platform.store.transaction() as transaction:
        transaction.execute("ingest.withdraw_source", source_id=source.source_id)
    assert platform.in_force() == set()
    platform.add(f"{source.kind}:{source.locator}")
    assert night(platform, source) == set()
    assert platform.in_force() == {A}


@pytest.mark.parametrize("history", ["head", "all"])
def test_a_forced_push_and_a_renamed_branch_change_what_a_repository_shows(
    platform: Platform, tmp_path: Path, history: str
) -> None:
    repository = Repository(tmp_path / "code")
    first = repository.commit(a=A, b=B)
    source = platform.add(f"git:file://{repository.root}", history=history)
    night(platform, source)
    repository.commit(a=corrected(A), b=None, c=C)
    night(platform, source)
    assert platform.in_force() == {corrected(A), C}
    repository.git.branches[repository.git.head.shorthand].rename("renamed")
    repository.git.reset(first, pygit2.enums.ResetMode.HARD)
    assert night(platform, source) == set()
    assert platform.in_force() == {A, B}
    repository.commit(d=program(4))
    assert night(platform, source) == {program(4)}
    assert platform.in_force() == {A, B, program(4)}


def test_a_new_licence_of_a_repository_holds_for_files_that_did_not_change(
    platform: Platform, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "code")
    repository.commit(a=A)
    source = platform.add(f"git:{repository.root}")
    night(platform, source)
    licence = repository.root / "LICENSES" / "Apache-2.0.txt"
    licence.parent.mkdir()
    licence.write_text("its text")
    repository.git.index.add("LICENSES/Apache-2.0.txt")
    repository.commit(b=B)
    assert night(platform, source) == {B}
    shown = "SELECT path, licence FROM codeio.file_shown ORDER BY path"
    assert platform.sql(shown) == [("a.py", "Apache-2.0"), ("b.py", "Apache-2.0")]


def test_a_version_that_is_withdrawn_gives_place_to_the_one_before(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, locator = _pypi(platform, tmp_path, ExitStack())
    with package_index(_ARCHIVES) as index:
        monkeypatch.setattr(pypi.PyPIReader.__init__, "__kwdefaults__", {"index": index})
        show({"a": A, "b": B})
        source = platform.add(locator)
        night(platform, source)
        show({"a": C})
        night(platform, source)
        assert platform.in_force() == {C}
        del _ARCHIVES["foo-1.1-py3-none-any.whl"]
        assert night(platform, source) == set()
        assert platform.in_force() == {A, B}


def test_rows_of_one_path_stand_beside_each_other(platform: Platform, tmp_path: Path) -> None:
    table = tmp_path / "rows.jsonl"

    def show(*texts: str) -> None:
        rows = [{"path": "main.py", "content": text} for text in texts]
        table.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    show(A, B, C)
    source = platform.add(f"jsonl:{table}")
    night(platform, source)
    assert platform.in_force() == {A, B, C}
    show(B, C)
    assert night(platform, source) == set()
    assert platform.in_force() == {B, C}


def test_an_object_that_comes_back_as_old_as_it_was_is_read(platform: Platform) -> None:
    platform.objects.put("code/a.py", A.encode())
    platform.objects.put("code/b.py", B.encode())
    source = platform.add(f"s3://{platform.objects.bucket}/code")
    night(platform, source)
    # As after its deletion was undone: it is shown, older than the cursor, and not known.
    platform.sql(
        "INSERT INTO codeio.tree_change (place_id, source_id, part, path, stage_run_id) "
        "SELECT place_id, source_id, part, path, stage_run_id FROM codeio.tree_change "
        "WHERE path = 'a.py'"
    )
    cursor = "9999-01-01T00:00:00+00:00 0"
    platform.sql(f"UPDATE codeio.source SET cursor_value = '{cursor}'")
    assert platform.in_force() == {B}
    night(platform, source)
    assert platform.in_force() == {A, B}


def test_one_directory_is_one_source_by_whatever_path(platform: Platform, write: Write) -> None:
    root = write("code", a=A)
    (root.parent / "link").symlink_to(root)
    stored = platform.add(f"directory:{root}")
    for path in (f"{root}/", f"{root.parent}/x/../code", f"{root.parent}/link"):
        assert same_source(platform.store, parse_source(f"directory:{path}")) == stored
        assert named_source(platform.store, f"directory:{path}") == stored
    assert parse_source(f"directory:{root.parent}/link/../code/.").locator == str(root)


def test_two_sources_of_one_directory_that_are_stored_go_on(
    platform: Platform, write: Write
) -> None:
    root = write("code", a=A)
    twice = [Source.new("directory", path) for path in (str(root), f"{root.parent}/x/../code")]
    (root.parent / "x").mkdir()
    platform.store.insert(twice)
    for source in twice:
        assert named_source(platform.store, f"directory:{source.locator}") == source
    night(platform, *twice)
    assert platform.in_force() == {A}

"""The git reader: what is new since a commit, and never a byte of a damaged repository."""

from pathlib import Path
from types import SimpleNamespace

import pygit2
import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import SourceDamaged, SourceNotFound
from codeio_ops.ingest import git
from codeio_ops.ingest.base import SourceFile, Unchanged
from codeio_ops.ingest.git import GitReader
from support.repositories import Repository as Base


class Repository(Base):
    def read(self, *, since: str = "", history: str = "head") -> list[SourceFile]:
        reader = GitReader(str(self.root), licence="", history=history)
        return list(reader.files(max_bytes=1000, since=since))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "code")


def test_the_files_of_head_come_by_path_with_its_commit(repository: Repository) -> None:
    repository.commit(b="b = 1\n", a="a = 1\n")
    head = repository.commit(b="b = 2\n")
    found = repository.read()
    assert [(f.path, f.content, f.version) for f in found] == [
        ("a.py", b"a = 1\n", head),
        ("b.py", b"b = 2\n", head),
    ]
    assert GitReader(str(repository.root), licence="").cursor() == head


def test_only_what_changed_since_the_cursor_comes_again(repository: Repository) -> None:
    first = repository.commit(a="a = 1\n", b="b = 1\n", gone="g = 1\n")
    repository.commit(b="b = 2\n", c="c = 1\n", gone=None)
    assert [file.path for file in repository.read(since=first)] == ["b.py", "c.py"]
    head = repository.commit(a="a = 2\n")
    assert repository.read(since=head) == []


def test_history_brings_every_version_oldest_first(repository: Repository) -> None:
    first = repository.commit(a="a = 1\n")
    second = repository.commit(a="a = 2\n")
    third = repository.commit(a="a = 3\n")
    found = repository.read(history="all")
    assert [(f.version, f.content) for f in found] == [
        (first, b"a = 1\n"),
        (second, b"a = 2\n"),
        (third, b"a = 3\n"),
    ]
    assert [f.version for f in repository.read(history="all", since=second)] == [third]


def test_what_stayed_as_it_was_is_named_and_not_read(repository: Repository) -> None:
    first = repository.commit(a="a = 1\n", b="b = 1\n", gone="g = 1\n")
    repository.commit(b="b = 2\n", gone=None)
    reader = GitReader(str(repository.root), licence="")
    assert reader.unchanged(since=first) == [Unchanged(path="a.py")]
    assert reader.unchanged(since="") == reader.unchanged(since="0" * 40) == []


def test_of_a_history_what_head_shows_is_not_past(repository: Repository) -> None:
    first = repository.commit(a="a = 1\n", gone="g = 1\n")
    repository.commit(a="a = 2\n", gone=None)
    found = repository.read(history="all")
    assert [(f.content, f.is_past) for f in found] == [
        (b"a = 1\n", True), (b"g = 1\n", True), (b"a = 2\n", False),
    ]  # fmt: skip
    repository.commit(a="a = 1\n")
    repository.git.reset(pygit2.Oid(hex=first), pygit2.enums.ResetMode.HARD)
    back = repository.read(history="all", since=str(found[-1].version))
    assert [(f.path, f.content, f.is_past) for f in back] == [
        ("a.py", b"a = 1\n", False), ("gone.py", b"g = 1\n", False),
    ]  # fmt: skip


def test_a_cursor_that_is_gone_means_everything(repository: Repository) -> None:
    repository.commit(a="a = 1\n")
    assert [file.path for file in repository.read(since="0" * 40)] == ["a.py"]


def test_a_link_in_the_repository_is_no_file(repository: Repository, tmp_path: Path) -> None:
    (repository.root / "link.py").symlink_to("/etc/passwd")
    index = pygit2.Repository(str(repository.root)).index
    index.add("link.py")
    index.write()
    repository.commit(a="a = 1\n")
    assert [file.path for file in repository.read()] == ["a.py"]


def test_a_large_file_is_measured_and_not_read(repository: Repository) -> None:
    repository.commit(a="a" * 1001)
    (found,) = repository.read()
    assert (found.content, found.size_bytes) == (None, 1001)


@pytest.mark.parametrize("damage", ["corrupt", "missing"])
def test_a_damaged_object_is_a_clear_error(repository: Repository, damage: str) -> None:
    repository.commit(a="a = 1\n")
    blob = pygit2.hash(b"a = 1\n")
    path = repository.root / ".git" / "objects" / str(blob)[:2] / str(blob)[2:]
    path.chmod(0o644)
    if damage == "missing":
        path.unlink()
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[:6] + bytes(255 - byte for byte in whole[6:]))
    with pytest.raises(SourceDamaged, match="is corrupt"):
        repository.read()


def test_what_is_no_repository_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="not a git repository"):
        GitReader(str(tmp_path), licence="").cursor()


def test_a_repository_without_a_commit_is_not_found(repository: Repository) -> None:
    with pytest.raises(SourceNotFound, match="no commit"):
        repository.read()


def mirrored(repository: Repository, home: Path) -> list[str]:
    """Read the repository by its URL, as a nightly run does: the mirror is kept."""
    settings = Settings.model_validate({"home": home})
    reader = GitReader(f"file://{repository.root}", licence="", settings=settings)
    assert reader.cursor() == str(repository.git.head.target)
    return [file.path for file in reader.files(max_bytes=100)]


def test_a_mirror_follows_what_happens_upstream(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit(a="a = 1\n")
    assert mirrored(repository, tmp_path) == ["a.py"]
    repository.git.branches[repository.git.head.shorthand].rename("renamed")
    repository.commit(b="b = 1\n")
    assert mirrored(repository, tmp_path) == ["a.py", "b.py"]
    repository.git.references.create("refs/heads/other", first)
    repository.git.set_head("refs/heads/other")  # another default; `renamed` is left to rot
    assert mirrored(repository, tmp_path) == ["a.py"]
    repository.commit(b=None, c="c = 1\n")
    assert mirrored(repository, tmp_path) == ["a.py", "c.py"]
    repository.git.reset(first, pygit2.enums.ResetMode.HARD)  # as a forced push does
    assert mirrored(repository, tmp_path) == ["a.py"]
    repository.git.set_head(pygit2.Oid(hex=first))  # detached
    assert mirrored(repository, tmp_path) == ["a.py"]


def test_an_empty_repository_is_not_found_by_its_url_either(tmp_path: Path) -> None:
    pygit2.init_repository(str(tmp_path / "empty.git"), bare=True)
    settings = Settings.model_validate({"home": tmp_path})
    with pytest.raises(SourceNotFound, match="has no commit"):
        GitReader(f"file://{tmp_path}/empty.git", licence="", settings=settings).cursor()


def test_a_fetch_without_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "MAX_FETCH_BYTES", 10)
    progress = SimpleNamespace(received_bytes=11)
    with pytest.raises(SourceDamaged, match="sends more than 10 bytes"):
        git._bounded("git://host/r.git").transfer_progress(progress)  # type: ignore[arg-type]


def test_a_licence_file_of_any_length_costs_no_memory(repository: Repository) -> None:
    (repository.root / "LICENSE").write_text("a" * 200_000)
    repository.git.index.add("LICENSE")
    repository.commit(a="a = 1\n")
    assert [file.licence for file in repository.read()] == ["NOASSERTION"]


@pytest.mark.parametrize(("branches", "depth"), [(10, 9), (1, 300)])
def test_few_trees_that_show_endless_files_are_refused(
    branches: int, depth: int, tmp_path: Path
) -> None:
    """A billion paths of eighteen objects, and one path of three hundred directories."""
    made = pygit2.init_repository(str(tmp_path / "bomb"), bare=True)
    shown, kind = made.create_blob(b"x = 1\n"), 0o100644
    for level in range(depth):
        builder = made.TreeBuilder()
        for branch in range(branches):
            builder.insert(f"{branch}.py" if level == 0 else f"{branch}", shown, kind)
        shown, kind = builder.write(), 0o040000
    person = pygit2.Signature("t", "t@example.org")
    made.create_commit("HEAD", person, person, "one", shown, [])
    with pytest.raises(SourceDamaged, match="shows more than"):
        list(GitReader(str(tmp_path / "bomb"), licence="").files(max_bytes=9))

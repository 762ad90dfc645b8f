"""Whatever people do to sources from night to night, what is in force is what they show."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from codeio_ops.config import Settings
from codeio_ops.local.state import StackState
from codeio_ops.release.assemble import Release
from codeio_ops.release.diff import diff_releases
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS, read_rows
from support.ingesting import Platform, open_platform
from support.road import CORPUS, Road
from support.storage import fresh_settings
from support.walk import Walk

NIGHTS = 5


@pytest.fixture
def platforms(
    settings: Settings, stack_state: StackState, tmp_path: Path
) -> Iterator[tuple[Platform, Platform]]:
    """Two empty platforms."""
    with fresh_settings(stack_state, tmp_path / "fresh") as other:
        opened = open_platform(settings), open_platform(other)
        yield opened
        for platform in opened:
            platform.store.close()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_in_force_is_what_a_fresh_installation_makes_of_the_sources(
    platforms: tuple[Platform, Platform], tmp_path: Path, seed: int
) -> None:
    platform, fresh = platforms
    roots = [tmp_path / "sources" / name for name in ("one", "two")]
    walk = Walk(platform=platform, random=Random(seed), roots=roots)
    walk.begin()
    for _ in range(NIGHTS):
        walk.step()
    # A last night that nothing disturbs.
    walk.night()
    walk.check_night()
    if all(walk.shows):
        walk.check_against(fresh)


def _texts(road: Road, release: Release) -> dict[str, set[str]]:
    """Return path -> codes of the released samples."""
    found: dict[str, set[str]] = {}
    for split in SPLITS:
        for row in read_rows(road.store, release.release_id, split):
            found.setdefault(row.source_path, set()).add(row.reference_code)
    return found


def _night(road: Road, name: str) -> Release:
    night = road.with_parts(run_id=name)
    for task in night.tasks().values():
        task()
    return night.assemble(Recipe())


def test_a_release_holds_what_is_present_and_that_of_ever_both(
    empty_road: Road, tmp_path: Path
) -> None:
    road, root = empty_road, tmp_path / "code"
    root.mkdir()
    old = (CORPUS / "numbers" / "collatz.py").read_text()
    (root / "edited.py").write_text(old)
    (root / "renamed.py").write_text((CORPUS / "text" / "roman.py").read_text())
    (root / "deleted.py").write_text((CORPUS / "text" / "run_length.py").read_text())
    road.add(f"directory:{root}")
    first = _night(road, "first")
    before = _texts(road, first)
    assert set(before) == {"edited.py", "renamed.py", "deleted.py"}

    (root / "edited.py").write_text(old.replace("< 15", "< 14"))
    (root / "renamed.py").rename(root / "other.py")
    (root / "deleted.py").unlink()
    second = _night(road, "second")
    after = _texts(road, second)
    assert set(after) == {"edited.py", "other.py"}
    assert after["other.py"] == before["renamed.py"]
    assert after["edited.py"].isdisjoint(before["edited.py"])
    reasons = diff_releases(first, second, store=road.store).reasons()
    assert {(change, why.partition(":")[0]) for change, why, _ in reasons} == {
        ("went", "succeeded"),
        ("went", "gone"),
        ("changed", "renamed renamed.py -> other.py"),
        ("came", "it succeeds the text that stood at its path when v1 was assembled"),
    }

    ever = _texts(road, road.assemble(Recipe(name="ever", files="ever")))
    assert ever["edited.py"] == before["edited.py"] | after["edited.py"]
    assert ever["deleted.py"] == before["deleted.py"]

    (root / "edited.py").write_text(old)
    calls = road.rows("teacher_call")
    third = _night(road, "third")
    assert road.rows("teacher_call") == calls, "what is back was paid for"
    assert _texts(road, third)["edited.py"] == before["edited.py"]

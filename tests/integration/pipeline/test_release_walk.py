"""A release is what a fresh installation makes of what the sources show, whatever came before."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.local.state import StackState
from codeio_ops.release.rows import SPLITS, read_rows
from codeio_ops.storage.requeue import requeue
from support.road import Road
from support.storage import fresh_settings
from support.town import EDITED, TEXTS, Town

ALLOWED, REFUSED = "MIT", "GPL-3.0-only"
COMMENT = "# Looked at again.\n"
VERSIONS = {
    "collatz": (TEXTS["collatz"], EDITED),
    "luhn": (TEXTS["luhn"], TEXTS["luhn"] + COMMENT),
    "run_length": (TEXTS["run_length"], TEXTS["run_length"].replace("Encode runs", "Write runs")),
    "roman": (TEXTS["roman"], TEXTS["roman"].replace("Write a positive", "Say a positive")),
}
# What refuses one version of one family alone.
LEAST = len(VERSIONS["luhn"][0]) + 3
# These are in force again at the end, for they do not reach back to what was paid for.
REACHING_NEW_ROWS = {"min_pairs": (2, 400), "revision_policy": ("one_turn", "none")}
REACHING_FILES = {"min_file_bytes": (64, LEAST)}
KEPT = "SELECT path FROM codeio.raw_file_origin ORDER BY path"
DOWN = "SELECT raw_file_id FROM codeio.taken_down_file"
# What depends on the past by intent, and what says who made a row and when.
NOT_COMPARED = {"split", "answer_run_id", "sandbox_image_digest"}


@dataclass
class History:
    """What people did to two sources of a town.

    Attributes:
        town: The town.
        random: What decides, by a seed.
        roots: Directory of each source.
        shows: What each source shows: name of the file -> family.
        version: Which version of each family stands wherever it is shown.
        licences: Licence of each source.
        down: Takedowns that hold.
        names: How many names of files were used.
        told: What was done, for whoever reads a failure.
    """

    town: Town
    random: Random
    roots: list[Path]
    shows: list[dict[str, str]] = field(default_factory=list)
    version: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERSIONS, 0))
    licences: list[str] = field(default_factory=list)
    down: list[UUID] = field(default_factory=list)
    names: int = 0
    told: list[object] = field(default_factory=list)

    def begin(self) -> None:
        """Let each source show a few files, one of them the same."""
        for number, families in enumerate((("collatz", "luhn", "roman"), ("run_length", "roman"))):
            self.shows.append({})
            self.licences.append("")
            for family in families:
                self.put(number, family)
            self.license(number, ALLOWED)

    def put(self, number: int, family: str) -> str:
        """Let a source show a family under a new name."""
        self.names += 1
        name = f"module_{self.names}"
        self.shows[number][name] = family
        self.write(number, name)
        return name

    def write(self, number: int, name: str) -> None:
        """Write the file as it is to be."""
        family = self.shows[number][name]
        text = VERSIONS[family][self.version[family]]
        self.town.write(name, text=text, root=self.roots[number])

    def license(self, number: int, licence: str) -> None:
        """State the licence of a source."""
        self.licences[number] = licence
        self.town.state(licence, self.roots[number])

    def any_place(self) -> tuple[int, str]:
        """Return a file that is not the last one of its source."""
        return self.random.choice(
            [(n, name) for n, shown in enumerate(self.shows) for name in shown if len(shown) > 1]
        )

    def any_source(self) -> int:
        """Return the number of a source."""
        return self.random.randrange(len(self.roots))

    def take(self, number: int, name: str) -> str:
        """Let a source no longer show a file, and return of which family it was."""
        (self.roots[number] / f"{name}.py").unlink()
        return self.shows[number].pop(name)

    def change(self, settings: Mapping[str, tuple[object, object]]) -> dict[str, object]:
        """Give a setting the other one of two values."""
        name = self.random.choice(sorted(settings))
        now = getattr(self.town.road.settings, name)
        changed = {name: settings[name][now == settings[name][0]]}
        self.town.use(**changed)
        return changed


def add(history: History) -> object:
    """Write a new file, of a family that may stand elsewhere."""
    number = history.any_source()
    return number, history.put(number, history.random.choice(sorted(VERSIONS)))


def edit(history: History) -> object:
    """Write the other version of a family wherever it is shown."""
    family = history.random.choice(sorted({f for shown in history.shows for f in shown.values()}))
    history.version[family] = 1 - history.version[family]
    for number, shown in enumerate(history.shows):
        for name in (name for name, other in shown.items() if other == family):
            history.write(number, name)
    return family


def delete(history: History) -> object:
    """Delete a file."""
    place = history.any_place()
    history.take(*place)
    return place


def move(history: History) -> object:
    """Rename a file, or move it to the other source."""
    place, number = history.any_place(), history.any_source()
    return place, number, history.put(number, history.take(*place))


def relicense(history: History) -> object:
    """State another licence of a source."""
    number = history.any_source()
    history.license(number, REFUSED if history.licences[number] == ALLOWED else ALLOWED)
    return number, history.licences[number]


def take_back(history: History) -> object:
    """Take back what the licence of a source dropped."""
    return requeue(history.town.road.store, stage="ingest", reason="licence")


def take_down(history: History) -> object:
    """Take down a path at which something was kept."""
    ((path,), *_) = history.random.sample(history.town.road.ask(KEPT), 1)
    history.down.append(history.town.take_down(path))
    return path


def undo(history: History) -> object:
    """Undo the first takedown."""
    if history.down:
        history.town.undo(history.down.pop(0))
    return len(history.down)


def change_what_reaches_files(history: History) -> object:
    """Let the size rule refuse some files, or none."""
    return history.change(REACHING_FILES)


def change_what_reaches_new_rows(history: History) -> object:
    """Ask more of what is new, or less of what was dropped."""
    return history.change(REACHING_NEW_ROWS)


OPERATIONS: list[Callable[[History], object]] = [
    add, edit, edit, delete, move, move, relicense, relicense, take_back, take_down, undo,
    take_down, change_what_reaches_files, change_what_reaches_new_rows,
    change_what_reaches_new_rows,
]  # fmt: skip
NIGHTS = 5
# One whose end shows much, under two licences.
SEED = 5


@pytest.fixture
def fresh(
    town: Town, stack_state: StackState, tmp_path: Path, open_road: Callable[[Settings], Road]
) -> Iterator[Town]:
    """An empty town with the same teacher."""
    with fresh_settings(stack_state, tmp_path / "fresh") as settings:
        yield Town(open_road(settings), tmp_path, town.server)


@dataclass(frozen=True, kw_only=True)
class Released:
    """What a town released.

    Attributes:
        rows: What is compared of each sample.
        asked: How often the teacher was sent each conversation, by its own count.
    """

    rows: dict[UUID, dict[str, Json]]
    asked: Counter[str]


def released(town: Town, before: Counter[str]) -> Released:
    """Publish; `before` is what the teacher had been sent when the town began."""
    release = town.release()
    rows = {
        row.sample_id: {k: v for k, v in row.to_json().items() if k not in NOT_COMPARED}
        for split in SPLITS
        for row in read_rows(town.road.store, release.release_id, split)
    }
    return Released(rows=rows, asked=town.server.requests.sent - before)


def walked(history: History) -> Released:
    """Do every operation in some order, night by night, and release after a last one."""
    town, before = history.town, history.town.server.requests.sent.copy()
    history.begin()
    town.night()
    due = history.random.sample(OPERATIONS, len(OPERATIONS))
    for night in range(NIGHTS):
        for operation in due[night::NIGHTS]:
            history.told.append((operation.__name__, operation(history)))
        history.told.append(f"{town.night()} requests")
    town.use(**{name: values[0] for name, values in REACHING_NEW_ROWS.items()})
    history.license(0, ALLOWED)
    town.night()
    return released(town, before)


def made_anew(history: History, fresh: Town) -> Released:
    """Release what the sources of a history show at its end, from nothing."""
    before = fresh.server.requests.sent.copy()
    names = ("audited_pairs", "licences", "prompted_pairs", *REACHING_FILES)
    fresh.use(**{name: getattr(history.town.road.settings, name) for name in names})
    for root, licence in zip(history.roots, history.licences, strict=True):
        fresh.state(licence, root)
    fresh.night()
    return released(fresh, before)


def test_a_release_is_what_a_fresh_installation_makes_of_the_present_sources(
    town: Town, fresh: Town, tmp_path: Path
) -> None:
    """Of all that a row says, what is left out of the comparison is as it is by intent.

    A program keeps the split of its former versions, so `split` may be another. Runs and images
    have other names. A takedown means what ever stood at its path, which a fresh installation
    does not know, so its rows of these files are left out. Of near-duplicates the first that came
    stays, so a family is shown in one version at a time. Settings that do not reach back to what
    was paid for have their first values again at the end. Licences, and rules on files, are
    compared as the walk left them.
    """
    town.use(prompted_pairs=1)
    history = History(town, Random(SEED), [tmp_path / "one", tmp_path / "two"])
    made, wanted = walked(history), made_anew(history, fresh)
    down = {str(file) for (file,) in town.road.ask(DOWN)}
    present = {key: row for key, row in wanted.rows.items() if row["raw_file_id"] not in down}
    assert len(made.rows) > 2, history.told
    assert made.rows == present, history.told
    assert set(made.asked.values()) == set(wanted.asked.values()) == {1}, history.told

"""A random walk over nights: what people do to sources, and what must hold after each night.

An operation is a function of the walk that changes what a source shows, or what the platform was
told; add it to `OPERATIONS`. What is to hold is said by `check_night`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from uuid import UUID

from codeio_ops.errors import SourceEmpty, SourceUnavailable
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.corrections import Options, set_options
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.sources import find_source
from codeio_ops.ingest.stage import ingest_source
from codeio_ops.records import Source
from codeio_ops.release.takedown import Within, take_down, undo_takedown
from codeio_ops.storage.requeue import requeue
from support.ingesting import Platform, corrected, program

FAMILIES = range(1, 6)
DROPPED = "x = 1\n"

ALLOWED, REFUSED = "MIT", "GPL-3.0-only"
# Origins that are in no state, and such as a source showed and no view knows.
NOWHERE = """
SELECT origin_id FROM codeio.origin_state WHERE state = 'none'
UNION ALL
SELECT origin_id FROM codeio.tree_change
WHERE origin_id IS NOT NULL AND origin_id NOT IN (SELECT origin_id FROM codeio.origin_state)
UNION ALL
SELECT origin_id FROM codeio.origin_state GROUP BY origin_id HAVING count(*) > 1
"""
# Present files by dedup, but what is taken down: each is a survivor, or dropped for one in force.
UNSETTLED = """
SELECT askable_file.raw_file_id
FROM codeio.askable_file
LEFT JOIN codeio.dedup_result ON dedup_result.subject_id = askable_file.raw_file_id
WHERE (dedup_result.cluster_id IS NULL)
    OR dedup_result.cluster_id NOT IN (SELECT raw_file_id FROM codeio.file_in_force)
"""
PROGRAMS = """
SELECT program.main_function
FROM codeio.program INNER JOIN codeio.program_in_force USING (program_id)
"""


@dataclass
class Walk:
    """Sources that people change, and the platform that follows them.

    Attributes:
        platform: The platform.
        random: What decides, by a seed.
        roots: Directory of each source.
        shows: What each source shows: path -> text.
        read: What of it was kept when it was read last.
        past: Texts that stood at each path of each source.
        stored: Texts that were kept at each path of each source.
        down: Places that are taken down, with the takedown.
        paid: Texts that a teacher was sent.
        drawn: Programs of which a pair was drawn.
        told: What was done, for whoever reads a failure.
        broken: Sources whose next listing breaks off.
        changed: Settings that are not the defaults.
    """

    platform: Platform
    random: Random
    roots: list[Path]
    sources: list[Source] = field(default_factory=list)
    shows: list[dict[str, str]] = field(default_factory=list)
    read: list[dict[str, str]] = field(default_factory=list)
    past: dict[tuple[int, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    stored: dict[tuple[int, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    down: dict[tuple[int, str], UUID] = field(default_factory=dict)
    paid: list[str] = field(default_factory=list)
    drawn: list[UUID] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    changed: dict[str, object] = field(default_factory=dict)

    def begin(self) -> None:
        """Add the sources, with a few files each."""
        self.use(licences=[ALLOWED])
        for number, root in enumerate(self.roots):
            root.mkdir(parents=True)
            self.shows.append({})
            self.read.append({})
            for _ in range(3):
                self.put(number, self.new_path(), self.any_text())
            self.sources.append(self.platform.add(f"directory:{root}", licence=ALLOWED))

    def step(self) -> None:
        """Do a few operations, then what a night does, and check it."""
        for _ in range(self.random.randint(1, 4)):
            operation = self.random.choice(OPERATIONS)
            self.told.append(f"{operation.__name__}{operation(self)}")
        self.night()
        self.check_night()

    def night(self) -> None:
        """Read every source, compare, pay, compare programs and draw."""
        self.told.append("night")
        for number, source in enumerate(self.sources):
            self._ingest(number, find_source(self.platform.store, source.source_id))
        self.broken.clear()
        self.platform.deduplicate()
        paid = self.platform.pay()
        assert self.taken_down().isdisjoint(paid), self.told
        self.paid += paid
        self.drawn += self.platform.draw()

    def _ingest(self, number: int, source: Source) -> None:
        cut_off = number in self.broken
        kind = _CutOff if cut_off else DirectoryReader
        reader = kind(self.roots[number], licence=source.licence)
        try:
            ingest_source(source, reader, self.platform.work("ingest"))
        except SourceEmpty:
            assert not self.shows[number]
            return
        except SourceUnavailable:
            assert cut_off
            return
        self.read[number] = self.kept_of(self.shows[number], source.licence)
        for path, text in self.read[number].items():
            self.stored[number, path].add(text)

    def kept_of(self, shown: dict[str, str], licence: str) -> dict[str, str]:
        """Return what is kept of files that a source shows, by the settings of now."""
        if licence == REFUSED:
            return {}
        least = self.platform.settings.min_file_bytes
        return {
            path: text for path, text in shown.items() if text != DROPPED and len(text) >= least
        }

    def check_night(self) -> None:
        """Assert what holds after every night."""
        assert self.platform.sql(NOWHERE) == [], self.told
        assert self.platform.sql(UNSETTLED) == [], self.told
        families = {_family(text) for text in self.present() - self.taken_down()}
        found = [_family(text) for text in self.platform.in_force()]
        assert sorted(found) == sorted(families), self.told
        programs = [_family(row[0]) for row in self.platform.sql(PROGRAMS)]
        assert sorted(programs) == sorted(families), self.told
        assert len(self.paid) == len(set(self.paid)), self.told
        assert len(self.drawn) == len(set(self.drawn)), self.told

    def check_against(self, empty: Platform) -> None:
        """Assert that a fresh installation of what the sources show has the same in force."""
        fresh = replace(empty, settings=empty.settings.replaced(self.changed))
        for number, root in enumerate(self.roots):
            if self.shows[number]:
                licence = find_source(self.platform.store, self.sources[number].source_id).licence
                fresh.ingest(fresh.add(f"directory:{root}", licence=licence))
        fresh.deduplicate()
        files = "SELECT raw_file_id FROM codeio.present_file ORDER BY raw_file_id"
        assert self.platform.sql(files) == fresh.sql(files), self.told
        # A takedown means what ever stood at its path, which a fresh installation does not know.
        down = {_family(text) for text in self.present()} - {
            _family(text) for text in self.present() - self.taken_down()
        }
        mine, theirs = (sorted(map(_family, p.in_force())) for p in (self.platform, fresh))
        assert mine == [family for family in theirs if family not in down], self.told

    def present(self) -> set[str]:
        """Return the texts that sources showed when they were read last, and that are kept."""
        return {text for shown in self.read for text in shown.values()}

    def taken_down(self) -> set[str]:
        """Return the texts that were ever kept where a takedown means them."""
        return {text for place in self.down for text in self.stored[place]}

    def use(self, **settings: object) -> None:
        """Change settings."""
        self.changed |= settings
        self.platform = replace(self.platform, settings=self.platform.settings.replaced(settings))

    def put(self, number: int, path: str, text: str) -> None:
        """Let a source show a text at a path."""
        self.shows[number][path] = text
        self.past[number, path].append(text)
        (self.roots[number] / path).write_text(text)

    def take(self, number: int, path: str) -> str:
        """Let a source no longer show what it shows at a path, and return it."""
        (self.roots[number] / path).unlink()
        return self.shows[number].pop(path)

    def any_text(self) -> str:
        """Return a text of some family: as it is, corrected, or corrected twice."""
        text = program(self.random.choice(FAMILIES))
        for _ in range(self.random.randint(0, 2)):
            text = corrected(text)
        return text

    def any_place(self) -> tuple[int, str]:
        """Return a source that shows something, and a path at which it does."""
        places = [(n, path) for n, shown in enumerate(self.shows) for path in sorted(shown)]
        return self.random.choice(places)

    def any_source(self) -> int:
        """Return the number of a source."""
        return self.random.randrange(len(self.roots))

    def new_path(self) -> str:
        """Return a path at which no source shows anything."""
        return f"module_{len(self.past)}.py"


def add(walk: Walk) -> tuple[int, str]:
    """Write a new file."""
    place = walk.any_source(), walk.new_path()
    walk.put(*place, walk.any_text())
    return place


def copy(walk: Walk) -> tuple[int, str]:
    """Write a file that stands elsewhere too."""
    number, path = walk.any_place()
    place = walk.any_source(), walk.new_path()
    walk.put(*place, walk.shows[number][path])
    return place


def edit(walk: Walk) -> tuple[int, str]:
    """Write another text at a path."""
    place = walk.any_place()
    walk.put(*place, walk.any_text())
    return place


def spoil(walk: Walk) -> tuple[int, str]:
    """Write a text that a filter drops."""
    place = walk.any_place()
    walk.put(*place, DROPPED)
    return place


def revert(walk: Walk) -> tuple[int, str]:
    """Write what stood at a path before."""
    place = walk.any_place()
    walk.put(*place, walk.random.choice(walk.past[place]))
    return place


def delete(walk: Walk) -> tuple[int, str]:
    """Delete a file, but for the last one of all."""
    place = walk.any_place()
    if sum(map(len, walk.shows)) > 1:
        walk.take(*place)
    return place


def move(walk: Walk) -> tuple[int, str]:
    """Rename a file, or move it to another source."""
    text = walk.take(*walk.any_place())
    place = walk.any_source(), walk.new_path()
    walk.put(*place, text)
    return place


def cut_off(walk: Walk) -> tuple[int]:
    """Let the next listing of a source break off."""
    number = walk.any_source()
    walk.broken.add(number)
    return (number,)


def relicense(walk: Walk) -> tuple[int, str]:
    """State a licence of a source, which is allowed or not."""
    number = walk.any_source()
    licence = walk.random.choice([ALLOWED, ALLOWED, REFUSED])
    source = find_source(walk.platform.store, walk.sources[number].source_id)
    set_options(source, Options(licence=licence), walk.platform.work("ingest"))
    return number, licence


def change_a_setting(walk: Walk) -> tuple[int]:
    """Let the size rule refuse what was not corrected, or nothing."""
    least = walk.random.choice([0, len(program(min(FAMILIES))) + 5])
    walk.use(min_file_bytes=least)
    return (least,)


def take_back(walk: Walk) -> tuple[str, int]:
    """Take back what a rule dropped, of whatever source."""
    reason = walk.random.choice(["licence", "too_small", "too_trivial"])
    return reason, requeue(walk.platform.store, stage="ingest", reason=reason)


def take_down_a_path(walk: Walk) -> tuple[object, ...]:
    """Take down a path of a source at which something was kept."""
    places = sorted(place for place, texts in walk.stored.items() if texts)
    if not (free := [place for place in places if place not in walk.down]):
        return ()
    number, path = walk.random.choice(free)
    down = take_down(
        "path", path,
        within=Within(kind="source", name=str(walk.sources[number].source_id)),
        reason="asked", store=walk.platform.store, writer=walk.platform.work("takedown").writer,
    )  # fmt: skip
    walk.down[number, path] = down.takedown_id
    return number, path


def undo(walk: Walk) -> tuple[object, ...]:
    """Undo a takedown."""
    if not walk.down:
        return ()
    place = walk.random.choice(sorted(walk.down))
    work = walk.platform.work("takedown")
    undo_takedown(walk.down.pop(place), reason="error", store=work.store, writer=work.writer)
    return place


OPERATIONS: list[Callable[[Walk], tuple[object, ...]]] = [
    add, copy, edit, edit, spoil, revert, delete, delete, move, cut_off,
    relicense, change_a_setting, take_back, take_down_a_path, undo,
]  # fmt: skip


def _family(text: str) -> str:
    return text.split('"""')[1]


class _CutOff(DirectoryReader):
    """Breaks off after the first file."""

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        yield from list(super().files(max_bytes=max_bytes, since=since))[:1]
        raise SourceUnavailable("the network went")

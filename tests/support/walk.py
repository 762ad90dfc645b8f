"""A random walk over nights: what people do to sources, and what must hold after each night.

An operation is a function of the walk that changes what a source shows, or what the platform was
told; add it to `OPERATIONS`. What is to hold is said by `check_night`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

from codeio_ops.errors import SourceEmpty, SourceUnavailable
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.sources import find_source
from codeio_ops.ingest.stage import ingest_source
from codeio_ops.records import Source
from support.ingesting import Platform, corrected, program

FAMILIES = range(1, 6)
DROPPED = "x = 1\n"

# Origins that are neither kept nor dropped.
NOWHERE = """
WITH origin AS (
    SELECT origin_id FROM codeio.raw_file_origin
    UNION SELECT subject_id FROM codeio.drop_record WHERE stage = 'ingest'
    UNION SELECT origin_id FROM codeio.tree_change WHERE origin_id IS NOT NULL
)
SELECT origin_id FROM origin
WHERE origin_id NOT IN (SELECT origin_id FROM codeio.raw_file_origin)
    AND origin_id NOT IN (SELECT subject_id FROM codeio.drop_record WHERE stage = 'ingest')
"""
# Present files by dedup: each is a survivor, or dropped for one that is in force.
UNSETTLED = """
SELECT present_file.raw_file_id
FROM codeio.present_file
LEFT JOIN codeio.dedup_result ON dedup_result.subject_id = present_file.raw_file_id
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
        read: What it showed when it was read last.
        past: Texts that stood at each path of each source.
        paid: Texts that a teacher was sent.
        drawn: Programs of which a pair was drawn.
        told: What was done, for whoever reads a failure.
        broken: Sources whose next listing breaks off.
    """

    platform: Platform
    random: Random
    roots: list[Path]
    sources: list[Source] = field(default_factory=list)
    shows: list[dict[str, str]] = field(default_factory=list)
    read: list[dict[str, str]] = field(default_factory=list)
    past: dict[tuple[int, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    paid: list[str] = field(default_factory=list)
    drawn: list[UUID] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """Add the sources, with a few files each."""
        for number, root in enumerate(self.roots):
            root.mkdir(parents=True)
            self.shows.append({})
            self.read.append({})
            for _ in range(3):
                self.put(number, self.new_path(), self.any_text())
            self.sources.append(self.platform.add(f"directory:{root}"))

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
        self.paid += self.platform.pay()
        self.drawn += self.platform.draw()

    def _ingest(self, number: int, source: Source) -> None:
        reader = DirectoryReader(self.roots[number], licence="")
        cut_off = number in self.broken
        if cut_off:
            reader = _CutOff(self.roots[number], licence="")
        try:
            ingest_source(source, reader, self.platform.work("ingest"))
        except SourceEmpty:
            assert not self.shows[number]
            return
        except SourceUnavailable:
            assert cut_off
            return
        self.read[number] = dict(self.shows[number])

    def check_night(self) -> None:
        """Assert what holds after every night."""
        assert self.platform.sql(NOWHERE) == [], self.told
        assert self.platform.sql(UNSETTLED) == [], self.told
        families = {_family(text) for text in self.present()}
        found = [_family(text) for text in self.platform.in_force()]
        assert sorted(found) == sorted(families), self.told
        programs = [_family(row[0]) for row in self.platform.sql(PROGRAMS)]
        assert sorted(programs) == sorted(families), self.told
        assert len(self.paid) == len(set(self.paid)), self.told
        assert len(self.drawn) == len(set(self.drawn)), self.told

    def check_against(self, fresh: Platform) -> None:
        """Assert that a fresh installation of what the sources show has the same in force."""
        for number, root in enumerate(self.roots):
            if self.shows[number]:
                fresh.ingest(fresh.add(f"directory:{root}"))
        fresh.deduplicate()
        files = "SELECT raw_file_id FROM codeio.present_file ORDER BY raw_file_id"
        assert self.platform.sql(files) == fresh.sql(files), self.told
        mine, theirs = (sorted(map(_family, p.in_force())) for p in (self.platform, fresh))
        assert mine == theirs, self.told

    def present(self) -> set[str]:
        """Return the texts that sources showed when they were read last, and that are kept."""
        return {text for shown in self.read for text in shown.values() if text != DROPPED}

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


OPERATIONS: list[Callable[[Walk], tuple[object, ...]]] = [
    add, copy, edit, edit, spoil, revert, delete, delete, move, cut_off,
]  # fmt: skip


def _family(text: str) -> str:
    return text.split('"""')[1]


class _CutOff(DirectoryReader):
    """Breaks off after the first file."""

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        yield from list(super().files(max_bytes=max_bytes, since=since))[:1]
        raise SourceUnavailable("the network went")

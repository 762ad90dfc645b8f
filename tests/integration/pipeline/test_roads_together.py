"""Roads that cross: what people do in one night beside what another night did."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from codeio_ops.errors import NothingToRelease
from codeio_ops.ingest.corrections import Options, add_or_set, remove_source
from codeio_ops.release.assemble import Release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS, read_rows
from codeio_ops.release.takedown import take_down, undo_takedown
from codeio_ops.storage.requeue import requeue
from integration.pipeline.conftest import TeacherServer
from support.road import CORPUS, Road

PLACES = {"collatz": "numbers", "run_length": "text", "roman": "text", "luhn": "numbers"}
TEXTS = {name: (CORPUS / place / f"{name}.py").read_text() for name, place in PLACES.items()}
EDITED = TEXTS["collatz"].replace("< 15", "< 14")
STATES = "SELECT DISTINCT state FROM codeio.origin_state"
# Requests about a file, or the programs that it gave, which a teacher answered twice.
TWICE = """
SELECT purpose, subject_id FROM codeio.teacher_call
WHERE purpose <> 'revise'
GROUP BY purpose, subject_id, teacher_id, template_sha256
HAVING count(*) > 1
"""


@dataclass
class Town:
    """A road, and a directory that it reads.

    Attributes:
        road: The road.
        root: The directory.
        server: The teacher, which counts what it is sent.
        nights: How many there were.
    """

    road: Road
    root: Path
    server: TeacherServer
    nights: int = 0

    def write(self, *names: str, text: str = "", root: Path | None = None) -> None:
        """Write files of these names: as they are in the corpus, or of this text."""
        place = root or self.root
        place.mkdir(exist_ok=True)
        for name in names:
            (place / f"{name}.py").write_text(text or TEXTS[name])

    def state(self, licence: str, root: Path | None = None) -> None:
        """Add a directory under a licence, or state another one for it."""
        work = self.road.work("ingest")
        add_or_set(f"directory:{root or self.root}", Options(licence=licence), work)

    def remove(self, root: Path | None = None) -> None:
        """Remove a directory, with what releases hold of it."""
        work = self.road.work("ingest")
        remove_source(f"directory:{root or self.root}", work, from_releases=True)

    def use(self, **changes: object) -> None:
        """Change settings."""
        self.road = self.road.with_parts(settings=self.road.settings.replaced(changes))

    def night(self) -> int:
        """Do all but release, and return how many requests the teacher got."""
        before = self.server.requests.posts
        self.nights += 1
        self.road = self.road.with_parts(run_id=f"night {self.nights}")
        for task in self.road.tasks().values():
            task()
        assert ("none",) not in self.road.ask(STATES)
        assert not self.road.ask(TWICE)
        return self.server.requests.posts - before

    def release(self) -> Release:
        """Publish what there is."""
        release = self.road.release(Recipe())
        assert release.status == "published"
        return release

    def texts(self) -> dict[str, set[str]]:
        """Publish, and return the codes of the samples by name of the file."""
        found: dict[str, set[str]] = {}
        release = self.release()
        for split in SPLITS:
            for row in read_rows(self.road.store, release.release_id, split):
                found.setdefault(Path(row.source_path).stem, set()).add(row.reference_code)
        return found

    def take_down(self, path: str) -> UUID:
        """Take down a path."""
        writer = self.road.work("takedown").writer
        store = self.road.store
        return take_down("path", path, reason="asked", store=store, writer=writer).takedown_id

    def undo(self, takedown_id: UUID) -> None:
        """Undo a takedown."""
        work = self.road.work("takedown")
        undo_takedown(takedown_id, reason="error", store=work.store, writer=work.writer)

    def drops(self) -> dict[tuple[str, str], int]:
        """Return how many rows were dropped, by stage and reason."""
        found = self.road.ask("SELECT stage, reason, rows FROM codeio.drop_reason")
        return {(stage, reason): rows for stage, reason, rows in found}


@pytest.fixture
def town(empty_road: Road, teacher_server: TeacherServer, tmp_path: Path) -> Town:
    """A town that takes files under MIT."""
    settings = empty_road.settings.replaced({"audited_pairs": 5, "licences": ["MIT"]})
    return Town(empty_road.with_parts(settings=settings), tmp_path / "code", teacher_server)


def test_what_is_refused_or_taken_down_is_not_paid_for_until_it_is_let_in_again(
    town: Town,
) -> None:
    town.write("collatz", "run_length")
    town.state("")
    assert town.night() == 0
    with pytest.raises(NothingToRelease, match=r"ingest dropped 2 \(licence\)"):
        town.release()
    town.state("MIT")
    assert town.night() > 0
    before = town.texts()

    # Edited and relicensed in one night.
    town.write("collatz", text=EDITED)
    town.state("GPL-3.0-only")
    assert town.night() == 0
    with pytest.raises(NothingToRelease, match=r"shows at present, ingest dropped 2 \(licence\)"):
        town.release()
    town.state("MIT")
    down = town.take_down("collatz.py")
    assert town.night() == 0, "a teacher was sent what is taken down"
    assert town.texts().keys() == {"run_length"}
    everything = town.take_down("run_length.py")
    assert town.night() == 0
    with pytest.raises(NothingToRelease, match="are of files that were taken down"):
        town.release()
    town.undo(everything)
    town.undo(down)
    assert town.night() > 0
    after = town.texts()
    assert after["run_length"] == before["run_length"]
    assert after["collatz"].isdisjoint(before["collatz"])
    assert town.night() == 0


def test_a_file_goes_on_where_another_source_shows_it(town: Town, tmp_path: Path) -> None:
    other = tmp_path / "other"
    town.write("collatz", "run_length")
    town.write("collatz", root=other)
    town.state("MIT")
    town.state("MIT", other)
    assert town.night() > 0
    (town.root / "collatz.py").rename(town.root / "renamed.py")
    assert town.night() == 0
    assert town.texts().keys() == {"renamed", "run_length"}
    town.remove()
    assert town.night() == 0
    assert town.texts().keys() == {"collatz"}
    # Added again, edited since; and the other one gone.
    town.write("run_length", text=TEXTS["run_length"].replace("Encode runs", "Write runs"))
    town.state("MIT")
    town.remove(other)
    assert town.night() > 0
    assert town.texts().keys() == {"renamed", "run_length"}


def test_settings_that_change_bring_back_what_they_dropped_and_pay_nothing_twice(
    town: Town,
) -> None:
    town.write("collatz", "roman")
    town.state("MIT")
    town.use(revision_policy="none")
    first = town.night()
    assert ("revise", "policy_none") in town.drops()
    before = town.release()
    town.use(revision_policy="by_expected_gain", revision_turns=2)
    assert 0 < town.night() < first
    assert town.drops() == {}
    after = town.release()
    assert (after.samples, after.version) == (before.samples, 2)
    town.use(revision_policy="one_turn", temperature=0.1)
    assert town.night() == 0

    town.use(min_pairs=400)
    town.write("collatz", text=EDITED)
    assert town.night() == 1, "it is transformed, and no pair of it is asked about"
    assert town.drops() == {("sample", "too_few_pairs"): 1}
    assert town.texts().keys() == {"roman"}
    town.use(min_pairs=2)
    assert town.night() > 0
    edited = town.texts()
    assert edited.keys() == {"collatz", "roman"}

    # What a person takes back is edited, or gone, before it is judged.
    town.use(min_file_bytes=100_000)
    assert town.night() == 0
    assert town.drops() == {("ingest", "too_small"): 2}
    assert requeue(town.road.store, stage="ingest", reason="too_small") == 2
    town.write("collatz")
    (town.root / "roman.py").unlink()
    town.use(min_file_bytes=10)
    assert town.night() == 0, "what stood there before was paid for then"
    assert town.drops() == {("ingest", "gone"): 2}
    back = town.texts()
    assert back.keys() == {"collatz"}
    assert back["collatz"].isdisjoint(edited["collatz"])

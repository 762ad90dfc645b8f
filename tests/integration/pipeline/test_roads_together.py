"""Roads that cross: what people do in one night beside what another night did."""

from pathlib import Path

import pytest

from codeio_ops.errors import NothingToRelease
from codeio_ops.storage.requeue import requeue
from support.town import EDITED, TEXTS, Town


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

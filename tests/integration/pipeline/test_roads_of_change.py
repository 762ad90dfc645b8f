"""What changes under the feet of a night: templates, images, rules on files, what files hold."""

import pytest

from codeio_ops.errors import NothingToRelease
from codeio_ops.pipeline import stages_redone
from codeio_ops.teacher import prompting
from codeio_ops.verify import VERIFIER_VERSION
from support.road import Rebuilt
from support.town import EDITED, TEXTS, Town

STALE = "SELECT count(*) FROM codeio.stale_rows(:image, :verifier, :templates)"
ASKED_AGAIN = """
SELECT raw_file_origin.path FROM codeio.teacher_call
INNER JOIN codeio.raw_file_origin ON raw_file_origin.raw_file_id = teacher_call.subject_id
WHERE teacher_call.purpose = 'transform' AND teacher_call.template_sha256 = any(:templates)
ORDER BY raw_file_origin.path
"""
# Put together here, so that nothing takes this file for a leaked key.
AWS_KEY = "AKIA" + "J4T7QX2LMZ5B6VNR"
KEYED = TEXTS["roman"].replace('numeral = ""', f'numeral = "{AWS_KEY}"')
SIGNED = TEXTS["run_length"].replace(
    "the character.", "the character. Ask jane.doe@university.edu."
)


def stale(town: Town) -> int:
    ((count,),) = town.road.ask(
        STALE,
        image=town.road.sandbox.image_digest,
        verifier=VERIFIER_VERSION,
        templates=prompting.current_templates(),
    )
    return int(count)


@pytest.mark.parametrize("redone_first", [True, False])
def test_an_edit_another_template_and_another_image_in_one_night(
    town: Town, monkeypatch: pytest.MonkeyPatch, redone_first: bool
) -> None:
    town.use(prompted_pairs=1)
    town.write("collatz", "roman")
    town.state("MIT")
    town.night()
    before = town.texts()
    town.write("collatz", text=EDITED)
    monkeypatch.setattr(prompting, "RENDERER_VERSION", "of tomorrow")
    town.road = town.road.with_parts(sandbox=Rebuilt(town.road.sandbox))
    assert stale(town)

    if not redone_first:
        town.night()
    redoing = town.road.with_parts(run_id="redo")
    for stage in stages_redone():
        redoing.redo(stage.name)
    town.night()
    asked = town.road.ask(ASKED_AGAIN, templates=prompting.current_templates())
    # The text that the edit replaced is asked about once more only where no night came before.
    assert asked == [("collatz.py",)] * (1 + redone_first) + [("roman.py",)]
    assert stale(town) == 0
    after = town.texts()
    assert after["roman"] == before["roman"]
    assert after["collatz"].isdisjoint(before["collatz"])
    assert town.night() == 0


def test_rules_on_size_that_come_and_go_pay_for_no_text_twice(town: Town) -> None:
    town.use(prompted_pairs=1)
    town.write("collatz", "roman")
    town.state("MIT")
    town.night()
    before = town.texts()
    assert before.keys() == {"collatz", "roman"}
    town.use(max_file_bytes=len(TEXTS["collatz"]))
    assert town.night() == 0
    assert town.drops() == {("ingest", "too_large"): 1}
    assert town.texts().keys() == {"collatz"}
    # A file that is too large to be read is edited, and is as large as before.
    town.write("roman", text=TEXTS["roman"].replace("Write a", "Spell a"))
    assert town.night() == 0
    town.use(max_file_bytes=100_000)
    assert town.night() > 0
    assert town.texts().keys() == {"collatz", "roman"}
    town.write("roman")
    assert town.night() == 0
    assert town.texts() == before


def test_a_secret_and_an_address_stay_out_until_the_files_are_without_them(town: Town) -> None:
    town.use(prompted_pairs=1)
    town.write("collatz")
    town.write("roman", text=KEYED)
    town.write("run_length", text=SIGNED)
    town.state("MIT")
    assert town.night() > 0
    assert town.texts().keys() == {"collatz"}
    assert town.drops() == {("ingest", "secret"): 1, ("ingest", "personal_data"): 1}
    assert not any(AWS_KEY in sent for sent in town.server.requests.sent)
    town.write("roman", "run_length")
    assert town.night() > 0
    assert town.texts().keys() == {"collatz", "roman", "run_length"}
    # What is found is found again where it comes back.
    town.write("roman", text=KEYED)
    assert town.night() == 0
    assert town.texts().keys() == {"collatz", "run_length"}


def test_what_was_taken_down_stays_out_of_a_source_that_is_added_again(town: Town) -> None:
    town.use(prompted_pairs=1)
    town.write("collatz")
    town.state("MIT")
    town.night()
    before = town.texts()
    down = town.take_down("collatz.py")
    town.remove()
    town.state("MIT")
    assert town.night() == 0
    with pytest.raises(NothingToRelease, match="are of files that were taken down"):
        town.release()
    (town.root / "collatz.py").rename(town.root / "other.py")
    assert town.night() == 0, "the same text at another path is taken down too"
    town.undo(down)
    assert town.night() == 0
    assert town.texts() == {"other": before["collatz"]}

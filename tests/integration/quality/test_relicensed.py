"""A licence that a file is found under later is the one that its samples have from then on."""

from typing import Any

from sqlalchemy import create_engine, text

from codeio_ops.quality.gates import GATES
from codeio_ops.records import OriginLicence
from support.candidate import Plot, sound


def _ask(plot: Plot, question: str) -> list[Any]:
    engine = create_engine(plot.settings.auditor_database_url.get_secret_value())
    with engine.connect() as link:
        found = [row[0] for row in link.execute(text(question))]
    engine.dispose()
    return found


def test_a_corrected_licence_is_released_judged_and_shown(plot: Plot) -> None:
    release = plot.candidate(sound())
    assert GATES["licences"](plot.inputs(release)).passed
    run_id = plot.writer.run.stage_run_id
    plot.writer.write(
        [
            OriginLicence(origin_id=origin_id, licence="GPL-3.0-only", stage_run_id=run_id)
            for origin_id in _ask(plot, "SELECT origin_id FROM codeio.raw_file_origin")
        ]
    )
    for relation in ("sample_text", "sample_facet", "released_lineage", "file_shown"):
        found = _ask(plot, f"SELECT DISTINCT licence FROM codeio.{relation}")
        assert found == ["GPL-3.0-only"], relation
    assert not GATES["licences"](plot.inputs(release)).passed
    assert _ask(plot, "SELECT DISTINCT licence FROM codeio.raw_file_origin") == ["MIT"]

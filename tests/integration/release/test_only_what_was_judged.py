"""Postgres takes no release as published that its gates did not let through, from nobody."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from psycopg2.errors import CheckViolation, InsufficientPrivilege, LockNotAvailable

from codeio_ops.config import Settings
from codeio_ops.errors import GateFailed
from codeio_ops.quality.gates import GATES
from codeio_ops.quality.measurement import Severity
from codeio_ops.quality.overrides import Decision, record_decision
from codeio_ops.release.assemble import Release
from codeio_ops.release.judgement import gate_results, settle
from codeio_ops.release.publish import publish
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter
from support.judged import judge_all

from .conftest import Facts

DENIED = "permission denied"
PUBLISH = (
    "UPDATE codeio.release SET status = 'published', uri = 's3://b/releases/input_only/1/',"
    " manifest_sha256 = repeat('0', 64), published_at = now() WHERE release_id = %(candidate)s"
)
COPY = (
    "INSERT INTO codeio.release SELECT (jsonb_populate_record(release, jsonb_build_object("
    "'release_id', gen_random_uuid(), 'version', 999, 'content_sha256', 'ff', 'status', '{}')"
    ")).* FROM codeio.release WHERE release_id = %(published)s"
)
RESULT = (
    "INSERT INTO codeio.gate_result (gate_result_id, release_id, gate, passed, metric, value,"
    " threshold, evidence, severity, judged_at, stage_run_id)"
    " SELECT gen_random_uuid(), %({})s, 'leakage', {}, 'm', 1, 0, '{{}}', 'hard', {}, stage_run_id"
    " FROM codeio.stage_run LIMIT 1"
)
OVERRIDE = (
    "INSERT INTO codeio.gate_override SELECT gen_random_uuid(), gate_result_id, false, 'x', now(),"
    " 'x', stage_run_id FROM codeio.current_gate_result WHERE release_id = %(published)s"
    " AND gate = 'information'"
)
ADD_SAMPLE = (
    "INSERT INTO codeio.release_sample (release_id, sample_id, split)"
    " SELECT %({0})s, sample_id, 'train' FROM codeio.sample WHERE sample_id NOT IN"
    " (SELECT sample_id FROM codeio.release_sample WHERE release_id = %({0})s) LIMIT 1"
)


def change(release: str, assignments: str) -> str:
    return f"UPDATE codeio.release SET {assignments} WHERE release_id = %({release})s"


WITHDRAWN = "status = 'candidate', uri = '', manifest_sha256 = '', published_at = NULL"
# What the role that writes facts may try, and the name of what refuses it.
WAYS = {
    COPY.format("published"): "release_begins_as_candidate",
    COPY.format("rejected"): "release_begins_as_candidate",
    COPY.format("candidate"): "release_published",
    PUBLISH: "release_was_judged",
    change("candidate", "status = 'published'"): "release_was_judged",
    change("candidate", "uri = 's3://elsewhere/'"): "release_published",
    change("candidate", "manifest_sha256 = 'x'"): "release_published",
    change("candidate", "published_at = now()"): "release_published",
    change("published", "status = 'rejected'"): "release_published_stays",
    change("published", WITHDRAWN): "release_published_stays",
    change("published", "uri = 's3://elsewhere/'"): "release_published_stays",
    change("published", "manifest_sha256 = repeat('0', 64)"): "release_published_stays",
    change("published", "published_at = now()"): "release_published_stays",
    change("candidate", "name = 'other'"): DENIED,
    change("candidate", "version = 7"): DENIED,
    change("candidate", "recipe = '{}'"): DENIED,
    change("candidate", "content_sha256 = 'ff'"): DENIED,
    change("candidate", "samples = 1"): DENIED,
    "DELETE FROM codeio.release": DENIED,
    "TRUNCATE codeio.release CASCADE": DENIED,
    ADD_SAMPLE.format("published"): "release_sample_not_added",
    "UPDATE codeio.release_sample SET split = 'train'": DENIED,
    "DELETE FROM codeio.release_sample": DENIED,
    RESULT.format("published", "false", "now()"): "gate_result_not_added",
    OVERRIDE: "gate_override_not_added",
    RESULT.format("candidate", "true", "now()"): "gate_result_passed",
    RESULT.format("candidate", "false", "now() + interval '1 year'"): "gate_result_judged_at",
    "CREATE OR REPLACE VIEW codeio.required_gate AS SELECT 'none' AS gate": DENIED,
    "ALTER TABLE codeio.release DISABLE TRIGGER USER": "must be owner",
    "SET session_replication_role = replica": DENIED,
}
# What the owner may not do either, short of changing the schema.
OWNERS_WAYS = {
    change("candidate", "content_sha256 = 'ff'"): "release_is_what_was_assembled",
    change("candidate", "samples = 1"): "release_is_what_was_assembled",
    change("published", "recipe = '{}'"): "release_is_what_was_assembled",
    "DELETE FROM codeio.release": "release_published_stays",
    "UPDATE codeio.release_sample SET split = 'train'": "release_sample_not_changed",
    "DELETE FROM codeio.release_sample": "release_sample_not_removed",
}


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role of the database, and the releases that it tries to change."""

    link: Any
    ids: dict[str, str]

    def run(self, statement: str) -> int:
        """Run a statement and return how many rows it met."""
        with self.link, self.link.cursor() as cursor:
            cursor.execute(statement, self.ids)
            return int(cursor.rowcount)

    def refusal(self, statement: str) -> str:
        """Return the name of what refuses a statement."""
        try:
            self.run(statement)
        except CheckViolation as exc:
            return exc.diag.constraint_name or ""
        except InsufficientPrivilege as exc:
            message = exc.diag.message_primary or ""
            return next(name for name in (DENIED, "must be owner") if message.startswith(name))
        return ""


Releases = dict[str, Release]
LogIn = Callable[[str], Role]


@pytest.fixture
def releases(facts: Facts, objects: ObjectStore) -> Releases:
    """A release that a person let through and that is published, and an unjudged candidate."""
    published = facts.assemble("codeio")
    judge_soft(facts, published, approved=True)
    publish(settle(published, store=facts.store), store=facts.store, objects=objects)
    facts.write(8)
    return {"published": published, "candidate": facts.assemble("input_only")}


@pytest.fixture
def role_of(releases: Releases, settings: Settings) -> Iterator[LogIn]:
    """Return a function that logs a role in, named by the setting of its URL."""
    links = []

    def log_in(setting: str) -> Role:
        url = getattr(settings, setting).get_secret_value().replace("+psycopg2", "")
        links.append(psycopg2.connect(url))
        return Role(link=links[-1], ids={k: str(r.release_id) for k, r in releases.items()})

    yield log_in
    for link in links:
        link.close()


def later(facts: Facts) -> FactWriter:
    """Return the writer of a task that ran after all others."""
    return facts.writer_of(str(uuid4()))


def judge_soft(
    facts: Facts, release: Release, *, approved: bool, gate: str = "information"
) -> None:
    """Let a gate fail softly, and a person decide about it."""
    judge_all(release, writer=later(facts), failed={gate: Severity.SOFT})
    failed = [r for r in gate_results(facts.store, release.release_id) if not r.passed]
    decision = Decision(
        approved=approved,
        decided_by="jane",
        decided_at=datetime(2026, 1, 2, tzinfo=UTC),
        reason="Known and wanted.",
    )
    record_decision(decision, [r.gate_result_id for r in failed], writer=later(facts))


@pytest.mark.parametrize(
    ("setting", "ways"), [("database_url", WAYS), ("owner_database_url", OWNERS_WAYS)]
)
def test_every_way_around_is_refused_by_name(
    setting: str, ways: dict[str, str], role_of: LogIn
) -> None:
    role = role_of(setting)
    assert {way: role.refusal(way) for way in ways} == ways


def test_the_database_asks_for_the_gates_that_the_code_has(
    facts: Facts, releases: Releases
) -> None:
    standings: Any = facts.store.fetch_json(
        "release.gate_standings", release_id=releases["candidate"].release_id
    )
    assert {row["gate"]: row["standing"] for row in standings} == dict.fromkeys(GATES, "missing")


def test_a_candidate_is_published_only_when_every_gate_let_it_through(
    facts: Facts, releases: Releases, role_of: LogIn
) -> None:
    app, candidate = role_of("database_url"), releases["candidate"]

    def refused() -> bool:
        with pytest.raises(GateFailed):
            settle(candidate, store=facts.store)
        app.run(change("candidate", "status = 'candidate'"))
        return bool(app.refusal(PUBLISH) == "release_was_judged")

    judge_all(candidate, writer=later(facts), gates=sorted(GATES)[1:])
    assert refused()
    judge_all(candidate, writer=later(facts), failed={"leakage": Severity.HARD})
    assert refused()
    judge_soft(facts, candidate, approved=True, gate="leakage")
    assert refused(), "a hard gate that says of itself that it is soft"
    judge_all(candidate, writer=later(facts), failed={"information": Severity.SOFT})
    assert refused()
    judge_soft(facts, candidate, approved=False)
    assert refused()
    judge_soft(facts, candidate, approved=True)
    assert app.refusal(f"{ADD_SAMPLE.format('candidate')}; {PUBLISH}") == "release_was_judged"
    assert app.refusal(PUBLISH.replace("input_only/1", "codeio/1")) == "release_published"
    assert app.refusal(PUBLISH.replace("'0', 64", "'0', 63")) == "release_published"
    assert app.run(PUBLISH) == 1


def test_no_result_slips_in_beside_a_publication(
    facts: Facts, releases: Releases, role_of: LogIn
) -> None:
    one, other = role_of("database_url"), role_of("database_url")
    failure = RESULT.format("candidate", "false", "now()")
    judge_all(releases["candidate"], writer=later(facts))
    for first, second in ((failure, PUBLISH), (PUBLISH, failure)):
        one.link.cursor().execute(first, one.ids)
        with pytest.raises(LockNotAvailable):
            other.run(f"SET LOCAL lock_timeout = '100ms'; {second}")
        one.link.rollback()
    one.run(failure)
    assert other.refusal(PUBLISH) == "release_was_judged"

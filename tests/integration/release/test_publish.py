"""Publishing: all of a release or none, whenever the process is killed; never replaced."""

import multiprocessing
import os
import signal
import socket
from typing import Any
from uuid import UUID

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import ReleaseCorrupt, ReleaseExists, ReleaseMissing
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.release.judgement import settle
from codeio_ops.release.publish import publish
from codeio_ops.release.readback import prefix_of, verify_release
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

from .conftest import Facts


class KilledAtPut(ObjectStore):
    """A bucket whose process dies in the middle of its put of this number, or right after it."""

    number: int
    after: bool
    puts = 0

    def put_new(self, key: str, body: bytes) -> None:
        self.puts += 1
        if self.puts == self.number and not self.after:
            die_in_the_middle_of(body)
        super().put_new(key, body)
        if self.puts == self.number:
            die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_the_middle_of(body: bytes) -> None:
    """Let S3 get half of a body, then no more of it."""
    send = socket.socket.sendall

    def send_half(connection: socket.socket, data: Any) -> None:
        if data == body:
            send(connection, data[: len(data) // 2])
            die()
        send(connection, data)

    socket.socket.sendall = send_half  # type: ignore[method-assign,assignment]


def publish_and_die(settings: Settings, release_id: UUID, number: int, after: bool) -> None:
    objects: Any = KilledAtPut.open(settings)
    objects.number, objects.after = number, after
    store = Store.open(settings.database_url.get_secret_value())
    passed = settle(find_release(store, release_id), store=store)
    publish(passed, store=store, objects=objects)


def kill(settings: Settings, release_id: UUID, *, put: int, after: bool = False) -> None:
    """Publish in a process that is killed at a put."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["codeio_ops.release.publish", "matplotlib.backends.backend_agg", "matplotlib.style",
         "boto3", "pyarrow.parquet"]
    )  # fmt: skip
    child = context.Process(target=publish_and_die, args=(settings, release_id, put, after))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def complete(name: str, version: int, objects: ObjectStore) -> bool:
    try:
        verify_release(name, version, objects=objects)
    except ReleaseMissing:
        return False
    return True


def contents(objects: ObjectStore, release: Release) -> dict[str, bytes]:
    keys = objects.keys(prefix_of(release.name, release.version))
    return {key: objects.get(key) for key in keys}


@pytest.mark.timeout(600)
def test_killed_in_any_put_there_is_no_release_until_a_later_run_completes_it(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble("codeio")
    passed = facts.passed(release)
    wanted = {path: sha256_hex(content) for path, content in facts.files(release).items()}
    for put in range(1, len(wanted) + 2):  # the manifest is the last
        kill(settings, release.release_id, put=put)
        assert len(objects.keys(prefix_of("codeio", 1))) == put - 1
        assert not complete("codeio", 1, objects)
        assert find_release(facts.store, release.release_id).status == "candidate"
    published = publish(passed, store=facts.store, objects=objects)
    stored = verify_release("codeio", 1, objects=objects, manifest_sha256=published.manifest_sha256)
    assert {entry.path: entry.sha256 for entry in stored.manifest.files} == wanted


def test_killed_after_the_manifest_the_release_is_complete(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble("codeio")
    passed = facts.passed(release)
    kill(settings, release.release_id, put=len(facts.files(release)) + 1, after=True)
    assert complete("codeio", 1, objects)
    assert find_release(facts.store, release.release_id).status == "candidate"
    before = contents(objects, release)
    published = publish(passed, store=facts.store, objects=objects)
    manifest = before[prefix_of("codeio", 1) + "manifest.json"]
    assert (published.status, published.manifest_sha256) == ("published", sha256_hex(manifest))
    assert contents(objects, release) == before


def test_publishing_again_finishes_what_a_killed_run_began(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble("codeio")
    facts.publish(release, objects)
    whole = contents(objects, release)

    other = facts.assemble("codeio_pp")
    passed = facts.passed(other)
    kill(settings, other.release_id, put=3)
    begun = contents(objects, other)
    publish(passed, store=facts.store, objects=objects)
    finished = contents(objects, other)
    assert begun.items() < finished.items()
    assert complete("codeio_pp", 1, objects)
    assert contents(objects, release) == whole


def test_leftovers_of_another_code_version_do_not_stay(facts: Facts, objects: ObjectStore) -> None:
    release = facts.assemble("codeio")
    prefix = prefix_of("codeio", 1)
    objects.put(prefix + "README.md", b"# written by an older version, then killed")
    objects.put(prefix + "data/train-00009.parquet", b"no file of this release")
    facts.publish(release, objects)
    assert complete("codeio", 1, objects)


def test_a_published_release_is_never_replaced(facts: Facts, objects: ObjectStore) -> None:
    release = facts.assemble("codeio")
    key = prefix_of("codeio", 1) + "manifest.json"
    facts.publish(facts.assemble("codeio_pp"), objects)
    foreign = objects.get(prefix_of("codeio_pp", 1) + "manifest.json")
    objects.put(key, foreign)
    with pytest.raises(ReleaseExists):
        facts.publish(release, objects)
    assert objects.get(key) == foreign


def test_verify_finds_a_changed_file(facts: Facts, objects: ObjectStore) -> None:
    facts.publish(facts.assemble("codeio"), objects)
    objects.put(prefix_of("codeio", 1) + "README.md", b"changed")
    with pytest.raises(ReleaseCorrupt, match=r"README\.md"):
        verify_release("codeio", 1, objects=objects)

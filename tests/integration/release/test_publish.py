"""Publishing: all of a release or none, whenever the process is killed; never replaced."""

import multiprocessing
import os
import signal

import pytest

from codeio_ops.errors import ReleaseCorrupt, ReleaseExists, ReleaseMissing
from codeio_ops.release.assemble import find_release
from codeio_ops.release.publish import prefix_of, publish, verify_release
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore


class KilledAtPut(ObjectStore):
    """A bucket whose process dies right before or after a put."""

    puts_left: int
    after: bool

    def put_new(self, key: str, body: bytes) -> None:
        self.puts_left -= 1
        if self.puts_left == 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        super().put_new(key, body)
        if self.puts_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def publish_and_die(settings, release_id, put, after):
    objects = KilledAtPut.open(settings)
    objects.puts_left, objects.after = put, after
    store = Store.open(settings.database_url.get_secret_value())
    publish(find_release(store, release_id), store=store, objects=objects)


def run_until_killed(settings, release_id, put, after) -> bool:
    """Return whether the process was killed; it is not when it has fewer puts."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["codeio_ops.release.publish", "matplotlib.figure"])
    child = context.Process(target=publish_and_die, args=(settings, release_id, put, after))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def complete(name, version, objects) -> bool:
    try:
        verify_release(name, version, objects=objects)
    except ReleaseMissing:
        return False
    return True


def contents(objects, release) -> dict[str, bytes]:
    keys = objects.keys(prefix_of(release.name, release.version))
    return {key: objects.get(key) for key in keys}


@pytest.mark.timeout(600)
def test_killed_at_any_put_there_is_no_release_or_a_complete_one(facts, objects, settings):
    release = facts.assemble("codeio")
    put, states = 0, []
    killed = True
    while killed:
        put += 1
        for after in (False, True):
            for key in objects.keys(prefix_of("codeio", 1)):
                objects.delete(key)
            killed = run_until_killed(settings, release.release_id, put, after)
            if not killed:
                break
            states.append(complete("codeio", 1, objects))
            assert find_release(facts.store, release.release_id).status == "candidate"
    # Only the last put, that of the manifest, makes the release.
    assert states == [False] * (len(states) - 1) + [True]
    assert len(states) > 2 * 8
    assert complete("codeio", 1, objects)
    assert find_release(facts.store, release.release_id).status == "published"


def test_publishing_again_finishes_what_a_killed_run_began(facts, objects, settings):
    release = facts.assemble("codeio")
    publish(release, store=facts.store, objects=objects)
    whole = contents(objects, release)

    other = facts.assemble("codeio_pp")
    assert run_until_killed(settings, other.release_id, 3, False)
    begun = contents(objects, other)
    publish(other, store=facts.store, objects=objects)
    finished = contents(objects, other)
    assert begun.items() < finished.items()
    assert complete("codeio_pp", 1, objects)
    assert contents(objects, release) == whole


def test_leftovers_of_another_code_version_do_not_stay(facts, objects):
    release = facts.assemble("codeio")
    prefix = prefix_of("codeio", 1)
    objects.put(prefix + "README.md", b"# written by an older version, then killed")
    objects.put(prefix + "data/train-00009.parquet", b"no file of this release")
    publish(release, store=facts.store, objects=objects)
    assert complete("codeio", 1, objects)


def test_a_published_release_is_never_replaced(facts, objects):
    release = facts.assemble("codeio")
    key = prefix_of("codeio", 1) + "manifest.json"
    publish(facts.assemble("codeio_pp"), store=facts.store, objects=objects)
    foreign = objects.get(prefix_of("codeio_pp", 1) + "manifest.json")
    objects.put(key, foreign)
    with pytest.raises(ReleaseExists):
        publish(release, store=facts.store, objects=objects)
    assert objects.get(key) == foreign


def test_verify_finds_a_changed_file(facts, objects):
    publish(facts.assemble("codeio"), store=facts.store, objects=objects)
    objects.put(prefix_of("codeio", 1) + "README.md", b"changed")
    with pytest.raises(ReleaseCorrupt, match=r"README\.md"):
        verify_release("codeio", 1, objects=objects)

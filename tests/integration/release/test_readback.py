"""What readers compare a published release with, and what they say when they cannot."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from codeio_airflow.ui.app import build_app
from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import ReleaseCorrupt, ReleaseMissing
from codeio_ops.release.assemble import Release
from codeio_ops.release.manifest import FileEntry
from codeio_ops.release.pull import pull_release
from codeio_ops.release.readback import prefix_of, read_manifest, verify_release
from codeio_ops.storage.objects import ObjectStore
from support.shell import set_shell

from .conftest import Facts

NAME = "codeio"
PREFIX = prefix_of(NAME, 1)
Command = Callable[..., Result]
FORGED = "manifest.json is not the one that was published"


@pytest.fixture
def published(facts: Facts, objects: ObjectStore) -> Release:
    return facts.publish(facts.assemble(NAME), objects)


@pytest.fixture
def forged(published: Release, objects: ObjectStore) -> Release:
    """The published release, a file of which was changed, and the manifest to match."""
    manifest = read_manifest(NAME, 1, objects=objects).manifest
    card = FileEntry.of("README.md", b"forged")
    others = tuple(entry for entry in manifest.files if entry.path != card.path)
    objects.put(PREFIX + card.path, b"forged")
    changed = manifest.model_copy(update={"files": (*others, card)})
    objects.put(PREFIX + "manifest.json", changed.to_bytes())
    return published


@pytest.fixture
def codeio(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs a command, on other settings when some are given."""

    def run(*arguments: str, **changes: object) -> Result:
        set_shell(monkeypatch, settings.model_copy(update=changes))
        return CliRunner().invoke(app, ["release", *arguments])

    return run


def test_a_manifest_changed_along_with_its_files_is_named(
    forged: Release, objects: ObjectStore, tmp_path: Path
) -> None:
    sha256 = forged.manifest_sha256
    with pytest.raises(ReleaseCorrupt, match=FORGED):
        verify_release(NAME, 1, objects=objects, manifest_sha256=sha256)
    with pytest.raises(ReleaseCorrupt, match=FORGED):
        list(pull_release(NAME, 1, tmp_path, objects=objects, manifest_sha256=sha256))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["verify", "pull"])
def test_the_commands_compare_with_the_database(
    forged: Release, codeio: Command, tmp_path: Path, command: str
) -> None:
    target = [str(tmp_path)] if command == "pull" else []
    error = codeio(command, NAME, *target).exception
    assert isinstance(error, ReleaseCorrupt)
    assert FORGED in str(error)


def test_the_page_compares_with_the_database(forged: Release, settings: Settings) -> None:
    with TestClient(build_app(settings, logged_in=None, active_tasks=list)) as client:
        page = client.get(f"/releases/{forged.release_id}")
        assert page.status_code == 200
        assert FORGED in page.text
        assert "forged" not in page.text
        card = client.get(f"/releases/{forged.release_id}/files/README.md")
        assert (card.status_code == 200, FORGED in card.text) == (False, True)


def test_verify_says_that_the_manifest_is_as_published(published: Release, codeio: Command) -> None:
    done = codeio("verify", NAME)
    assert f"manifest {published.manifest_sha256}, as it was published" in done.output
    shown = json.loads(codeio("verify", NAME, "--json").output)
    assert (shown["manifest_sha256"], shown["not_compared"]) == (published.manifest_sha256, "")


def test_without_a_database_verify_says_what_it_could_not_compare(
    forged: Release, codeio: Command
) -> None:
    done = codeio("verify", NAME, "1", database_url=SecretStr(""))
    assert done.exit_code == 0
    assert "the manifest was compared with nothing: no database is configured" in done.output
    nameless = codeio("verify", NAME, database_url=SecretStr(""))
    assert isinstance(nameless.exception, ReleaseMissing)


def test_who_knows_the_sha256_needs_no_database(forged: Release, codeio: Command) -> None:
    known = ("--manifest-sha256", forged.manifest_sha256)
    done = codeio("verify", NAME, "1", *known, database_url=SecretStr(""))
    assert FORGED in str(done.exception)


def test_a_release_of_another_database_is_compared_with_nothing(
    forged: Release, objects: ObjectStore, codeio: Command
) -> None:
    for key in objects.keys(PREFIX):
        objects.put(key.replace(PREFIX, prefix_of("foreign", 7)), objects.get(key))
    done = codeio("verify", "foreign", "7", "--json")
    assert json.loads(done.output)["not_compared"].endswith("this database holds no such release")


def test_what_the_database_calls_a_candidate_is_not_verified(
    facts: Facts, objects: ObjectStore, codeio: Command
) -> None:
    facts.assemble(NAME)
    done = codeio("verify", NAME, "1")
    assert isinstance(done.exception, ReleaseMissing)
    assert "not published: it is candidate" in str(done.exception)

"""Releases: the list; one with its card, gates, files; the difference of two."""

import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from codeio_airflow.ui.clients import AuditorStore, Bucket
from codeio_airflow.ui.paging import AFTER_ALL, FAR_FUTURE, PAGE_ROWS
from codeio_airflow.ui.release_rows import find_release, gate_results, release_page
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render
from codeio_ops.errors import ReleaseCorrupt
from codeio_ops.release.manifest import Manifest
from codeio_ops.release.readback import prefix_of, read_manifest
from codeio_ops.release.refusal import counted, cures_of, left_out_counts, left_out_rows
from codeio_ops.storage.objects import ObjectStore

router, files = APIRouter(), APIRouter()

KNOWN = (
    "release_id", "name", "version", "status", "samples", "uri", "content_sha256",
    "manifest_sha256", "created_at", "published_at", "recipe", "gates", "failed_gates",
    "leaks", "taken_down",
)  # fmt: skip

_HEADING = re.compile(r"<(/?)h([1-4])>")

# HTML inside a card is shown as text.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def _picture(
    _: object, tokens: Sequence[Token], at: int, __: object, card: Mapping[str, Any]
) -> str:
    """Show a picture of the release, which the page of its files gives; of any other, its text."""
    path, text = str(tokens[at].attrs["src"]), escape(tokens[at].content)
    if path not in card["pictures"]:
        return str(text)
    return f'<img src="{escape(card["files"] + quote(path))}" alt="{text}" loading="lazy">'


_markdown.add_render_rule("image", _picture)


@router.get("/releases")
def releases(
    request: Request,
    store: AuditorStore,
    before: datetime = FAR_FUTURE,
    before_id: UUID = AFTER_ALL,
) -> HTMLResponse:
    """List releases, newest first."""
    page = release_page(store, before, before_id)
    return render(request, "releases", {"page": page})


@router.get("/releases/diff")
def difference(request: Request, store: AuditorStore, one: UUID, other: UUID) -> HTMLResponse:
    """Show what one release holds that another does not."""
    content = {
        "one": find_release(store, one),
        "other": find_release(store, other),
        "both": store.value("pages.samples_in_both", release_id=one, other_id=other),
    }
    return render(request, "release_diff", content)


@router.get("/releases/{release_id}")
def release(
    request: Request, store: AuditorStore, objects: Bucket, release_id: UUID
) -> HTMLResponse:
    """Show one release."""
    found = find_release(store, release_id)
    manifest, corrupt = _manifest_or_fault(found, objects)
    left_out = left_out_counts(store, release_id)
    others = store.fetch(
        "pages.releases", Row, before=FAR_FUTURE, before_id=AFTER_ALL, page_rows=PAGE_ROWS
    )
    content = {
        "release": found,
        "more": found.rest(*KNOWN),
        "results": gate_results(store, release_id),
        "left_out": counted(left_out),
        "left_out_rows": left_out_rows(store, release_id, most=PAGE_ROWS),
        "left_out_cure": cures_of(each.reason for each in left_out),
        "files": manifest.files if manifest else (),
        "corrupt": corrupt,
        "card": _card(request, found, manifest, objects) if manifest else "",
        "others": [row for row in others if row.release_id != release_id],
    }
    return render(request, "release", content)


@files.get("/releases/{release_id}/files/{path:path}")
def file(store: AuditorStore, objects: Bucket, release_id: UUID, path: str) -> Response:
    """Download a file that the manifest names."""
    found = find_release(store, release_id)
    manifest = _manifest(found, objects)
    if manifest is None or path not in {entry.path for entry in manifest.files}:
        raise HTTPException(404, "the manifest of this release names no such file")
    return Response(
        objects.get(prefix_of(found.name, found.version) + path),
        media_type=mimetypes.guess_type(path)[0] or "application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{path.rpartition("/")[2]}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _manifest(found: Row, objects: ObjectStore) -> Manifest | None:
    if found.status != "published":
        return None
    stored = read_manifest(found.name, found.version, objects=objects, sha256=found.manifest_sha256)
    return stored.manifest


def _manifest_or_fault(found: Row, objects: ObjectStore) -> tuple[Manifest | None, str]:
    """Return the manifest, or what is wrong with it: the page shows the release all the same."""
    try:
        return _manifest(found, objects), ""
    except ReleaseCorrupt as exc:
        return None, str(exc)


def _card(request: Request, found: Row, manifest: Manifest, objects: ObjectStore) -> Markup:
    here = f"{request.scope.get('root_path', '')}/releases/{found.release_id}/files/"
    paths = (entry.path for entry in manifest.files)
    card = {"files": here, "pictures": {path for path in paths if path.endswith(".png")}}
    text = objects.get(prefix_of(found.name, found.version) + "README.md").decode()
    body = text.split("\n---\n", 1)[-1] if text.startswith("---\n") else text
    return Markup(_HEADING.sub(_two_levels_down, _markdown.render(body, card)))  # noqa: S704


def _two_levels_down(heading: re.Match[str]) -> str:
    """Keep the outline of the page: its own headings stand above those of the card."""
    return f"<{heading[1]}h{int(heading[2]) + 2}>"

"""Data Docs: the pages that Great Expectations wrote about a candidate, served from the bucket.

They come with scripts and styles of other hosts, and hold text of the candidate. What is served
is the document alone, in a style of ours: it runs no script and loads nothing.
"""

import re
from pathlib import Path
from uuid import UUID

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from codeio_airflow.ui.clients import AuditorStore, Bucket
from codeio_airflow.ui.release_rows import find_release
from codeio_ops.quality.expectations import docs_prefix

router = APIRouter()

_STYLE = Path(__file__).parents[1] / "static" / "data_docs.css"
# The sandbox forbids scripts, forms and pop-ups, whatever the document says.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-same-origin"
    )
}
# The buttons filter by script; the notices advertise.
_USELESS = "footer, .card:has(.btn-group), .btn, .modal, #ge-cta-footer"
# What a document may hold; all else goes, with what is inside.
_ALLOWED = frozenset(
    {
        "html", "head", "body", "title", "div", "span", "p", "a", "b", "i", "u", "em", "strong",
        "small", "sub", "sup", "br", "hr", "pre", "code", "blockquote", "h1", "h2", "h3", "h4",
        "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "colgroup", "col",
        "thead", "tbody", "tfoot", "tr", "th", "td", "section", "article", "header", "main", "nav",
    }
)  # fmt: skip
# A path beside the document, or a place in it: no scheme, no host.
_WITHIN = re.compile(r"(?!/)[\w./-]*(#[\w./-]*)?")
_ATTRIBUTES = frozenset({"class", "id", "title", "colspan", "rowspan", "scope", "lang", "dir"})


@router.get("/gates/{release_id}/expectations/data_docs/{path:path}")
def data_docs(
    request: Request, store: AuditorStore, objects: Bucket, release_id: UUID, path: str
) -> Response:
    """Show a page of the Data Docs of a candidate; without a path, its latest validation."""
    release = find_release(store, release_id)
    prefix = docs_prefix(release.name, release.version)
    here = f"{request.scope.get('root_path', '')}/gates/{release_id}/expectations"
    if path == "index.html":  # its tables are drawn by a script; the way back is our page
        return RedirectResponse(here)
    pages = [key for key in objects.keys(prefix) if key.endswith(".html")]
    if path == "":
        validations = [key for key in pages if key.startswith(f"{prefix}validations/")]
        if not validations:
            raise HTTPException(404, "there are no Data Docs of this candidate")
        return RedirectResponse(f"{here}/data_docs/{validations[-1].removeprefix(prefix)}")
    if prefix + path not in pages:
        raise HTTPException(404, "the Data Docs of this candidate have no such page")
    return HTMLResponse(document_alone(objects.get(prefix + path).decode()), headers=_HEADERS)


def document_alone(html: str) -> str:
    """Return what a list allows of a page of Data Docs, in our style.

    It is written from the tree anew, so that a browser reads no more than what was looked at.
    """
    page = BeautifulSoup(html, "html.parser")
    for useless in page.select(_USELESS):
        useless.decompose()
    for text in page.find_all(string=lambda text: type(text) is not NavigableString):
        text.extract()
    for element in page.find_all(True):
        _keep_allowed(element)
    style = page.new_tag("style")
    style.string = _STYLE.read_text("utf-8")
    (page.head or page).append(style)
    return str(page)


def _keep_allowed(element: Tag) -> None:
    if element.decomposed:
        return
    if element.name not in _ALLOWED:
        element.decompose()
    else:
        kept = {name: value for name, value in element.attrs.items() if _is_allowed(name, value)}
        element.attrs.clear()
        element.attrs.update(kept)


def _is_allowed(name: str, value: object) -> bool:
    """Say whether an attribute stays: links lead within the documents alone."""
    return name in _ATTRIBUTES or (name == "href" and bool(_WITHIN.fullmatch(str(value))))

"""Renders templates: everything in them is escaped, and numbers and times read the same."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import floor, log10
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from codeio_ops.errors import CodeIOError
from codeio_ops.reasons import drop_reason_of

JSON_LINE = 72

_BACKTICKS = re.compile("`([^`]+)`")
_TEMPLATES = Path(__file__).with_name("templates")

PAGES = (
    ("overview", "Overview"),
    ("runs", "Runs"),
    ("gates", "Gates"),
    ("releases", "Releases"),
    ("samples", "Samples"),
    ("teachers", "Teachers"),
    ("sandbox", "Sandbox"),
    ("sources", "Sources"),
)


def count(value: float | None) -> str:
    """Write a number with separators; none is a dash."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def dollars(value: float | None) -> str:
    """Write an amount; none means that nobody knows the price."""
    if value is None:
        return "no price"
    if value >= 1 or value == 0:
        return f"${value:,.2f}"
    # Two digits that count: a row of a small model costs a fraction of a cent.
    return f"${value:.{max(4, 1 - floor(log10(value)))}f}"


def percent(value: float | None) -> str:
    """Write a share of 1."""
    return "–" if value is None else f"{100 * value:.1f} %"


def rate(value: float) -> str:
    """Write a number a second, to three digits where it is small."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def when(value: datetime | None) -> str:
    """Write a time to the minute, in UTC."""
    return "–" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float | None) -> str:
    """Write seconds as a person says them."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def meaning(reason: str) -> str:
    """Say what a drop reason means and what to do; nothing for one of another version."""
    try:
        found = drop_reason_of(reason)
    except ValueError:
        return ""
    return f"{found.meaning} {found.cure}"


def with_code(text: str) -> Markup:
    """Mark what stands between backticks as code."""
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


def tone(word: str) -> str:
    """Return how a state or verdict is coloured: good, bad or plain."""
    if word in {"correct", "published", "passed", "success"}:
        return "good"
    plain = {"candidate", "", "running", "queued", "no revision"}
    return "plain" if word in plain else "bad"


def pretty_json(value: object, indent: str = "") -> str:
    """Write a JSON value over several lines where one would be too long."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    if len(indent) + len(line) <= JSON_LINE or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        keys = (json.dumps(str(key), ensure_ascii=False) + ": " for key in value)
        parts = [k + pretty_json(v, deeper) for k, v in zip(keys, value.values(), strict=True)]
    else:
        parts = [pretty_json(item, deeper) for item in value]
    inside = f",\n{deeper}".join(parts)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{deeper}{inside}\n{indent}{closing}"


_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    count=count, dollars=dollars, percent=percent, rate=rate, when=when, duration=duration,
    meaning=meaning, tone=tone, with_code=with_code, pretty_json=pretty_json,
)  # fmt: skip


def render(
    request: Request, name: str, content: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    """Return the page of template `name`.html.

    Args:
        request: Whose query string and mount point the links keep.
        name: The template.
        content: What it shows.
        status: HTTP status.
    """
    template = _environment.get_template(f"{name}.html")
    html = template.render(
        base=request.scope.get("root_path", ""),
        airflow=airflow_root(request),
        pages=PAGES,
        here=request.url.path.removeprefix(request.scope.get("root_path", "")).split("/")[1],
        query=request.query_params,
        now=datetime.now(UTC),
        **content,
    )
    return HTMLResponse(html, status_code=status)


def airflow_root(request: Request) -> str:
    """Return the path below which Airflow's own pages lie."""
    return str(request.scope.get("root_path", "")).removesuffix("/codeio")


def render_error(request: Request, error: CodeIOError) -> HTMLResponse:
    """Return a page that says what went wrong and what to do."""
    content = {"cause": str(error), "cure": error.cure, "title": type(error).__name__}
    return render(request, "error", content, status=503)

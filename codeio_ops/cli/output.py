"""What the commands print: results on stdout, progress and errors on stderr."""

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, NoReturn
from uuid import UUID

import typer

from codeio_ops.errors import (
    BlobStoreRefused,
    BlobStoreUnavailable,
    CodeIOError,
    SettingsError,
    StackError,
    StoreRefused,
    StoreUnavailable,
    TeacherRefused,
    TeacherUnavailable,
)
from codeio_ops.extras import naming_extras, require
from codeio_ops.local.beginning import unfinished
from codeio_ops.local.home import Home
from codeio_ops.proxies import sparing_loopback

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_PIPE_WIDTH = 160
# Exit code of a command that had nothing to change.
NOTHING_TO_DO = 3
# What a command meets when a part of the stack is not there.
_OF_THE_STACK = (
    BlobStoreRefused, BlobStoreUnavailable, SettingsError, StackError, StoreRefused,
    StoreUnavailable, TeacherRefused, TeacherUnavailable,
)  # fmt: skip

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


# C0, DEL and C1, and what changes the direction of writing.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def plain(text: str) -> str:
    """Return text of strangers without what a terminal would obey, written as JSON writes it."""
    return _CONTROLS.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


def print_text(text: str) -> None:
    """Print a result on stdout."""
    print(plain(text))


def say(text: str) -> None:
    """Print one line of progress on stderr."""
    print(plain(text), file=sys.stderr, flush=True)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def print_json(value: object) -> None:
    """Print a JSON document on stdout; times and ids become text."""
    # What another encoding has no character for would be written in a way that JSON has not.
    ascii_only = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    print_text(json.dumps(value, indent=2, ensure_ascii=ascii_only, default=_text))


def print_rows(title: str, rows: "Sequence[DataclassInstance]", *, as_json: bool) -> None:
    """Print frozen records as a table, or as a JSON array of objects.

    Args:
        title: Heading of the table.
        rows: Records of one type.
        as_json: Whether to print JSON.
    """
    records = [asdict(row) for row in rows]
    if as_json:
        print_json(records)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=plain(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in records[0] if records else ():
        table.add_column(name.replace("_", " "), overflow="fold")
    for record in records:
        table.add_row(
            *(
                Text(
                    {True: "yes", False: "no"}[value]
                    if isinstance(value, bool)
                    else plain(str(value))
                )
                for value in record.values()
            )
        )
    # A pipe has no width: a log or `less -S` then gets whole lines.
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    console.print(table if records else Text(f"{plain(title)}: none"))


def render_error(error: CodeIOError, *, as_json: bool) -> str:
    """Return an error as one line a person reads, with its cure, or as one line of JSON."""
    if as_json:
        kind = type(error).__name__
        return json.dumps({"error": str(error), "type": kind, "cure": error.cure})
    return plain(f"error: {error}" + (f"\ncure: {error.cure}" if error.cure else ""))


def run_application(app: typer.Typer, name: str) -> None:
    """Run a command line and exit: 0 done, 1 failed, 2 wrong usage, 3 nothing to do.

    The one place where an error becomes a line of text.
    """
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    os.environ.update(sparing_loopback(os.environ))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may speak no UTF-8
    try:
        with naming_extras():
            app(args=arguments, prog_name=name)
    except CodeIOError as exc:
        if "--debug" in sys.argv:
            raise
        from codeio_ops.config import home_directory

        told = of_half_a_start(exc, Home(home_directory()))
        print(render_error(told, as_json="--json" in arguments), file=sys.stderr)
        raise SystemExit(1) from None


def of_half_a_start(error: CodeIOError, home: Home) -> CodeIOError:
    """Return an error with what it follows from, where a start of the stack did not finish."""
    told = unfinished(home)
    if not told or not isinstance(error, _OF_THE_STACK) or str(error).partition("\n")[0] in told:
        return error
    return type(error)(f"{told}\nso: {error}", cure="Run `codeio up`, and see what it says.")


def become_offline_teacher(*words: str) -> NoReturn:
    """Go on as a command of the offline teacher, which nothing here imports."""
    require("pipeline")
    from codeio_ops.config import home_directory

    os.environ.update(Home(home_directory()).caches())
    debug = ["--debug"] if "--debug" in sys.argv else []
    words = (sys.executable, "-m", "offline_teacher", *words, *debug)
    os.execv(sys.executable, words)  # noqa: S606

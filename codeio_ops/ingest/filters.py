"""Which raw files are kept: each filter lets a file pass, or gives the reason for dropping it."""

from pathlib import PurePosixPath

from codeio_ops.config import Settings
from codeio_ops.ingest.base import SUFFIX_LANGUAGES, SourceFile
from codeio_ops.ingest.code_filters import code_drop
from codeio_ops.ingest.licence import is_allowed
from codeio_ops.ingest.source_settings import SourceSettings
from codeio_ops.ingest.syntax import python_tree
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop


def drop_reason(
    file: SourceFile, settings: Settings, options: SourceSettings | None = None
) -> Drop | None:
    """Return why `file` must not enter the pipeline, or None when it may.

    Args:
        file: The file.
        settings: Settings of the platform.
        options: Settings of its source; without them only what no source may change applies.
    """
    drop = _unfit(file, settings)
    if drop is None and options is not None and file.content is not None:
        drop = code_drop(file.path, file.content.decode(), options)
    return drop


def _unfit(file: SourceFile, settings: Settings) -> Drop | None:
    if ".." in PurePosixPath(file.path).parts or file.path.startswith("/"):
        return Drop(reason=DropReason.UNSAFE_PATH, detail="the path leaves its source")
    if not file.language:
        return Drop(reason=DropReason.BAD_ROW, detail="no JSON object with a text in `content`")
    if file.content is None or file.size_bytes > settings.max_file_bytes:
        return Drop(
            reason=DropReason.TOO_LARGE,
            detail=f"{file.size_bytes} bytes > {settings.max_file_bytes}",
        )
    if file.size_bytes < settings.min_file_bytes:
        return Drop(
            reason=DropReason.TOO_SMALL,
            detail=f"{file.size_bytes} bytes < {settings.min_file_bytes}",
        )
    if settings.licences and not is_allowed(file.licence, frozenset(settings.licences)):
        return Drop(reason=DropReason.LICENCE, detail=f"{file.licence} is not allowed")
    return _unreadable(file.content, file.language)


def _unreadable(content: bytes, language: str) -> Drop | None:
    if language not in SUFFIX_LANGUAGES.values():
        return Drop(reason=DropReason.LANGUAGE, detail=f"no runner for {language}")
    try:
        text = content.decode()
    except UnicodeDecodeError as exc:
        return Drop(reason=DropReason.NOT_UTF8, detail=f"byte {exc.start}: {exc.reason}")
    if "\x00" in text:
        return Drop(reason=DropReason.UNPARSABLE, detail="NUL character")
    return _unparsable(text)


def _unparsable(text: str) -> Drop | None:
    """Refuse what is neither Python 3 nor Python 2; the transform repairs Python 2."""
    try:
        python_tree(text)
    except (RecursionError, MemoryError):
        return Drop(reason=DropReason.UNPARSABLE, detail="nested too deeply")
    except (SyntaxError, ValueError) as exc:
        # The parser's own limits ("too many nested parentheses") hold for Python 2 as well.
        if "too many" in str(exc):
            return Drop(reason=DropReason.UNPARSABLE, detail="nested too deeply")
        return None if _is_python2(text) else Drop(reason=DropReason.UNPARSABLE, detail=str(exc))
    return None


def _is_python2(text: str) -> bool:
    from fissix import pygram, pytree
    from fissix.pgen2.driver import Driver
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    driver = Driver(pygram.python_grammar, convert=pytree.convert)
    try:
        driver.parse_string(text.expandtabs(8).rstrip() + "\n")
    except (ParseError, TokenError, IndentationError, RecursionError, MemoryError):
        return False
    return True

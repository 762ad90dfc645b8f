"""Reading the reply to a transform request: four parts of a program, or the reason for none.

Nothing is executed: code is only parsed. The sections and the two function names are those
of the transform template.
"""

import ast
import re
from dataclasses import dataclass
from itertools import pairwise

from codeio_ops.python_syntax import BAD_SYNTAX, parse_python
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop
from codeio_ops.teacher.markdown import Section, has_structure, sections
from codeio_ops.unified_form import ENTRY_POINT, INPUT_GENERATOR

MAX_PART_CHARS = 100_000
MAX_REPLY_CHARS = 400_000

_TITLES = ("main function", "input output description", "input generator", "problem statement")
_PROSE_TITLES = ("input output description", "problem statement")
_REFUSED = "refused"
_REASON_CODE = re.compile(r"[a-z][a-z_]{1,30}")
_PYTHON = ("python", "python3", "py")
_WH_WORD = re.compile(r"\b(?:what|which|how|when|where|who|whose|whom|why)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramParts:
    """The four parts of a program, as a teacher wrote them; nothing has been run yet."""

    main_function: str
    io_description: str
    input_generator: str
    problem_statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A reply without a program.

    Attributes:
        reason: The kind.
        detail: What exactly is missing; for `refused`, the teacher's own words.
    """

    reason: DropReason
    detail: str


def refusal_drop(refusal: Refusal) -> Drop:
    """Return the drop of a refusal, with the teacher's own code, if it gives one."""
    code, _, rest = refusal.detail.partition(":")
    if refusal.reason is DropReason.REFUSED and _REASON_CODE.fullmatch(code):
        return Drop(reason=refusal.reason, code=code, detail=rest.strip())
    return Drop(reason=refusal.reason, detail=refusal.detail)


class _Refused(Exception):
    def __init__(self, reason: DropReason, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason=reason, detail=detail)


def parse_transform(reply: str) -> ProgramParts | Refusal:
    """Read the reply to a transform prompt.

    Where a section is given twice, the later one counts; of several Python blocks in one
    section, the last one.
    """
    try:
        return _parse(reply)
    except _Refused as refused:
        return refused.refusal


def _parse(reply: str) -> ProgramParts:
    if "\x00" in reply:
        raise _Refused(DropReason.BAD_FORMAT, "the reply holds a NUL character")
    if len(reply) > MAX_REPLY_CHARS:
        raise _Refused(DropReason.BAD_FORMAT, "the reply is too long")
    found = sections(reply)
    by_title = {_title(part): part for part in found}
    if _REFUSED in by_title:
        raise _Refused(DropReason.REFUSED, by_title[_REFUSED].prose[:500] or "no reason given")
    if any(not fence.closed for part in found for fence in part.fences):
        raise _Refused(DropReason.TRUNCATED, "the reply ends inside a fenced block")
    for title in _TITLES:
        if title not in by_title:
            raise _Refused(DropReason.BAD_FORMAT, f"section missing: {title}")
    _check_no_subsections(found)
    main, description, generator, statement = (by_title[title] for title in _TITLES)
    parts = ProgramParts(
        main_function=_code(main),
        io_description=_prose(description),
        input_generator=_code(generator),
        problem_statement=_prose(statement),
    )
    names = _argument_names(parts.main_function)
    _check_generator(parts.input_generator)
    _check_statement(parts.problem_statement, names)
    return parts


def _title(part: Section) -> str:
    return part.title.strip(" :*#").lower()


def _check_no_subsections(found: list[Section]) -> None:
    """Refuse headings below those of the two sections in prose: their text would be lost."""
    for part, following in pairwise(found):
        if _title(part) in _PROSE_TITLES and _title(following) not in _TITLES:
            raise _Refused(DropReason.BAD_FORMAT, f"headings or fences in section: {part.title}")


def _code(part: Section) -> str:
    blocks = [fence.content for fence in part.fences if fence.language in _PYTHON]
    if not blocks:
        raise _Refused(DropReason.BAD_FORMAT, f"no python block in section: {part.title}")
    return _limited(part.title, blocks[-1].strip("\n"))


def _prose(part: Section) -> str:
    text = part.prose.strip()
    if part.fences or has_structure(text):
        raise _Refused(DropReason.BAD_FORMAT, f"headings or fences in section: {part.title}")
    if not text:
        raise _Refused(DropReason.BAD_FORMAT, f"section empty: {part.title}")
    return _limited(part.title, text)


def _limited(title: str, text: str) -> str:
    if len(text) > MAX_PART_CHARS:
        raise _Refused(DropReason.BAD_FORMAT, f"section too long: {title}")
    return text


def _argument_names(code: str) -> list[str]:
    arguments = _function(code, ENTRY_POINT).args
    if arguments.posonlyargs or arguments.vararg or arguments.kwarg:
        raise _Refused(
            DropReason.BAD_FORMAT, f"{ENTRY_POINT} must take arguments by their names only"
        )
    names = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)]
    if not names:
        raise _Refused(DropReason.BAD_FORMAT, f"{ENTRY_POINT} takes no argument")
    return names


def _check_generator(code: str) -> None:
    arguments = _function(code, INPUT_GENERATOR).args
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    if positional or any(default is None for default in arguments.kw_defaults):
        raise _Refused(DropReason.BAD_FORMAT, f"{INPUT_GENERATOR} must work without arguments")


def _check_statement(statement: str, names: list[str]) -> None:
    if not _WH_WORD.search(statement, 0, max(statement.rfind("?"), 0)):
        raise _Refused(DropReason.BAD_FORMAT, "the problem statement asks no wh-question")
    for name in names:
        if not re.search(rf"\b{re.escape(name)}\b", statement):
            raise _Refused(DropReason.BAD_FORMAT, f"the problem statement does not name {name!r}")


def _function(code: str, name: str) -> ast.FunctionDef:
    found = [
        node for node in _tree(code).body if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    if not found:
        raise _Refused(DropReason.NO_FUNCTION, f"{name} is not defined at the top level")
    return found[-1]


def _tree(code: str) -> ast.Module:
    try:
        return parse_python(code)
    except BAD_SYNTAX as exc:
        raise _Refused(DropReason.BAD_FORMAT, f"code does not parse: {exc}"[:300]) from exc

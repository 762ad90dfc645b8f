"""The problem statement: prose of the file, what the inputs are, and a wh-question."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.prose import (
    Documentation,
    clean,
    comment_above,
    documentation,
    header_comment,
    is_english,
    module_text,
)
from offline_teacher.drafting.results import ResultForm
from offline_teacher.drafting.units import Unit

_FEW_WORDS = 4
_SOME_WORDS = 7
_MANY_WORDS = 18
_MAX_PARAMETER_TEXT = 200
_MAX_RETURNS_TEXT = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A problem statement, where its prose comes from, and the docstring's word on the result."""

    text: str
    source: str
    returns: str


def state_problem(
    file: ParsedFile, unit: Unit, names: Sequence[str], result: ResultForm
) -> Statement:
    """Write the statement of a unit; every name in `names` stands in backticks."""
    documented = _documentation(unit)
    prose, source = _prose(file, unit, documented)
    about = _about_inputs(documented, names)
    question = _question(unit, names, result, documented.returns)
    if not prose:
        prose, source = _name_template(unit, names), "name_template"
    return Statement(
        text=" ".join(part for part in (prose, about, question) if part),
        source=source,
        returns=documented.returns[:_MAX_RETURNS_TEXT],
    )


def _documentation(unit: Unit) -> Documentation:
    node = unit.owner if unit.kind == "operations" else unit.node
    return documentation((ast.get_docstring(node) if node is not None else None) or "")


def _prose(file: ParsedFile, unit: Unit, documented: Documentation) -> tuple[str, str]:
    """The best prose and its source; a short docstring is completed by the module's text."""
    module = module_text(file)
    module = module if is_english(module, words=_SOME_WORDS) and _is_entry(file, unit) else ""
    if is_english(documented.prose, words=_FEW_WORDS):
        short = not is_english(documented.prose, words=_MANY_WORDS)
        extra = module if short and module not in documented.prose else ""
        return f"{documented.prose} {extra}".strip(), "docstring"
    above = comment_above(file, unit.node or unit.owner)
    if is_english(above, words=_SOME_WORDS):
        return above, "comment"
    if module:
        return module, "docstring"
    owner = clean((ast.get_docstring(unit.owner) if unit.owner else None) or "")
    if is_english(owner, words=_SOME_WORDS):
        return owner, "docstring"
    header = header_comment(file) if _is_entry(file, unit) else ""
    return (header, "comment") if is_english(header, words=_SOME_WORDS) else ("", "")


def _is_entry(file: ParsedFile, unit: Unit) -> bool:
    """Whether text about the whole file is about this unit."""
    functions = [n for n in file.definitions.values() if isinstance(n, ast.FunctionDef)]
    public = [node for node in functions if not node.name.startswith("_")]
    return not unit.is_helper and (unit.owner is not None or len(public) < 4)


def _name_template(unit: Unit, names: Sequence[str]) -> str:
    name = unit.name.removesuffix(" (operation log)").removeprefix("Solution.").replace(".", " ")
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).replace("_", " ").strip().lower()
    if unit.kind == "script" and name == "script":
        return f"A short program reads {_listed(names)} and works on them step by step."
    if unit.kind == "operations":
        return f'An object of the class "{words}" is created and used.'
    return f'A procedure called "{words}" is applied to {_listed(names)}.'


def _about_inputs(documented: Documentation, names: Sequence[str]) -> str:
    sentences = []
    for name in names:
        text = documented.parameters.get(name, "")[:_MAX_PARAMETER_TEXT].strip().rstrip(".")
        if is_english(text, words=2) and "`" not in text and ">>>" not in text:
            sentences.append(f"The input `{name}` is {_lower_first(_with_article(text))}.")
    return " ".join(sentences)


def _question(unit: Unit, names: Sequence[str], result: ResultForm, returns: str) -> str:
    given = f"Given {_listed(names)},"
    if unit.kind == "operations":
        return f"{given} what does each of the operations return, in order?"
    if result.role == "changed":
        return f"{given} what does `{result.argument}` hold in the end?"
    if result.role == "printed":
        return f"{given} which lines are printed?"
    return f"{given} {_asked(returns)}"


def _asked(returns: str) -> str:
    text = returns[:_MAX_RETURNS_TEXT]
    if not is_english(text, words=2) or "?" in text:
        return "what is the resulting value?"
    if re.match(r"(?i)(true|false|whether)\b", text):
        return f"what is the answer, {_truth(text)}?"
    text = re.sub(r"^(A|An)\s", "the ", text)
    verb = "are" if re.match(r"(?i)(all|both|the \w+s of)\b", text) else "is"
    return f"what {verb} {_lower_first(_with_article(text))}?"


def _truth(text: str) -> str:
    text = re.sub(r"\bTrue\b", "true", re.sub(r"\bFalse\b", "false", text))
    return text[0].lower() + text[1:]


def _with_article(text: str) -> str:
    first = text.split()[0].lower()
    articles = ("the", "a", "an", "all", "both", "each", "every", "this", "number", "one", "any")
    if first == "number":
        return f"the {text[0].lower()}{text[1:]}"
    bare = first.isalpha() and first not in articles and not first.endswith("s")
    return f"the {text[0].lower()}{text[1:]}" if bare else text


def _lower_first(text: str) -> str:
    word = text.split()[0]
    return text[0].lower() + text[1:] if word[1:].islower() or len(word) == 1 else text


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"

"""The problem statement: what is asked in the words of the file, the inputs, and a question."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from offline_teacher.drafting.asking import asked, states_task
from offline_teacher.drafting.docstrings import Documentation, documentation
from offline_teacher.drafting.naming import NamedTask, listed_inputs, task_named, words_of
from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.people import persons_of
from offline_teacher.drafting.prose import comment_above, header_comment, is_english, module_text
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.results import ResultForm
from offline_teacher.drafting.units import Unit

_FEW_WORDS = 3
_SOME_WORDS = 7
_MANY_WORDS = 18
_HEADLINE = " (operation log)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A problem statement, where its prose comes from, and the docstring's word on the result."""

    text: str
    source: str
    returns: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a unit is asked to do.

    Attributes:
        text: Sentences that state it.
        source: `docstring`, `comment` or `name_template`.
        named: What the unit's name says, or None where it says too little.
        documented: What its docstring says.
    """

    text: str
    source: str
    named: NamedTask | None
    documented: Documentation


def task_of(file: ParsedFile, unit: Unit) -> Task:
    """What the file says that a unit is for.

    Raises:
        UnitRefused: `nothing_asked`: neither its texts nor its name state a task.
    """
    documented = _documentation(file, unit)
    named = _named(unit)
    prose, source = _prose(file, unit, documented)
    if prose and (states_task(prose) or documented.returns):
        return Task(text=prose, source=source, named=named, documented=documented)
    if named is None:
        raise UnitRefused("nothing_asked", unit.name)
    text = f"{named.text} {prose}".strip()
    return Task(text=text, source=source or "name_template", named=named, documented=documented)


def state_problem(
    file: ParsedFile, unit: Unit, names: Sequence[str], result: ResultForm
) -> Statement:
    """Write the statement of a unit; every name in `names` stands in backticks.

    Raises:
        UnitRefused: `nothing_asked`: the file does not say what the unit is for.
    """
    task = task_of(file, unit)
    about = _about_inputs(task.documented, names)
    question = _question(unit, names, result, task)
    return Statement(
        text=" ".join(part for part in (task.text, about, question) if part),
        source=task.source,
        returns=task.documented.returns,
    )


def _documentation(file: ParsedFile, unit: Unit) -> Documentation:
    node = unit.owner if unit.kind == "operations" else unit.node
    docstring = (ast.get_docstring(node) if node is not None else None) or ""
    return documentation(docstring, persons_of(file.source))


def _prose(file: ParsedFile, unit: Unit, documented: Documentation) -> tuple[str, str]:
    """The best prose and its source; a short docstring is completed by the module's text."""
    module = module_text(file)
    module = module if is_english(module, words=_FEW_WORDS) and _is_entry(file, unit) else ""
    if is_english(documented.prose, words=_FEW_WORDS):
        short = not is_english(documented.prose, words=_MANY_WORDS)
        return _joined(documented.prose, module if short else ""), "docstring"
    owner = unit.owner and ast.get_docstring(unit.owner)
    header = header_comment(file) if _is_entry(file, unit) else ""
    found = [
        (comment_above(file, unit.node or unit.owner), "comment", _FEW_WORDS),
        (module, "docstring", _FEW_WORDS),
        (documentation(owner or "", persons_of(file.source)).prose, "docstring", _SOME_WORDS),
        (header, "comment", _SOME_WORDS),
    ]
    usable = [(text, source) for text, source, words in found if is_english(text, words=words)]
    asking = [(text, source) for text, source in usable if states_task(text)]
    return next(iter([*asking, *usable]), ("", ""))


def _joined(prose: str, extra: str) -> str:
    return prose if extra in prose else f"{prose} {extra}".strip()


def _is_entry(file: ParsedFile, unit: Unit) -> bool:
    """Whether text about the whole file is about this unit."""
    functions = [n for n in file.definitions.values() if isinstance(n, ast.FunctionDef)]
    public = [node for node in functions if not node.name.startswith("_")]
    alone = not unit.is_helper or len(functions) == 1  # a test of it may be what uses it
    return alone and (unit.owner is not None or len(public) < 4)


def _named(unit: Unit) -> NamedTask | None:
    if unit.kind == "script":
        return None
    inputs = [parameter.name for parameter in unit.parameters]
    if unit.kind == "operations":
        return _operations(unit, inputs)
    return task_named(unit.name.split(".")[-1], inputs)


def _operations(unit: Unit, inputs: Sequence[str]) -> NamedTask | None:
    """A class by its name and the names of its methods."""
    words = words_of(unit.name.removesuffix(_HEADLINE))
    methods = [
        node.name
        for node in (unit.owner.body if unit.owner else [])
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    telling = [name for name in methods if len(" ".join(words_of(name))) > 2]
    if len(" ".join(words)) <= 3 or not telling:
        return None
    spoken = ", ".join(f'"{" ".join(words_of(name))}"' for name in telling[:6])
    return NamedTask(
        text=f'An object of the class "{" ".join(words)}" is made, and {listed_inputs(inputs[:1])} '
        f"is a list of calls of its methods ({spoken}), carried out in order."
    )


def _about_inputs(documented: Documentation, names: Sequence[str]) -> str:
    sentences = []
    for name in names:
        text = documented.parameters.get(name, "")
        if text:
            sentences.append(f"The input `{name}` is {_described(text)}.")
    return " ".join(sentences)


def _described(text: str) -> str:
    first = text.split()[0].lower()
    articles = ("the", "a", "an", "all", "both", "each", "every", "this", "one", "any", "either")
    lowered = (
        text[0].lower() + text[1:] if text.split()[0][1:].islower() or len(first) == 1 else text
    )
    bare = first.isalpha() and first not in articles and not first.endswith("s")
    return f"the {lowered}" if bare else lowered


def _question(unit: Unit, names: Sequence[str], result: ResultForm, task: Task) -> str:
    given = f"Given {listed_inputs(names)},"
    if unit.kind == "operations":
        return f"{given} what does each of the operations return, in order?"
    if result.role == "changed":
        return f"{given} what does `{result.argument}` hold in the end?"
    if result.role == "printed":
        return f"{given} which lines are printed?"
    return f"{given} {asked(task.text, task.named, result, task.documented.returns)}"

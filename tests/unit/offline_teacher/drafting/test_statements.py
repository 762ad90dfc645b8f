"""Promises of a problem statement: it says what is asked, and holds nothing else of the file."""

import re

import pytest

from offline_teacher.drafting.docstrings import documentation
from offline_teacher.drafting.naming import task_named
from offline_teacher.drafting.parse import parse_file
from offline_teacher.drafting.people import (
    names_person,
    persons_of,
    without_credits,
    without_method,
)
from offline_teacher.drafting.problem_statement import Statement, state_problem
from offline_teacher.drafting.prose import prose_of
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.results import ResultForm
from offline_teacher.drafting.units import Unit, function_units

NUMBERS = ResultForm(role="returned", form="plain", argument="", outputs=(1, 2))
TRUTHS = ResultForm(role="returned", form="plain", argument="", outputs=(True, False))
BODY = "\n    for x in a:\n        b += x\n    return b\n"


def stated(source: str, result: ResultForm = NUMBERS) -> Statement:
    file = parse_file(source)
    unit = next(unit for unit in function_units(file, {}) if isinstance(unit, Unit))
    return state_problem(file, unit, [p.name for p in unit.parameters], result)


def documented(docstring: str, *, name: str = "total", above: str = "") -> str:
    return f'{above}\ndef {name}(a, b):\n    """{docstring}"""{BODY}'


GOOGLE = """
    Args:
        a: The numbers to add.
        b (int): The
            first value.

    Returns:
        int: The sum of all.
"""
NUMPY = """
    Parameters
    ----------
    a : list
        The numbers to add.
    b : int
        The first value.

    Returns
    -------
    int
        The sum of all.
"""
SPHINX = """
    :param a: The numbers to add.
    :param int b: The first value.
    :returns: The sum of all.
    :rtype: int
"""
EPYDOC = """
    @param a: The numbers to add.
    @param b: The first value.
    @return: The sum of all.
"""


@pytest.mark.parametrize("style", [GOOGLE, NUMPY, SPHINX, EPYDOC])
def test_each_style_of_docstring_gives_the_same_statement(style: str) -> None:
    assert stated(documented(f"Sum a list from a start.\n{style}")).text == (
        "Sum a list from a start. The input `a` is the numbers to add. The input `b` is the first "
        "value. Given `a` and `b`, what is the sum of all?"
    )


@pytest.mark.parametrize(
    "aside",
    [
        "Inspired by PR #931 (Simranstha045).",
        "Contributed by Jane Doe.",
        "Author: Jane Doe",
        "@author jdoe",
        "Thanks to @jdoe for the idea.",
        "Thanks Jane for this image!",
        "By Jane Doe",
        "Written by Jane Doe, jane.doe@mail.org",
        "Copyright (c) 2018 Jane Doe",
        "Source: https://jdoe.net/sum",
        "Reference: https://en.wikipedia.org/wiki/Jane",
        "TODO: jdoe should make it faster.",
        ">>> total([1, 2], 0)\n    Jane",
        "total([1, 2], 0) -> Jane",
        "For example, total([3], 4) gives Jane.",
        "Example: given Jane and 4, the sum is 7.",
        "Difficulty: Medium, by jdoe",
    ],
)
@pytest.mark.parametrize("place", ["docstring", "comment", "header"])
def test_credits_persons_examples_and_links_are_no_part_of_it(aside: str, place: str) -> None:
    said = "Add all numbers of the list to the first value."
    lines = "\n    ".join(["", said, "", aside, ""])
    comment = re.sub(r"(?m)^\s*", "# ", f"{said}\n#\n{aside}")
    source = {
        "docstring": documented(lines),
        "comment": f"import math\n\n{comment}\ndef total(a, b):{BODY}",
        "header": f"{comment}\n\nimport math\n\n\ndef total(a, b):{BODY}",
    }[place]
    text = stated(source).text
    assert text.startswith(said)
    assert not re.search(r"(?i)jane|jdoe|doe|simran|#|http|total\(|todo|medium", text)


def test_a_person_whom_the_file_credits_is_in_no_description_either() -> None:
    source = '__author__ = "Jane Doe"\n' + documented(
        "Sum a list.\n\n    Args:\n        a: The list that Jane Doe likes.\n        b: A start.\n"
        "\n    Returns:\n        The sum as Jane Doe wants it.\n"
    )
    assert persons_of(source) == {"jane doe"}
    found = stated(source)
    assert "jane" not in f"{found.text} {found.returns}".lower() and "`b` is a start" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "Values are sorted by Frequency first.",
        "Each of the contributed amounts is summed.",
        "Find the index of the first of all values.",
        "The list is created by a loop over all pairs.",
        "Multiply the matrices A @ B.",
    ],
)
def test_words_of_a_problem_are_no_credit(text: str) -> None:
    assert not names_person(text, frozenset())


def test_whose_method_is_used_is_no_part_of_a_problem() -> None:
    assert without_method("Count bits using Brian Kernighan's algorithm.") == "Count bits."
    assert without_method("Brian Kernighan's algorithm counts.") == "Kernighan's algorithm counts."


def test_a_sentence_over_several_lines_is_kept_or_left_out_as_a_whole() -> None:
    text = "Find the sum of the two\nnumbers. It has a time\ncomplexity that is\nlinear. Add both."
    assert prose_of(text, frozenset()) == "Find the sum of the two numbers. Add both."


def test_a_long_text_is_shortened_by_sentences_and_never_cut() -> None:
    text = " ".join(f"Find the {'very ' * 40}large value of row {n}." for n in "abcde")
    found = prose_of(text, frozenset())
    assert found.endswith("of row c.") and len(found) <= 700


@pytest.mark.parametrize(
    ("name", "docstring", "result", "question"),
    [
        ("total", "Return the sum of a list.", NUMBERS, "what is the sum of a list?"),
        (
            "primes",
            "Count primes below a limit.",
            NUMBERS,
            "what is the number of primes below a limit?",
        ),
        (
            "f",
            "Check if the list is sorted.",
            TRUTHS,
            "what is the answer, true if the list is sorted?",
        ),
        ("f", "Return True if all differ.", TRUTHS, "what is the answer, true if all differ?"),
        ("max_gap", "Sort the list and look at gaps.", NUMBERS, "what is the maximum gap?"),
        ("f", "Sort the list and look at gaps.", NUMBERS, "which whole number is the answer?"),
    ],
)
def test_the_question_takes_the_words_of_the_file(
    name: str, docstring: str, result: ResultForm, question: str
) -> None:
    assert stated(documented(docstring, name=name), result).text.endswith(question)


def test_a_telling_name_is_a_task() -> None:
    assert stated(f"def modular_inverse(a, b):{BODY}").text == (
        "Given `a` and `b`, work out the modular inverse. "
        "Given `a` and `b`, what is the modular inverse?"
    )
    assert stated(f"def isBalanced(a, b):{BODY}", TRUTHS).text.startswith(
        'Decide for `a` and `b` whether "is balanced" holds.'
    )
    numbered = task_named("numTrees", ["n"])
    assert numbered is not None and numbered.asked == "the number of trees"


@pytest.mark.parametrize(
    "name",
    ["f", "solve", "solve1", "main", "solution", "helper", "hoi", "recursive_implementation"],
)
@pytest.mark.parametrize("docstring", ["", "The number of people is less than a hundred."])
def test_a_bare_name_without_words_that_ask_is_refused(name: str, docstring: str) -> None:
    with pytest.raises(UnitRefused) as refused:
        stated(documented(docstring, name=name))
    assert refused.value.reason == "nothing_asked"


def test_a_docstring_that_no_style_fits_is_free_text() -> None:
    assert documentation(":param").prose == "" and documentation("Args:\n  -").parameters == {}


def test_code_keeps_no_comment_and_no_line_of_a_docstring_that_names_a_person() -> None:
    code = '''def total(a, b):
    """Sum a list.

    Contributed by Jane Doe.
    """
    # Jane Doe's idea: add one by one
    for x in a:  # thanks to @jdoe
        b += x  # @param b is the sum
    return f"#{b} @jdoe"'''
    assert (
        without_credits(code, frozenset({"jane doe"}))
        == '''def total(a, b):
    """Sum a list.

    """
    for x in a:
        b += x  # @param b is the sum
    return f"#{b} @jdoe"'''
    )

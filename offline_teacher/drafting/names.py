"""What the name of a parameter suggests, the weakest evidence of all."""

import re

from offline_teacher.drafting.specs import (
    BoolSpec,
    FloatSpec,
    GraphSpec,
    IntSpec,
    LinkedListSpec,
    ListSpec,
    MatrixSpec,
    RowSpec,
    Spec,
    TextSpec,
    TreeSpec,
    WordsSpec,
    default_map,
)

_NUMBERS = ListSpec(element=IntSpec(low=0, high=20))
_PAIR = (IntSpec(low=0, high=5), IntSpec(low=0, high=8))
PAIRS = ListSpec(element=RowSpec(columns=_PAIR), shortest=2, longest=6)
_TUPLES = ListSpec(element=RowSpec(columns=_PAIR, wanted="tuple"), shortest=2, longest=6)
_SHORT = TextSpec(alphabet="abc", shortest=1, longest=4)
_BITS = MatrixSpec(cell=IntSpec(low=0, high=1))
_DIGITS = MatrixSpec(cell=IntSpec(low=0, high=9))
_MARKS = MatrixSpec(cell=TextSpec(alphabet="XO.", shortest=1, longest=1))


def _exactly(words: str, *, prefix: str = "", suffix: str = "") -> re.Pattern[str]:
    return re.compile(f"^{prefix}({'|'.join(words.split())}){suffix}$", re.IGNORECASE)


_BY_NAME: tuple[tuple[re.Pattern[str], tuple[Spec, ...]], ...] = (
    (_exactly("root tree t1 t2", suffix=r"\d?"), (TreeSpec(),)),
    (
        _exactly("head heada headb l1 l2 list_?node node", suffix=r"\d?"),
        (LinkedListSpec(), TreeSpec()),
    ),
    (
        _exactly("matrix grid board mat image img maze triangle table sudoku"),
        (_DIGITS, _MARKS, _BITS),
    ),
    (
        _exactly("edges intervals points prerequisites pairs meetings ranges coords connections"),
        (PAIRS, _TUPLES),
    ),
    (
        _exactly("graph adj adj_list adjacency"),
        (GraphSpec(), MatrixSpec(cell=IntSpec(low=0, high=1), square=True)),
    ),
    (
        _exactly(
            "words strs strings names worddict word_?list dictionary tokens lines sentences "
            "texts logs emails keys"
        ),
        (ListSpec(element=_SHORT), ListSpec(element=WordsSpec(), shortest=1, longest=4)),
    ),
    (
        _exactly(
            "arr array list lst nums numbers values vals data seq sequence items elements "
            "heights? prices? weights? coins candidates ints stones alist bills costs? profits? "
            r"piles ratings temps? temperatures deck cards gas vec vector unsorted\w* xs ls l",
            prefix=r"(\w*_)?",
            suffix=r"\d*",
        ),
        (_NUMBERS, ListSpec(element=FloatSpec(low=0.0)), ListSpec(element=_SHORT), _DIGITS),
    ),
    (
        _exactly(
            "s str string text word sentence message msg name phrase pattern line char ch letters? "
            "dna substr prefix suffix password plaintext ciphertext paragraph haystack needle "
            "expression expr equation roman binary magazine note title strand",
            prefix=r"(\w*_)?",
            suffix=r"\d*",
        ),
        (
            TextSpec(),
            WordsSpec(),
            TextSpec(alphabet="01", shortest=3, longest=8),
            TextSpec(alphabet="()[]{}", shortest=2, longest=8),
        ),
    ),
    (
        _exactly("d dic dict mapping map hash freq counts?"),
        (default_map(), default_map(ListSpec(element=IntSpec(low=0, high=9)))),
    ),
    (_exactly(r"is_\w+ has_\w+ reverse ascending descending flag verbose debug"), (BoolSpec(),)),
    (
        re.compile(r"^[a-z]$|num|count|size|len|index|idx|target|val|max|min|limit|n\d$", re.I),
        (IntSpec(), FloatSpec(), _NUMBERS, TextSpec()),
    ),
    (re.compile(r"(list|array|nums|arr|s)$"), (_NUMBERS,)),
)


def specs_from_name(name: str) -> tuple[Spec, ...]:
    """Specs that the name suggests, likeliest first; empty where it says nothing."""
    return next((specs for pattern, specs in _BY_NAME if pattern.search(name)), ())

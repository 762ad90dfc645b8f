"""The question that ends a statement: what exactly the answer is, in the words of the file."""

import re
from collections.abc import Sequence

from offline_teacher.drafting.naming import NamedTask
from offline_teacher.drafting.results import ResultForm, type_of

_TELLS = (
    r"find|compute|calculate|get|return|determine|yield|generate|produce|construct|enumerate|"
    r"obtain|give|evaluate|identify|retrieve|derive|estimate|count|list|gets|search for"
)
_ACTS = (
    r"add|append|apply|arrange|assign|build|break|change|check|choose|clear|combine|compare|compress|"
    r"convert|copy|create|decide|decode|decompress|decompose|decrypt|delete|design|detect|divide|"
    r"draw|encode|encrypt|expand|extract|fill|filter|fix|flatten|flip|format|group|implement|"
    r"increment|insert|interleave|invert|join|locate|look up|look|make|map|mark|match|maximi[sz]e|"
    r"measure|merge|minimi[sz]e|move|multiply|normali[sz]e|order|parse|partition|perform|permute|pick|"
    r"place|print|push|quote|raise|rank|read|rearrange|recover|reconstruct|recursively|reduce|remove|"
    r"replace|restore|reverse|rotate|round|sample|scan|select|separate|serialize|shift|shuffle|"
    r"simplify|simulate|solve|sort|split|square|store|subtract|sum|summarize|swap|test|traverse|"
    r"transform|translate|transpose|trim|try|update|use|validate|verify|write|work out|zip|"
    r"deserialize|distribute|justify|pad|wrap|display|convert|run|rewrite|redistribute|transfer|strip"
)
_TASK = re.compile(
    rf"^(?:\W*(?:recursively|iteratively|efficiently|also|then|to)\s+)?(?:{_TELLS}|{_ACTS})(?:s|es)?\b"
    rf"|\b(?:to|must|should|can you|please|and|then|we|you|that|which|function|program|,)"
    rf"\s+(?:\w+ly\s+)?"
    rf"(?:{_TELLS}|{_ACTS})s?\b"
    r"|\b(?:what|which|how many|how much)\b[^?]*\?|\b(?:number|task|goal|problem) is to\b"
    r"|^(?:the\s+)?(?:number|sum|product|minimum|maximum|length|cross product) of\b"
    r"(?!.*\b(?:is|are|was|were|will|can|may)\b)",
    re.IGNORECASE,
)
_GIVEN = re.compile(r"^(?:given|for|in)\b[^,]{0,160},\s*(?:we\s+|you\s+)?", re.IGNORECASE)
_SAID = re.compile(
    rf"^(?:recursively\s+|iteratively\s+|efficiently\s+)?(?P<verb>{_TELLS})(?:s|es)?\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_CHECKS = re.compile(
    r"^(?:\w+ly\s+)?(?:check|determine|decide|test|verify|validate|see|detect)(?:s|es)?\s+(?:if|whether)\s+"
    r"(?P<what>.+)$|^returns?\s+(?:true|whether)\s+(?:if\s+|iff\s+)?(?P<that>.+)$",
    re.IGNORECASE,
)
_ARTICLES = (
    r"(?:the|a|an|all|each|every|both|any|how|whether|minimum|maximum|number|index|sum|list|one)\b"
)
_AFTER = re.compile(r",? and (?:return|print|then)\b|, returning\b|[;:]")
_LONGEST = 160
_KINDS = {
    "int": "which whole number is the answer?",
    "float": "which number is the answer?",
    "bool": "what is the answer, true or false?",
    "str": "which text is the answer?",
    "List": "which list is the answer?",
    "Dict": "which mapping is the answer?",
}


def states_task(prose: str) -> bool:
    """Whether a sentence of the text asks for something."""
    return any(_TASK.search(sentence) for sentence in _sentences(prose))


def asked(prose: str, named: NamedTask | None, result: ResultForm, returns: str) -> str:
    """The question about a returned value; the first source that tells what the value is."""
    truth = type_of(result.outputs) == "bool"
    if returns:
        return _of_returns(returns)
    for sentence in _sentences(prose):
        question = _of_sentence(sentence, truth=truth)
        if question:
            return question
    if named is not None and named.asked and not truth:
        plural = named.asked.endswith("s") and not named.asked.endswith("ss")
        return f"what {'are' if plural else 'is'} {named.asked}?"
    kind = type_of(result.outputs).removeprefix("Optional[").rstrip("]").split("[")[0]
    return _KINDS.get(kind, "which value is the answer?")


def _sentences(prose: str) -> Sequence[str]:
    return re.split(r"(?<=[.!?])\s+", prose)


def _of_sentence(sentence: str, *, truth: bool) -> str:
    text = _GIVEN.sub("", sentence.rstrip(". "))
    checked = _CHECKS.match(text)
    if checked and truth:
        what = re.split(r",? (?:else|otherwise|and return)\b", checked["what"] or checked["that"])[
            0
        ]
        return f"what is the answer, true if {_lower_first(what)}?" if len(what) <= _LONGEST else ""
    said = _SAID.match(text)
    if said is None or truth or "?" in text or len(text) > _LONGEST:
        return ""
    what = _AFTER.split(said["what"])[0].rstrip(" ,")
    if said["verb"].lower() == "count" and not what.lower().startswith("the number"):
        return f"what is the number of {_lower_first(re.sub('(?i)^(all|the) ', '', what))}?"
    what = re.sub(r"^(?:A|An|a|an)\s", "the ", what)
    if not re.match(_ARTICLES, what, re.IGNORECASE):
        return ""
    return (
        f"what {_verb(what)} {_lower_first(_with_article(what))}?" if "how " not in what[:4] else ""
    )


def _of_returns(returns: str) -> str:
    if re.match(r"(?i)(true|false|whether)\b", returns):
        return f"what is the answer, {_truth(returns)}?"
    text = re.sub(r"^(A|An)\s", "the ", returns)
    return f"what {_verb(text)} {_lower_first(_with_article(text))}?"


def _verb(text: str) -> str:
    return "are" if re.match(r"(?i)(all|both|the \w+s of)\b", text) else "is"


def _truth(text: str) -> str:
    text = re.sub(r"\bTrue\b", "true", re.sub(r"\bFalse\b", "false", text))
    return text[0].lower() + text[1:]


def _with_article(text: str) -> str:
    first = text.split()[0].lower()
    articles = ("the", "a", "an", "all", "both", "each", "every", "this", "one", "any", "whether")
    bare = first.isalpha() and first not in articles and not first.endswith("s")
    return f"the {text[0].lower()}{text[1:]}" if bare else text


def _lower_first(text: str) -> str:
    word = text.split()[0]
    return text[0].lower() + text[1:] if word[1:].islower() or len(word) == 1 else text

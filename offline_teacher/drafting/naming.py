"""The name of a function as words, and as the task that it states; a bare name states none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ABBREVIATIONS = {
    "arr": "array", "avg": "average", "bfs": "breadth-first search", "bin": "binary",
    "bst": "binary search tree", "calc": "calculate", "concat": "concatenate", "conv": "convert",
    "del": "delete", "dfs": "depth-first search", "dic": "dictionary", "dict": "dictionary",
    "dist": "distance", "div": "division", "dup": "duplicate", "fib": "Fibonacci number",
    "fibo": "Fibonacci number", "fibonacci": "Fibonacci number", "gcd": "greatest common divisor",
    "gen": "generate", "idx": "index", "iso": "isomorphic", "lca": "lowest common ancestor",
    "lcm": "least common multiple", "lcs": "longest common subsequence", "len": "length",
    "lis": "longest increasing subsequence", "lst": "list", "max": "maximum", "min": "minimum",
    "mul": "multiply", "num": "number", "nums": "numbers", "pow": "power", "prod": "product",
    "rev": "reverse", "rm": "remove", "seq": "sequence", "str": "string", "sub": "substring",
    "subs": "substrings", "substr": "substring", "val": "value", "vals": "values",
    "isprime": "is prime", "heapify": "make a heap of",
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that tell how a function is used or written, not what it is for.
_EMPTY = _words(
    "a an and answer apply approach array backtrack basic better brute build call check compute "
    "calculate create data display do driver dp exec execute f first for force foo bar func "
    "function fun generate get go handle helper impl implementation improved in inner input item "
    "iter iterative list main make method my naive new next node number numbers of old optimal "
    "optimized output part perform print process prog program question rec recur recursion "
    "recursive res result return rewrite run script second set setup show simple sol solution "
    "solve solver start step string task test the to try update util utils value values version "
    "with work algorithm depth-first search breadth-first wrapper init"
)
_TERMS = _words(
    "anagram anagrams area average balance bfs binary bits bubblesort combinations compress "
    "count decode decompress decrypt deduplicate depth derivative determinant diameter digits "
    "dijkstra distance divisors duplicates encode encrypt entropy euclid euler expand factorial "
    "factorize factors fibonacci fizzbuzz flatten floyd greatest hash heapsort height histogram "
    "hypotenuse inorder insertionsort intersection inverse invert knapsack kadane largest "
    "least length levenshtein longest lowest maximum mean median merge mergesort minimum mode "
    "multiply normalize palindrome parity partition permutation permutations permute perimeter "
    "postorder power powerset predecessor preorder prime primes product quicksort reverse rotate "
    "search serialize shuffle sieve slope sort sqrt squares subsets subtract successor sum "
    "swap tokenize total transpose triangle union unique variance zigzag wiggle heapify hanoi "
    "collatz hamming jaccard deserialize bisect prefix suffix substring substrings "
    "subsequence vowels consonants frequency interpolate cubes distances"
)
_TESTS = _words("is has can are contains exists was does should valid")
_ASKS = _words("find get count compute calculate determine return search list")
_VERBS = _words(
    "add append balance build change clean compress convert create decode decompress decrypt "
    "delete divide draw encode encrypt expand extract fill filter fix flatten flip format generate "
    "group increment insert invert join jump make map mark merge move multiply normalize order "
    "parse partition permute pick place print quote rearrange reconstruct recover reduce remove "
    "replace restore reverse rotate select separate serialize set shift shuffle simplify sort "
    "split square subtract swap transform translate transpose traverse trim unquote update "
    "validate write rob paint decorate encipher decipher deserialize draw display pair"
)
_PROCEDURES = _words("sort search traversal")
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTask:
    """What a name asks for.

    Attributes:
        text: A sentence that states it.
        asked: The thing asked for as a phrase, or empty where the name is an action.
        tests: Whether the answer is yes or no.
    """

    text: str
    asked: str = ""
    tests: bool = False


def words_of(name: str) -> list[str]:
    """The words of an identifier in lower case, abbreviations written out."""
    spaced = re.sub(r"([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3 \2", name)
    words = re.findall(r"[A-Za-z]+", spaced.replace("_", " "))
    written = (_ABBREVIATIONS.get(word.lower(), word.lower()) for word in words)
    return " ".join(written).split()


def task_named(name: str, inputs: Sequence[str]) -> NamedTask | None:
    """The task that the name of a function states, or None where it says too little."""
    words = words_of(name)
    if not _says_something(words):
        return None
    first, rest = words[0], " ".join(words[1:])
    listed = listed_inputs(inputs)
    if first in _TESTS:
        return NamedTask(text=f'Decide for {listed} whether "{" ".join(words)}" holds.', tests=True)
    if first == "check" and rest:
        return NamedTask(text=f'Decide for {listed} whether "{rest}" holds.', tests=True)
    if words[-1] in _PROCEDURES:
        return NamedTask(text=f"Given {listed}, carry out a {' '.join(words)}.")
    if first in _ASKS and rest:
        asked = f"count of {rest}" if first == "count" else rest
        return NamedTask(text=f"Given {listed}, {first} the {rest}.", asked=f"the {asked}")
    if first in _VERBS:
        act = f"Given {listed}, {' '.join(words)}." if rest else f"{first.capitalize()} {listed}."
        return NamedTask(text=act)
    phrase = f"number of {rest}" if first == "number" and rest else " ".join(words)
    asked = "" if words[-1] in _VERBS else f"the {phrase}"
    return NamedTask(text=f"Given {listed}, work out the {phrase}.", asked=asked)


def _says_something(words: Sequence[str]) -> bool:
    telling = [
        word
        for word in words
        if len(word) >= _LEAST_LETTERS
        and word.lower() not in _EMPTY
        and re.search("[aeiouy]", word)
    ]
    named = any(word.lower() in _TERMS for word in words)
    return named or (bool(telling) and len(words) > 1)


def listed_inputs(names: Sequence[str]) -> str:
    """The names in backticks, as an enumeration."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"

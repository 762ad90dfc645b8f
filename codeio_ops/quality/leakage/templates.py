"""The words of our own prompts: they stand in every sample and leak nothing."""

from functools import cache

from codeio_ops.quality.leakage.text import tokens
from codeio_ops.teacher.prompting import template_texts


@cache
def template_grams(size: int) -> frozenset[tuple[str, ...]]:
    """Return the grams of `size` tokens in the fixed text of the prompt templates."""
    return frozenset(
        tuple(words[start : start + size])
        for words in map(tokens, template_texts())
        for start in range(len(words) - size + 1)
    )

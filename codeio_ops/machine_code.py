"""Compiles inner loops with numba, and keeps the machine code where this user may write."""

from collections.abc import Callable
from typing import Literal, TypedDict, TypeVar, Unpack, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


class Options(TypedDict, total=False):
    """Options of `numba.njit`."""

    inline: Literal["always"]
    error_model: Literal["numpy"]
    boundscheck: bool


def compiled(**options: Unpack[Options]) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function, which then runs without the interpreter's lock.

    It is compiled once for all processes, or in each of them where neither the directory of the
    package, nor the user's cache, nor NUMBA_CACHE_DIR is writable.
    """

    def compile_function(function: Function) -> Function:
        try:
            return cast(Function, numba.njit(cache=True, nogil=True, **options)(function))
        except RuntimeError:  # numba knows no place for its cache
            return cast(Function, numba.njit(nogil=True, **options)(function))

    return compile_function

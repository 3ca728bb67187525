"""The syntax tree of a revision file, which threads may ask for at the same time."""

from __future__ import annotations

import ast
from typing import Final

_ATTEMPTS: Final = 10


def source_tree(source: str | bytes, filename: str = "<unknown>") -> ast.Module:
    """Return what :func:`ast.parse` returns.

    Python before 3.13 counts the depth of a tree for all threads together: where several
    of them parse at once, it may end with a ``SystemError`` for no fault of the source
    (https://github.com/python/cpython/issues/106905). Another attempt succeeds.

    :param source: The text of the file.
    :param filename: Its name, for error messages.
    :raises SyntaxError: When it is no Python.
    """
    for _ in range(_ATTEMPTS):
        try:
            return ast.parse(source, filename)
        except SystemError:
            continue
    return ast.parse(source, filename)

"""A revision's message as it is written into a Python docstring.

The message may hold anything a person can type or paste; in the generated file it
must stay text. Templates put it between triple quotes.
"""

from __future__ import annotations

import ast
import re

_RUN_OF_QUOTES = re.compile(r"([\"'])(?=\1|\Z)")
# What with the quotes of the template could end the docstring.


def escape(message: str) -> str:
    """Return the message so that Python reads it back as it was typed.

    It stays text between quotes of either kind, also right before the closing ones.
    Only bytes that are not UTF-8, which Python takes for lone surrogates, are read
    back as what stands for them: Python 3.13 compiles no docstring that holds one.

    :param message: The message; it may hold quotes, backslashes, line breaks and
        control characters.
    """
    message = message.encode("utf-8", "backslashreplace").decode()
    text = _RUN_OF_QUOTES.sub(r"\\\g<0>", message.replace("\\", "\\\\"))
    return "".join(map(_character, text))


def _character(character: str) -> str:
    number = ord(character)
    if character in "\n\t" or character.isprintable():
        return character
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return f"\\u{number:04x}" if number > 0xFF else f"\\x{number:02x}"


def skeleton(source: str | bytes) -> str:
    """Return the structure of Python text with all its constants blanked.

    Two files that differ only in what their strings and numbers say have the same
    skeleton, so a message that has become code shows.

    :param source: Python text.
    :raises SyntaxError: When it does not compile.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value, node.kind = "", None
    return ast.dump(tree)

"""A revision's message as it is written into a Python docstring.

The message may hold anything a person can type or paste; in the generated file it
must stay text. Templates put it between triple quotes.
"""

from __future__ import annotations

import ast
import re

_PLAIN = re.compile(r"[\w .,;:!?()/&+=*-]*", re.ASCII)


def escape(message: str) -> str:
    """Return the message so that Python reads it back as it was typed.

    :param message: The message; it may hold quotes, backslashes, line breaks,
        control characters and bytes that are not UTF-8 (lone surrogates).
    """
    text = message.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(map(_character, text))


def _character(character: str) -> str:
    number = ord(character)
    if character in "\n\t" or (character.isprintable() and number < 0xD800):
        return character
    if character.isprintable() and number > 0xDFFF:
        return character
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return f"\\u{number:04x}" if number > 0xFF else f"\\x{number:02x}"


def is_plain(message: str) -> bool:
    """Return whether a message holds nothing that could matter to Python.

    :param message: The message.
    """
    return _PLAIN.fullmatch(message) is not None


def skeleton(source: str) -> str:
    """Return the structure of Python text with all string constants blanked.

    Two files that differ only in what their strings say have the same skeleton,
    so a message that has become code shows.

    :param source: Python text.
    :raises SyntaxError: When it does not compile.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)

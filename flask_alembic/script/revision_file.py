"""One revision file: its identifiers read, and replaced byte for byte.

Everything outside the literals and the docstring's own lines about them stays as it
is: encoding, byte order mark, line ends, comments.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import RevisionFileError
from .atomic_write import replace
from .header import assignments, bound

Value = str | tuple[str, ...] | None
"""What an identifier may be."""

Span = tuple[int, int]
"""From where to where something stands in a text, in characters."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True, slots=True)
class Literal:
    """An identifier in the source.

    .. versionadded:: 4.0
    """

    value: Value
    """What it is."""

    span: Span
    """Where it stands."""


class Source:
    """The source of a revision file, taken apart.

    :param text: The source, its line ends as they are.
    :raises SyntaxError: When it does not compile.
    """

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self._lines: Sequence[re.Match[str]] = list(_LINE.finditer(text))
        self._bound = list(bound(self.tree))

    def literal(self, name: str) -> Literal | None:
        """Find the one literal that a name is bound to.

        :param name: The name of an identifier.
        :return: ``None`` when there is none, or it is not all that binds the name.
        """
        values = [value for each, value in assignments(self.tree) if each == name]
        if len(values) != 1 or self._bound.count(name) != 1 or "*" in self._bound:
            return None
        node = values[0]
        if not _is_literal(node):
            return None
        value = ast.literal_eval(node)
        return Literal(
            tuple(value) if isinstance(value, list) else value, self._span(node)
        )

    def has(self, name: str) -> bool:
        """Return whether a name is bound at all.

        :param name: The name of an identifier.
        """
        return name in self._bound

    def docstring(self) -> tuple[str, Span]:
        """Return the docstring and where it stands; nothing when there is none."""
        text = ast.get_docstring(self.tree, clean=False)
        if text is None:
            return "", (0, 0)
        return text, self._span(self.tree.body[0])

    def _span(self, node: ast.expr | ast.stmt) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._index(node.lineno, node.col_offset),
            self._index(node.end_lineno, node.end_col_offset),
        )

    def _index(self, line: int, offset: int) -> int:
        """Return a place in characters; Python counts in bytes of UTF-8."""
        found = self._lines[line - 1]
        return found.start() + len(found[0].encode()[:offset].decode())


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(
            isinstance(part, ast.Constant) and isinstance(part.value, str)
            for part in node.elts
        )
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, type(None)))


TITLES: Final = {"revision": "Revision ID", "down_revision": "Revises"}
"""The lines of the docstring that repeat an identifier."""

_OPTIONAL: Final = ("branch_labels", "depends_on")
# What no quotes can hold as it is, and no identifier has.
_UNSAFE: Final = re.compile(r"['\"\\\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class RevisionFile:
    """What a revision file says about itself, and where it says so.

    .. versionadded:: 4.0
    """

    path: Path
    """The file."""

    text: str
    """Its content, line ends as they are."""

    encoding: str
    """How the content is encoded."""

    literals: Mapping[str, Literal]
    """The identifiers by name: ``revision`` and ``down_revision``, and of
    ``branch_labels`` and ``depends_on`` those that are literals."""

    message: str
    """The first line of the docstring."""

    docstring: Span
    """Where the docstring stands; empty when there is none."""

    @property
    def revision(self) -> str:
        """The id."""
        return str(self.literals["revision"].value)

    @property
    def parents(self) -> tuple[str, ...]:
        """The ids of the parents; empty for a base."""
        return several(self.literals["down_revision"].value)

    def changed(self, values: Mapping[str, Value]) -> bytes:
        """Return the content with other identifiers; nothing is written.

        :param values: The new ones by name; the others stay.
        :raises RevisionFileError: When one is no literal in the file, holds quotes,
            backslashes or control characters, or the result would not compile.
        """
        for name, value in values.items():
            self._require_replaceable(name, value)
        edits = [
            (self.literals[name].span, self._literal(value))
            for name, value in values.items()
        ]
        edits += self._docstring_edits(values)
        text = self.text
        for (start, end), new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        try:
            content = text.encode(self.encoding)
            compile(content, str(self.path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise RevisionFileError(
                f"{self.path} would not compile afterwards: {error}.",
                "Change it by hand; nothing was written.",
            ) from error
        return content

    def _require_replaceable(self, name: str, value: Value) -> None:
        if name not in self.literals:
            raise RevisionFileError(
                f"The revision file {self.path} has no {name!r} that is one literal.",
                "Change it by hand; nothing was written.",
            )
        if any(map(_UNSAFE.search, several(value))):
            raise RevisionFileError(
                f"{value!r} holds characters that {name!r} may not hold.",
                "Use letters, digits and underscores; nothing was written.",
            )

    def _literal(self, value: Value) -> str:
        """Return a literal in the file's own kind of quotes."""
        start = self.literals["revision"].span[0]
        quote = "'" if self.text[start] == "'" else '"'
        if value is None:
            return "None"
        if isinstance(value, str):
            return f"{quote}{value}{quote}"
        parts = [f"{quote}{part}{quote}" for part in value]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def _docstring_edits(
        self, values: Mapping[str, Value]
    ) -> Iterator[tuple[Span, str]]:
        """Yield what changes in the docstring: lines that hold the old identifier."""
        first, last = self.docstring
        for name in TITLES.keys() & values.keys():
            old = _as_written(self.literals[name].value)
            line = rf"^[ \t]*{TITLES[name]}:[ \t]*?([ \t]?{old})[ \t]*\r?$"
            found = list(re.finditer(line, self.text[first:last], re.MULTILINE))
            if found:
                # The last one: the message above may hold such a line too.
                start, end = found[-1].span(1)
                new = ", ".join(several(values[name]))
                yield (first + start, first + end), f" {new}"


def _as_written(value: Value) -> str:
    """Return a regular expression for how a docstring shows an identifier."""
    if not value:
        return "(?:None)?"
    return r",[ \t]*".join(map(re.escape, several(value)))


def several(value: Value) -> tuple[str, ...]:
    """Return an identifier's values as a tuple.

    :param value: None, one or several.

    .. versionadded:: 4.0
    """
    if not value:
        return ()
    return (value,) if isinstance(value, str) else value


def read(path: Path) -> RevisionFile:
    """Read a revision file without executing it.

    :param path: The file.
    :raises RevisionFileError: When it cannot be read, or computes its id or its parents.

    .. versionadded:: 4.0
    """
    try:
        content = path.read_bytes()
        encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        text = content.decode(encoding)
        source = Source(text)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        # Python's parser has no words for what is nested too deeply.
        why = str(error) or type(error).__name__
        raise RevisionFileError(
            f"The revision file {path} cannot be read: {why}.", "Fix the file."
        ) from error
    literals: dict[str, Literal] = {}
    for name in (*TITLES, *_OPTIONAL):
        found = source.literal(name)
        if found is not None:
            literals[name] = found
        elif name in TITLES:
            raise _unusable(path, name, source.has(name))
    if not isinstance(literals["revision"].value, str):
        raise _unusable(path, "revision", True)
    message, docstring = source.docstring()
    title = message.strip().partition("\n")[0].strip()
    return RevisionFile(path, text, encoding, literals, title, docstring)


def _unusable(path: Path, name: str, bound: bool) -> RevisionFileError:
    if not bound:
        return RevisionFileError(
            f"The revision file {path} has no {name!r}.", "Set it in the file."
        )
    return RevisionFileError(
        f"The revision file {path} computes {name!r}, or sets it more than once.",
        "Write it as one literal, or change the file by hand.",
    )


def write(path: Path, content: bytes) -> None:
    """Replace a file at once: whoever reads it sees all of it or the old one.

    :param path: The file.
    :param content: All of it.
    :raises RevisionFileError: When it cannot be written; it is then as it was.

    .. versionadded:: 4.0
    """
    try:
        replace(path, content)
    except OSError as error:
        raise RevisionFileError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Make the folder writable.",
        ) from error

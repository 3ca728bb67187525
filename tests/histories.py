"""Histories for tests: revision files written to disk."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

BODY = """

def upgrade():
    pass


def downgrade():
    pass
"""


@dataclass(frozen=True)
class File:
    """One revision file to be written."""

    revision: str
    downs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    name: str = ""
    folder: str = "versions"
    doc: str = "first line\n\nsecond paragraph\n"
    form: str = "literal"

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name or self.revision}.py"

    @property
    def source(self) -> str:
        down = self.downs[0] if len(self.downs) == 1 else self.downs or None
        lines = [
            f'"""{self.doc}"""',
            "from alembic import op",
            "",
            "# revision identifiers, used by Alembic.",
            f"revision = {self.revision!r}",
            f"down_revision = {down!r}",
            f"branch_labels = {self.labels or None!r}",
            f"depends_on = {self.depends or None!r}",
        ]
        if self.form == "computed":
            lines[4] = f"revision = ''.join({list(self.revision)!r})"
        elif self.form == "late":
            lines.append("if True:\n    down_revision = down_revision or None")
        elif self.form == "legacy":
            del lines[4]
        elif self.form == "orphan":
            del lines[5]
        elif self.form == "syntax":
            lines.append("def (")
        elif self.form == "raises":
            lines.append("revision = 1 / 0")
        return "\n".join(lines) + BODY


@dataclass(frozen=True)
class Files:
    """A whole history to be written."""

    files: tuple[File, ...]
    locations: tuple[str, ...] = ("versions",)
    recursive: bool = False
    sourceless: bool = False
    others: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return [file.revision for file in self.files]

    @property
    def labels(self) -> list[str]:
        return [label for file in self.files for label in file.labels]

    def write(self, root: Path) -> None:
        for location in self.locations:
            (root / location).mkdir(parents=True, exist_ok=True)
        for file in self.files:
            write(root / file.path, file.source)
        for path, content in self.others.items():
            write(root / path, content)


def write(path: Path, content: str, *, age: float = 3600) -> None:
    """Write a file as if that had been some time ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    past = time.time() - age
    os.utime(path, (past, past))


@contextmanager
def written(files: Files) -> Iterator[Path]:
    """Give a folder of its own to a history: modules are cached by path and second."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        files.write(root)
        yield root


def outcome(ask: Callable[..., Any], *args: Any, **named: Any) -> tuple[Any, ...]:
    """Return an answer, or the error, with the warnings on the way.

    Where Alembic names revisions in the order of a set, only the words count.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer: tuple[Any, ...] = ("answer", ask(*args, **named))
        except Exception as error:
            # pytest writes its own text into asserts of a package that is a plugin.
            text = "" if isinstance(error, AssertionError) else str(error)
            by_chance = "already used by" in text or "overlaps with" in text
            answer = ("error", type(error), words(text) if by_chance else text)
    return (*answer, sorted((w.category.__name__, str(w.message)) for w in caught))


def words(text: str) -> list[str]:
    return sorted(re.findall(r"[^\s,'()]+", text))

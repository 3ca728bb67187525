"""The picture of the floors, drawn from what the modules import.

``python docs/floors.py`` writes it into ``CONTRIBUTING.rst``; ``tests/test_docs.py`` fails
when it is out of date.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "flask_alembic"
PAGE = ROOT / "CONTRIBUTING.rst"
BEGIN, END = ".. floors\n\n.. code-block:: text\n\n", "\n.. end of floors\n"
WIDTH = 68


FLOORS = (
    ("hooks", "errors", "config_defaults", "sandbox"),
    ("config", "backends"),
    ("script",),
    ("runtime",),
    ("schema",),
    ("cli",),
    ("commands",),
    ("plugins",),
    ("builtin",),
    ("extension",),
    ("", "health", "new_revisions", "results", "revision_files", "signals", "testing"),
)
"""The floors from the ground up: what stands on each, by its name in the package.

Plugins stand above commands: most of them give what a command can do to a hook.
``tests/test_house.py`` fails when a module imports from a floor above its own.
"""


def room_of(path: Path) -> str:
    """Return the room that a file belongs to: its package, or its own name.

    :param path: A module below ``flask_alembic/``.
    """
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


def imported_rooms(path: Path) -> Iterator[str]:
    """Yield the rooms that a module imports, for types only too.

    :param path: The module.
    """
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        above = package[: len(package) - node.level + 1] if node.level else ()
        names = [*above, *(node.module or "").split(".")]
        names = [name for name in names if name]
        if names[0] != PACKAGE.name:
            continue
        if len(names) > 1:
            yield names[1]
        else:
            yield from (alias.name for alias in node.names)


def picture() -> str:
    """Return the floors, the highest first, with the rooms below that each imports."""
    imports: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        imports.setdefault(room_of(path), set()).update(imported_rooms(path))
    rows: list[list[str]] = []
    for number, rooms in reversed(list(enumerate(FLOORS))):
        below = [room for level in reversed(FLOORS[:number]) for room in level]
        used = {room for name in rooms for room in imports.get(name, ())}
        names = [room for room in below if room in used]
        if not below:
            text = "imports nothing of the house"
        elif names == below:
            text = "imports every floor below"
        else:
            text = f"imports {', '.join(names)}"
        title = "   ".join(room or "__init__" for room in rooms)
        rows.append(
            [
                title,
                *textwrap.wrap(
                    text, WIDTH - 6, initial_indent="    ", subsequent_indent="    "
                ),
            ]
        )
    rule = "─" * WIDTH
    lines = [f"┌{rule}┐"]
    for row in rows:
        lines += [f"│ {line:<{WIDTH - 2}} │" for line in row]
        lines.append(f"├{rule}┤")
    lines[-1] = f"└{rule}┘"
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the picture into the page."""
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    block = textwrap.indent(picture(), "    ")
    PAGE.write_text(f"{before}{BEGIN}{block}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()

"""Draw the pictures of the docs: ``python docs/pictures.py``.

Drawings are SVG files in ``docs/_static`` and always come out the same, which
``tests/test_docs.py`` checks. The terminal is drawn from ``docs/outputs``. The photo of the
page of ``flask db graph`` needs a Chromium (``CHROMIUM`` names it) and is left out without;
with Pillow it has fewer colours and a quarter of the size.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drawing import Drawing

DOCS = Path(__file__).parent
STATIC = DOCS / "_static"


def lifecycle() -> Drawing:
    """Draw what happens in ``flask db upgrade``."""
    d = Drawing("lifecycle", 760, 700)
    d.zone(20, 150, 460, 434, "under the migration lock", "wait")
    d.zone(44, 292, 412, 224, "in a transaction", "good")
    d.box(110, 20, 280, "before_command", "guard", mono=True)
    d.box(110, 90, 280, "connect, read the heads, plan")
    d.box(110, 184, 280, "read the heads and plan again")
    d.box(110, 240, 280, "before_upgrade", "guard", mono=True)
    d.box(80, 330, 340, "", height=86)
    d.text(250, 352, "apply_revision", "middle", mono=True)
    d.text(250, 376, "upgrade() of the revision", "middle")
    d.text(250, 402, "its row in alembic_version", "middle")
    d.box(80, 440, 156, "COMMIT", "good")
    d.box(264, 440, 156, "ROLLBACK", "bad")
    d.box(64, 528, 188, "revision_applied", "event", mono=True)
    d.box(264, 528, 188, "revision_failed", "event", mono=True)
    d.box(110, 604, 280, "after_upgrade", "event", mono=True)
    d.box(110, 656, 280, "after_command", "event", mono=True)
    for path in (
        "M250 56V88",
        "M250 126V182",
        "M250 220V238",
        "M250 276V328",
        "M158 416V438",
        "M342 416V438",
        "M158 476V526",
        "M342 476V526",
        "M158 564V602",
        "M250 640V654",
        "M420 384H440V354H422",
        "M436 564V674H392",
    ):
        d.arrow(path)
    for y, words in (
        (43, "a veto: exit code 3"),
        (104, "open_connection wraps it;\nnothing to do: no lock is taken"),
        (198, "waited longer than lock_timeout:\nexit code 4"),
        (263, "a veto: nothing has changed"),
        (354, "each step; before_statement\nsees each statement"),
        (452, "one for all steps, or one for each;\nrun_migrations wraps all of this"),
        (542, "told when it is true:\nanother connection can see it"),
        (627, "only on success"),
        (679, "always"),
    ):
        d.note(500, y, words)
    return d


def replicas() -> Drawing:
    """Draw three replicas that start at once."""
    d = Drawing("replicas", 760, 200)
    for number, name in enumerate(("web-1", "web-2", "web-3")):
        y = 20 + 52 * number
        d.text(16, y + 24, name, mono=True)
        if number == 0:
            d.box(90, y, 300, "upgrade, holding the lock", "good")
            d.box(400, y, 344, "serves", "event")
        else:
            d.box(90, y, 300, "waits for the lock", "wait")
            d.box(400, y, 176, "looks: nothing to do", "plain")
            d.box(586, y, 158, "serves", "event")
    d.arrow("M90 184H744")
    d.note(16, 189, "time")
    return d


def expand_contract() -> Drawing:
    """Draw a column that is replaced in four releases."""
    d = Drawing("expand", 760, 268, size=14)
    releases = (
        ("1: expand", "add full_name", "writes both,\nreads name"),
        ("2: move over", "fill it, NOT NULL", "writes both,\nreads full_name"),
        ("3: let go", "name may be NULL", "knows\nfull_name only"),
        ("4: contract", "drop name", "the same"),
    )
    for number, (title, schema, code) in enumerate(releases):
        x = 12 + 186 * number
        d.text(x + 85, 24, title, "middle")
        d.box(x, 44, 170, f"revision:\n{schema}", "good", height=60)
        d.box(x, 144, 170, f"code:\n{code}", "event", height=80)
        d.arrow(f"M{x + 85} 106V142")
        if number:
            d.arrow(f"M{x - 14} 184H{x - 2}")
            d.arrow(f"M{x - 60} 142L{x + 24} 106")
    d.note(
        12,
        254,
        "Each revision suits the code of its own release and of the one before.",
    )
    return d


def terminal(source: str, columns: int = 88) -> str:
    """Return an output as a drawing of a terminal.

    :param source: The name of the output.
    :param columns: How many characters a line of it holds.
    """
    from html import escape

    text = (DOCS / "outputs" / f"{source}.txt").read_text("utf-8").rstrip("\n")
    lines = [
        line[start : start + columns] or ""
        for line in text.split("\n")
        for start in range(0, max(len(line), 1), columns)
    ]
    width, height = 20 + int(columns * 8.44), 46 + 20 * len(lines)
    dots = "".join(
        f'<circle cx="{18 + 18 * number}" cy="16" r="5.5" fill="{colour}"/>'
        for number, colour in enumerate(("#f87171", "#fbbf24", "#34d399"))
    )
    rows = []
    for number, line in enumerate(lines):
        colour = "#5eead4" if line.startswith("$ ") else "#e2e8f0"
        rows.append(
            f'<text x="12" y="{50 + 20 * number}" style="fill:{colour}" '
            f'xml:space="preserve">{escape(line)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#0f172a"/>\n{dots}\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )


def drawings() -> dict[str, str]:
    """Return what every SVG file holds, by its name."""
    made: list[Callable[[], Drawing]] = [lifecycle, replicas, expand_contract]
    return {drawing.name: drawing.svg() for drawing in (make() for make in made)} | {
        "terminal": terminal("graph"),
    }


def photo(chromium: str) -> None:
    """Take the picture of the page that ``flask db graph`` writes.

    :param chromium: The browser.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            DOCS.parent / "examples" / "bookshop",
            Path(folder, "bookshop"),
            ignore=shutil.ignore_patterns("instance", "__pycache__"),
        )
        flask = [sys.executable, "-m", "flask", "--app", "bookshop", "db"]
        for words in (
            ["upgrade", "b6f4182ed03c", "-q"],
            ["graph", "--format", "html", "--output", "page.html"],
        ):
            subprocess.run([*flask, *words], cwd=folder, check=True)
        subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--hide-scrollbars",
                "--window-size=1400,800",
                f"--screenshot={STATIC / 'graph.png'}",
                f"file://{folder}/page.html#c8d25f7a1e03",
            ],
            check=True,
            capture_output=True,
        )
    with contextlib.suppress(ImportError):
        image: Any = importlib.import_module("PIL.Image")
        few = image.open(STATIC / "graph.png").convert("RGB").quantize(48)
        few.save(STATIC / "graph.png", optimize=True)


def main() -> None:
    """Write the files that have changed."""
    for name, text in drawings().items():
        path = STATIC / f"{name}.svg"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"{path.name} has changed")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium:
        photo(chromium)


if __name__ == "__main__":
    main()

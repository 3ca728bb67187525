"""Boxes, arrows and words for the pictures of the docs, as SVG.

The drawings stand inside the pages. Their text has the colour of the page and their fills
are translucent, so that they can be read on a light and on a dark page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

FILLS = {
    "plain": ("none", "#64748b"),
    "guard": ("rgba(245,158,11,.2)", "#d97706"),
    "event": ("rgba(59,130,246,.2)", "#3b82f6"),
    "good": ("rgba(20,184,166,.2)", "#0d9488"),
    "bad": ("rgba(239,68,68,.15)", "#ef4444"),
    "wait": ("rgba(100,116,139,.15)", "#94a3b8"),
}
"""Fill and stroke by what a box means."""


@dataclass
class Drawing:
    """A drawing of a fixed size, in pixels."""

    name: str
    width: int
    height: int
    size: int = 15
    parts: list[str] = field(default_factory=list)

    def zone(
        self, x: int, y: int, width: int, height: int, label: str, tint: str
    ) -> None:
        """Draw what lies behind boxes, with its label in the upper left corner."""
        fill = FILLS[tint][0]
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" '
            f'fill="{fill}"/>'
        )
        self.note(x + 14, y + 21, label)

    def box(
        self,
        x: int,
        y: int,
        width: int,
        lines: str,
        kind: str = "plain",
        mono: bool = False,
        height: int = 0,
    ) -> None:
        """Draw a box with lines of text in its middle."""
        words = lines.split("\n")
        height = height or 16 + 20 * len(words)
        fill, stroke = FILLS[kind]
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )
        top = y + (height - 20 * len(words)) // 2 + 15
        for number, line in enumerate(words):
            self.text(x + width // 2, top + 20 * number, line, "middle", mono)

    def text(
        self, x: int, y: int, words: str, anchor: str = "start", mono: bool = False
    ) -> None:
        """Write one line."""
        style = ' class="mono"' if mono else ""
        self.parts.append(
            f'<text x="{x}" y="{y}" text-anchor="{anchor}"{style}>{escape(words)}</text>'
        )

    def note(self, x: int, y: int, lines: str) -> None:
        """Write lines of less weight."""
        for number, line in enumerate(lines.split("\n")):
            self.parts.append(
                f'<text x="{x}" y="{y + 19 * number}" class="note">{escape(line)}</text>'
            )

    def arrow(self, path: str) -> None:
        """Draw an arrow along a path, as SVG writes paths."""
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="#64748b" stroke-width="1.6" '
            f'marker-end="url(#{self.name}-arrow)"/>'
        )

    def rule(self, path: str) -> None:
        """Draw a thin line along a path."""
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="#94a3b8" stroke-dasharray="3 4"/>'
        )

    def svg(self) -> str:
        """Return the file."""
        marker = (
            f'<marker id="{self.name}-arrow" viewBox="0 0 10 10" refX="9" refY="5" '
            'markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
            '<path d="M0 0 10 5 0 10z" fill="#64748b"/></marker>'
        )
        lines = [
            '<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {self.width} {self.height}" '
            'font-family="ui-sans-serif, system-ui, sans-serif" '
            f'font-size="{self.size}">',
            f"<defs>{marker}</defs>",
            *self.parts,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

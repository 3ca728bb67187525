"""What one run of the benchmarks measures, and with whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from contenders import PLUGINS, Contender


@dataclass(frozen=True)
class Setup:
    """The choices for one run.

    :param folder: Where projects are made.
    :param contenders: Who takes part, by name.
    :param rounds: How many times each thing is measured.
    :param sizes: Lengths of the histories.
    :param tables: How many revisions with a table each are run.
    :param urls: Servers to run them on, by the name of the database.
    :param counting: Whether instructions are counted.
    :param small: Whether a few commands are enough.
    """

    folder: Path
    contenders: dict[str, Contender]
    rounds: int
    sizes: list[int]
    tables: int
    urls: dict[str, str] = field(default_factory=dict)
    counting: bool = True
    small: bool = False

    def those(self, *without: str, plugins: bool = False) -> list[Contender]:
        """Return who takes part in something.

        :param without: Names of those who do not.
        :param plugins: Whether the app with five plugins does.
        """
        left_out = set(without) | (set() if plugins else {PLUGINS})
        return [one for name, one in self.contenders.items() if name not in left_out]

    def project(self, contender: Contender, kind: str) -> Path:
        """Return the folder of a contender's project.

        :param contender: Whose.
        :param kind: What it is for.
        """
        return self.folder / "projects" / kind / contender.name.replace(" ", "-")

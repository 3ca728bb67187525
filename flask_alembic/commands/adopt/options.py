"""An adoption as it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...runtime.environment import Environment


@dataclass(frozen=True, slots=True)
class AdoptOptions:
    """An adoption as it was asked for."""

    databases: tuple[str, ...] = ()
    """Which databases; all for none."""

    baseline: Any = "heads"
    """The revision whose tables the databases have."""

    generate: bool = False
    """Whether to make that revision from the first database."""

    message: str = "baseline"
    """What a generated revision is about."""

    rev_id: str | None = None
    """The id of a generated revision; asked from plugins when it is not given."""

    ignore: tuple[str, ...] = ()
    """Patterns of names to leave out of the comparison."""

    scratch_url: str | None = None
    """Where to make the scratch database."""

    x_arguments: tuple[str, ...] = ()
    """``key=value`` texts for ``get_x_argument()``."""

    force: bool = False
    """Whether to stamp where ``ALEMBIC["protected"]`` refuses, and to write a
    generated revision in spite of lint errors."""

    stamp: bool = True
    """Whether to stamp; else it is only compared."""

    def patterns(self, environment: Environment) -> tuple[str, ...]:
        """Return what is left out, by the settings too.

        :param environment: The app's environment.
        """
        return (*environment.settings.drift_ignore, *self.ignore)

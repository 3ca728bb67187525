"""``irreversible`` in a revision file: that the revision cannot be reverted, and why.

::

    irreversible = "drops the payments archive"

The name stands at the top level of the file. It may be ``True``, or a text that gives
the reason.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from alembic.script import Script

IRREVERSIBLE: Final = "irreversible"
"""The name in the revision file."""


def read_mark(value: object) -> bool | str:
    """Return the value of the name, if it may have it.

    :param value: What the file assigns to it; ``None`` where it does not.
    :return: ``False``, ``True`` or the reason.
    :raises TypeError: For anything else, an empty text included.

    .. versionadded:: 4.0
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.strip():
        return value
    raise TypeError(f"{IRREVERSIBLE} is {value!r}")


def mark_of(module: ModuleType) -> bool | str:
    """Return what an executed revision file says.

    :param module: The module.
    :raises TypeError: When it is neither a ``bool`` nor a reason.

    .. versionadded:: 4.0
    """
    return read_mark(getattr(module, IRREVERSIBLE, None))


def irreversible(script: Script) -> bool | str:
    """Return whether a revision says that it cannot be reverted, or the reason.

    Its file is not executed for that, unless the history needed it.

    :param script: The revision, from the index or from Alembic's map.

    .. versionadded:: 4.0
    """
    light: Any = script
    # What the index knows has the attribute; Alembic's own object has the module only.
    if hasattr(type(light), IRREVERSIBLE):
        known: bool | str = light.irreversible
        return known
    return mark_of(script.module)

"""The names that MySQL and MariaDB make up for constraints and indexes without one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint

if TYPE_CHECKING:
    from sqlalchemy import Constraint


def is_made_name(item: Constraint | Index) -> bool:
    """Tell whether a name is like those that the server makes up.

    :param item: A reflected constraint or index of a table.
    """
    name = str(item.name or "")
    table = item.table
    if table is None:
        return False
    prefix = re.escape(str(table.name))
    if isinstance(item, ForeignKeyConstraint):
        pattern = rf"{prefix}_ibfk_\d+"
    elif isinstance(item, CheckConstraint):
        pattern = rf"CONSTRAINT_\d+|{prefix}_chk_\d+"
    elif isinstance(item, (UniqueConstraint, Index)):
        columns = [column.name for column in item.columns]
        pattern = rf"{re.escape(columns[0])}(_\d+)?" if columns else "(?!)"
    else:
        return False
    return re.fullmatch(pattern, name) is not None

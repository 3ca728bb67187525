"""Which statements MySQL and MariaDB commit by themselves.

https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
"""

from __future__ import annotations

import re

from .statements import without_comments

_COMMITS = (
    r"ALTER|CREATE|DROP|RENAME|TRUNCATE|COMMENT",
    r"GRANT|REVOKE|SET\s+(?:PASSWORD|ROLE|DEFAULT\s+ROLE)",
    r"BEGIN|START\s+TRANSACTION|COMMIT|XA",
    r"SET\s+(?:SESSION\s+|@@(?:SESSION\.)?)?AUTOCOMMIT",
    r"LOCK\s+(?:TABLES?|INSTANCE)|UNLOCK",
    r"ANALYZE|CACHE\s+INDEX|CHECK|FLUSH|LOAD\s+INDEX|OPTIMIZE|REPAIR|RESET",
    r"(?:UN)?INSTALL|SHUTDOWN|BACKUP",
    r"START\s+(?:ALL\s+)?(?:SLAVE|REPLICA)|STOP\s+(?:ALL\s+)?(?:SLAVE|REPLICA)|CHANGE",
    # What a procedure or a prepared text does is known to the server alone.
    r"CALL|EXECUTE",
)
_STATEMENT = re.compile(rf"(?:{'|'.join(_COMMITS)})\b", re.IGNORECASE)
# An analysed query is a query; ANALYZE TABLE and CHECK TABLE are not.
_QUERY = re.compile(
    r"ANALYZE\s+(?:FORMAT\s*=\s*\w+\s+)?(?:SELECT|UPDATE|DELETE|INSERT|REPLACE|WITH)\b"
    r"|(?:CREATE(?:\s+OR\s+REPLACE)?|DROP)\s+TEMPORARY\b",
    re.IGNORECASE,
)
_EXECUTABLE = re.compile(r"/\*M?!\d*(.*?)\*/", re.IGNORECASE | re.DOTALL)
_SET_STATEMENT = re.compile(r"SET\s+STATEMENT\b.*?\bFOR\s+", re.IGNORECASE | re.DOTALL)


def commits_implicitly(statement: str) -> bool:
    """Tell whether the server commits when it executes a statement, or may do so.

    :param statement: One statement; leading comments are skipped, comments that the
        server executes (``/*! ... */``) are read.
    """
    sql = without_comments(_EXECUTABLE.sub(r" \1 ", statement))
    sql = _SET_STATEMENT.sub("", sql, count=1) if _SET_STATEMENT.match(sql) else sql
    return bool(_STATEMENT.match(sql)) and not _QUERY.match(sql)

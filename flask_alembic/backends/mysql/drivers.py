"""Modules of drivers for MySQL and MariaDB, and the packages that have them."""

from __future__ import annotations

from types import MappingProxyType

DRIVERS = MappingProxyType(
    {
        "MySQLdb": "mysqlclient",
        "mysql": "mysql-connector-python",
        "pymysql": "PyMySQL",
    }
)

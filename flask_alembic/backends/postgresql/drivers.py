"""Modules of drivers for PostgreSQL, and the packages that have them."""

from __future__ import annotations

from types import MappingProxyType

DRIVERS = MappingProxyType(
    {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary"}
)

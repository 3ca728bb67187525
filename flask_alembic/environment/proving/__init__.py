"""Comparing models and databases by proof: what is equal need not be compared.

One query describes every table of a database, and the same description is made of the
models. A table whose two descriptions are equal has nothing to report; Alembic compares
the others, and is told of no more.
"""

from __future__ import annotations

from .comparing import produce_migrations, run_autogenerate

__all__ = ["produce_migrations", "run_autogenerate"]

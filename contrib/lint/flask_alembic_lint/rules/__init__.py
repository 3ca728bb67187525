"""The rules, one module a topic; importing this package registers all of them."""

from __future__ import annotations

from . import (
    adding,
    backends,
    changing,
    constraints,
    data,
    dropping,
    enums,
    files,
    generated,
    indexes,
    keys,
    locking,
    names,
    nullability,
    renaming,
    statements,
    texts,
    waiving,
)
from .base import RULES, Hit, Rule, rule

__all__ = [
    "RULES",
    "Hit",
    "Rule",
    "adding",
    "backends",
    "changing",
    "constraints",
    "data",
    "dropping",
    "enums",
    "files",
    "generated",
    "indexes",
    "keys",
    "locking",
    "names",
    "nullability",
    "renaming",
    "rule",
    "statements",
    "texts",
    "waiving",
]

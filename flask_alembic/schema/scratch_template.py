"""What a template of a scratch database is built from, as a hash for each revision."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..script.index_cache import index_path

if TYPE_CHECKING:
    from alembic.script import Script

    from ..runtime.databases import Database
    from ..runtime.environment import Environment

_FORMAT: Final = 1
# Raised when the same history would build something else with this version.

_IMPORTED: Final = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([\w.]+)", re.MULTILINE)
_DISTRIBUTIONS: Final = ("alembic", "SQLAlchemy")


def template_folder(environment: Environment) -> Path | None:
    """Return the folder for templates that are files.

    It is where Python keeps compiled revision files.

    :param environment: The app's environment.
    :return: ``None`` where the interpreter keeps no files.
    """
    if sys.dont_write_bytecode:
        return None
    path = index_path(os.path.realpath(environment.locations.script))
    return None if path is None else Path(path).with_suffix(".templates")


def project_of(environment: Environment, database: Database) -> str:
    """Return what tells the templates of one app and database from those of others.

    :param environment: The app's environment.
    :param database: The database.
    """
    where = os.path.realpath(environment.locations.script)
    return _hash(where.encode(), database.name.encode())[:8]


def template_keys(
    environment: Environment,
    database: Database,
    server: str,
    scripts: Sequence[Script],
    x_arguments: Sequence[str],
) -> list[str]:
    """Return for each revision what a database is known by that was built up to it.

    A key depends on the id and content of each file, on modules of the project that
    the files import, on the version of the server, of SQLAlchemy and Alembic, and on
    what revisions are run with.

    :param environment: The app's environment.
    :param database: The database.
    :param server: Name and version of the server.
    :param scripts: The revisions in the order in which they run.
    :param x_arguments: ``key=value`` texts for ``get_x_argument()``.
    """
    options = environment.version_options(database.name)
    facts: list[Any] = [_FORMAT, server, database.name, database.engine.dialect.driver]
    facts += [importlib.metadata.version(name) for name in _DISTRIBUTIONS]
    facts += [sorted(options.items()), list(x_arguments)]
    facts.append(environment.settings.of("real_transactions", database.name))
    key = _hash(repr(facts).encode())
    modules: dict[bytes, bytes] = {}
    keys = []
    for script in scripts:
        content = Path(script.path).read_bytes()
        names = sorted(set(_IMPORTED.findall(content)))
        key = _hash(
            key.encode(),
            script.revision.encode(),
            content,
            *(_module(name, modules) for name in names),
        )
        keys.append(key)
    return keys


def _module(name: bytes, known: dict[bytes, bytes]) -> bytes:
    """Return the content of a module of the project; nothing for one of a package."""
    if name not in known:
        module = sys.modules.get(name.decode())
        path = getattr(module, "__file__", None)
        known[name] = b""
        if path and "site-packages" not in path and not _is_standard(name.decode()):
            try:
                known[name] = Path(path).read_bytes()
            except OSError:
                known[name] = b"?"
    return known[name]


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:24]

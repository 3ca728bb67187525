"""What calls of an ``env.py`` mean, by the name of what is called."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, Protocol

from .item import NO_COUNTERPART, NOT_NEEDED, SETTING, Verdict
from .python_source import texts
from .settings_module import CONFIG, NotCopied

if TYPE_CHECKING:
    from .app_facts import AppFacts
    from .python_source import PythonSource
    from .settings_module import SettingsModule

LOGGING: Final = frozenset({"logging.getLogger", "structlog.get_logger"})
"""What makes a logger."""

UNNEEDED: Final = {
    "logging.config.fileConfig": "logging stays as the app has it",
    "logging.config.dictConfig": "logging stays as the app has it",
    "logging.basicConfig": "logging stays as the app has it",
    "logging.disable": "logging stays as the app has it",
    "alembic.context.begin_transaction": "flask db begins and ends the transactions",
    "alembic.context.is_offline_mode": "flask db upgrade --sql",
    "sys.path.append": "flask finds the app",
    "sys.path.insert": "flask finds the app",
    "sys.path.extend": "flask finds the app",
    "dotenv.load_dotenv": "flask loads .env files",
    "site.addsitedir": "flask finds the app",
    "os.chdir": "flask finds the app",
    "asyncio.set_event_loop_policy": "flask db brings an event loop",
    "asyncio.set_event_loop": "flask db brings an event loop",
    "nest_asyncio.apply": "flask db brings an event loop",
}
"""Calls that nothing has to take the place of, and why."""

ENGINE_CALLS: Final = frozenset(
    {
        "engine_from_config",
        "async_engine_from_config",
        "create_engine",
        "create_async_engine",
        "connect",
        "get_engine",
        "get_bind",
        "engine",
        "run_sync",
        "execution_options",
        "connection",
    }
)
"""Names of what makes an engine or a connection."""

OUTPUT: Final = frozenset(
    {"debug", "info", "warning", "warn", "error", "critical", "exception", "log"}
    | {"setLevel", "addHandler", "addFilter", "propagate", "print_stdout"}
)
"""Methods of a logger."""

_TRANSACTION: Final = "flask db begins and ends the transactions"
_CLOSED: Final = "flask db closes what it opens"
METHODS: Final = {
    "begin": _TRANSACTION,
    "begin_twophase": _TRANSACTION,
    "commit": _TRANSACTION,
    "rollback": _TRANSACTION,
    "prepare": _TRANSACTION,
    "close": _CLOSED,
    "dispose": _CLOSED,
    "print_stdout": "flask db prints what it does",
}
"""Methods that need nothing in their place, and why."""

_LOADERS: Final = re.compile(
    r"(?:^|\.)_?(?:import|load|register|discover|init|configure|autodiscover)_?\w*"
    r"(?:model|mapper|metadata|entit|table)\w*$"
)


class Reader(Protocol):
    """What the rules need of what reads an ``env.py``."""

    source: PythonSource
    module: SettingsModule
    facts: AppFacts
    is_several: bool
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
    judged: dict[ast.AST, Verdict]
    connections: set[str]
    locals: list[ast.stmt]
    is_after: bool

    def add(
        self,
        node: ast.stmt | ast.expr | ast.keyword,
        verdict: Verdict,
        what: str,
        reason: str,
        key: str = "",
        *,
        header: bool = False,
    ) -> Verdict:
        """Add what a part becomes."""

    def is_offline_now(self) -> bool:
        """Return whether a function for ``--sql`` is read."""

    def function_now(self) -> ast.AST:
        """Return the function that is read, or the file."""

    def text_behind(self, node: ast.AST) -> str:
        """Return the strings of a node, and of the functions that it calls."""


def is_registration(name: str) -> bool:
    """Return whether a call registers something with Alembic or SQLAlchemy.

    :param name: The full name of what is called.
    """
    return name.rpartition(".")[2] in (
        "register_entities",
        "register_operations",
        "configure_mappers",
        "set_configuration",
    )


def is_model_loader(name: str) -> bool:
    """Return whether a call imports models.

    :param name: The full name of what is called.
    """
    return bool(_LOADERS.search(name)) or name == "importlib.import_module"


def set_option(
    reader: Reader, node: ast.Expr, call: ast.Call, name: str
) -> Verdict | None:
    """Judge ``config.set_main_option()``; ``None`` for another call.

    :param reader: What reads the file.
    :param node: The statement.
    :param call: The call.
    :param name: The full name of what is called.
    """
    method = name.rpartition(".")[2]
    if not name.startswith(CONFIG) or method not in (
        "set_main_option",
        "set_section_option",
    ):
        return None
    arguments = call.args
    key = texts(arguments[0]) if arguments else ""
    if method == "set_section_option":
        key = texts(arguments[1]) if len(arguments) > 1 else ""
    value = arguments[-1] if len(arguments) > 1 else None
    if not key or value is None:
        return reader.add(
            node,
            NO_COUNTERPART,
            f"{method}()",
            "The key is computed. A hook configure(config) can call it.",
        )
    if "url" in key:
        return reader.add(
            node, NOT_NEEDED, key, "the app has the URL, and % is not doubled"
        )
    return _set_option(reader, node, key, value)


def _set_option(reader: Reader, node: ast.Expr, key: str, value: ast.expr) -> Verdict:
    if key in ("script_location", "version_locations") and not isinstance(
        value, ast.Constant
    ):
        return reader.add(
            node,
            SETTING,
            key,
            "It is computed here: set it, or give it in a hook version_locations.",
            f'ALEMBIC["{key}"]',
        )
    try:
        text, is_lazy = reader.module.expression(value)
    except NotCopied as error:
        return reader.add(
            node, SETTING, key, f"Set it yourself: {error.reason}.", f'ALEMBIC["{key}"]'
        )
    if is_lazy:
        return reader.add(
            node, SETTING, key, "Set it where the app is made.", f'ALEMBIC["{key}"]'
        )
    reader.module.options[key] = text
    return reader.add(node, SETTING, key, "", f'ALEMBIC["{key}"]')

"""The module that is proposed: settings, functions and hooks in place of an ``env.py``."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

from ...hooks.redaction import hide_secrets
from .ini_file import MAIN, IniFile
from .python_source import (
    Function,
    PythonSource,
    Replace,
    free_names,
    parse,
    stored,
)

CONFIG: Final = "alembic.context.config"
APP_MAKERS: Final = ("create_app", "make_app", "app_factory", "flask.Flask")
_APPS: Final = frozenset({"app", "application", "flask_app"})

_HEADER: Final = '''\
"""Settings for Flask-Alembic, made by flask db import-env from {files}.

{usage}
"""
'''


class NotCopied(Exception):
    """A piece of ``env.py`` cannot stand in another module.

    :param reason: Why, as a sentence without its end.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SettingsModule:
    """Collects what is set, and writes it down as a module.

    :param source: The ``env.py``.
    :param ini: The configuration file, if there is one.
    """

    def __init__(self, source: PythonSource, ini: IniFile | None) -> None:
        self.source = source
        self.ini = ini
        self.options: dict[str, str] = {}
        """By key of ``ALEMBIC``: the value as Python."""
        self.context: dict[str, str] = {}
        """By key of ``ALEMBIC_CONTEXT``: the value as Python."""
        self.app_context: dict[str, str] = {}
        """The same, for values that need an app: what ``context_options`` gives."""
        self.metadatas = ""
        """The metadata as Python, where the app does not have it."""
        self.session: list[str] = []
        """Statements for each connection."""
        self.detach = False
        """Whether connections must not go back to the pool."""
        self.guards: list[str] = []
        """Statements that refuse an upgrade."""
        self.after: list[str] = []
        """Statements for the end of an upgrade."""
        self.copied: dict[ast.stmt, str] = {}
        """Statements of the top level of ``env.py`` that are needed, with their text."""
        self.masked: set[str] = set()
        """Pieces in which a password was masked."""
        self._imports: set[str] = set()
        self._imported: dict[ast.stmt, set[str]] = {}
        self._lazy: set[str] = set()
        self.definitions: dict[str, list[ast.stmt]] = {}
        for node in source.tree.body:
            for name in _bound(node):
                self.definitions.setdefault(name, []).append(node)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to set."""
        return not (
            self.options
            or self.context
            or self.app_context
            or self.metadatas
            or self.copied
            or self.has_hooks
        )

    @property
    def has_hooks(self) -> bool:
        """Whether it is a plugin, too."""
        return bool(self.session or self.guards or self.after or self.app_context)

    # Copying -------------------------------------------------------------------

    def set_context(self, key: str, value: ast.expr) -> None:
        """Set an argument of the context.

        :param key: Its name.
        :param value: What it is in ``env.py``.
        :raises NotCopied: When the value depends on what is only there.
        """
        text, is_lazy = self.expression(value)
        (self.app_context if is_lazy else self.context)[key] = text

    def expression(
        self, value: ast.expr, known: Iterable[str] = ()
    ) -> tuple[str, bool]:
        """Return an expression as it can stand in the module, and whether it needs an app.

        :param value: The expression.
        :param known: Names that mean something where it will stand.
        :raises NotCopied: When it depends on what is only in ``env.py``.
        """
        text = self._masked(self.source.code(value, self._replacement(value)))
        names = free_names(f"({text}\n)") - set(known)
        self._require(names)
        is_lazy = bool(names & (self._lazy | {"current_app"}))
        return text, is_lazy and not isinstance(value, ast.Lambda)

    def statements(
        self,
        nodes: Iterable[ast.stmt],
        renamed: Mapping[str, str],
        known: Iterable[str] = (),
    ) -> list[str]:
        """Return statements of a function as they can stand in a hook.

        :param nodes: The statements.
        :param renamed: Local names, and what they are called in the hook.
        :param known: Further names that the hook has.
        :raises NotCopied: When they depend on what is only in ``env.py``.
        """
        pieces: list[str] = []
        free: set[str] = set()
        bound = {*renamed.values(), *known}
        for node in nodes:
            text = self.source.code(node, self._replacement(node, renamed))
            pieces.append(self._masked(text))
            free |= free_names(text) - bound
            bound |= stored(node)
        self._require(free)
        return pieces

    def copy(self, node: ast.stmt) -> None:
        """Copy a statement of the top level, which does something when it is imported.

        :param node: The statement.
        :raises NotCopied: When it depends on what is only in ``env.py``.
        """
        needed: dict[ast.stmt, str] = {}
        self._collect(node, needed)
        if any(self._needs_app(text) for text in [needed[node]]):
            raise NotCopied("it needs the app, which is not there when it is imported")
        self.copied.update(needed)

    def import_module(self, node: ast.Import | ast.ImportFrom) -> None:
        """Import what ``env.py`` imports for what the import does.

        :param node: The import.
        """
        self.copied[node] = self.source.code(node) + "  # noqa: F401, F403"

    def _require(self, names: Iterable[str]) -> None:
        needed: dict[ast.stmt, str] = {}
        wanted: dict[ast.stmt, set[str]] = {}
        for name in sorted(names):
            self._collect_name(name, needed, wanted)
        for node, some in wanted.items():
            self._imported.setdefault(node, set()).update(some)
        self.copied.update(needed)

    def _collect_name(
        self,
        name: str,
        needed: dict[ast.stmt, str],
        wanted: dict[ast.stmt, set[str]] | None = None,
    ) -> None:
        if name == "current_app" and name not in self.definitions:
            self._imports.add("from flask import current_app")
            return
        nodes = self.definitions.get(name)
        if name == "__file__":
            raise NotCopied("it uses __file__, the path of env.py")
        if not nodes:
            raise NotCopied(f"it uses {name}, which only env.py has")
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                if self.source.dotted_names[name].startswith("alembic.context"):
                    raise NotCopied(
                        "it uses alembic.context, which is there in revisions only"
                    )
                needed[node] = ""
                target = self._imported if wanted is None else wanted
                target.setdefault(node, set()).add(name)
            elif node not in needed and node not in self.copied:
                self._collect(node, needed)

    def _collect(self, node: ast.stmt, needed: dict[ast.stmt, str]) -> None:
        text = self._masked(self.source.code(node, self._replacement(node)))
        needed[node] = text
        for name in sorted(free_names(text)):
            self._collect_name(name, needed)
        if self._needs_app(text) and not isinstance(node, Function | ast.ClassDef):
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if not isinstance(node, ast.Assign) or not isinstance(target, ast.Name):
                raise NotCopied(
                    "it needs the app, which is not there when it is imported"
                )
            self._lazy.add(target.id)
            self._imports.add("from werkzeug.local import LocalProxy")
            value = self.source.code(node.value, self._replacement(node.value))
            needed[node] = f"{target.id} = LocalProxy(lambda: {self._masked(value)})"

    def _needs_app(self, text: str) -> bool:
        return bool(free_names(text) & (self._lazy | {"current_app"}))

    def _masked(self, text: str) -> str:
        masked = hide_secrets(text)
        if masked == text:
            return text
        try:
            parse(f"({masked}\n)")
        except SyntaxError:
            try:
                parse(masked)
            except SyntaxError:
                raise NotCopied("there is a password in it") from None
        self.masked.add(masked)
        return masked

    # What is written in place of what only env.py has --------------------------

    def _replacement(
        self, root: ast.AST, renamed: Mapping[str, str] | None = None
    ) -> Replace:
        """Return what takes the place of nodes inside a piece that is copied."""
        text = ast.unparse(root)
        free = free_names(text if isinstance(root, ast.stmt) else f"({text}\n)")
        free |= set(renamed or ())

        def replace(node: ast.AST) -> str | None:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                if renamed and node.id in renamed:
                    return renamed[node.id]
                if node.id in free and self.is_app(node.id):
                    self._imports.add("from flask import current_app")
                    return "current_app"
            if is_autogenerate(self.source, node):
                return "True"
            return self._from_ini(node)

        return replace

    def is_app(self, name: str) -> bool:
        """Return whether a name of ``env.py`` is the Flask app.

        :param name: The name.
        """
        for node in self.definitions.get(name, ()):
            if isinstance(node, ast.ImportFrom) and name in _APPS:
                return True
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                called = self.source.dotted(node.value.func)
                if called.rpartition(".")[2] in APP_MAKERS or called in APP_MAKERS:
                    return True
        return False

    def _from_ini(self, node: ast.AST) -> str | None:
        """Return the value that ``config`` gives, which is known from the file."""
        dotted = self.source.dotted(node)
        if dotted == f"{CONFIG}.config_ini_section":
            return repr(MAIN)
        if not isinstance(node, ast.Call) or self.ini is None:
            return None
        called = self.source.dotted(node.func)
        arguments = [_constant(self.source, each) for each in node.args]
        if None in arguments[: 2 if called.endswith("section_option") else 1]:
            return None
        sections = self.ini.sections
        if called == f"{CONFIG}.get_main_option" and arguments:
            value = sections.get(MAIN, {}).get(str(arguments[0]))
            rest = node.args[1:]
        elif called == f"{CONFIG}.get_section_option" and len(arguments) > 1:
            value = sections.get(str(arguments[0]), {}).get(str(arguments[1]))
            rest = node.args[2:]
        elif called == f"{CONFIG}.get_section" and arguments:
            section = sections.get(str(arguments[0]))
            if section is not None and not any(map(is_secret, section.items())):
                return repr(dict(section))
            return None if section else self._default(node.args[1:])
        else:
            return None
        if value is None:
            return self._default(rest)
        return None if is_secret((str(arguments[-1]), value)) else repr(value)

    def _default(self, rest: list[ast.expr]) -> str:
        return self.source.code(rest[0]) if rest else "None"

    # Writing -------------------------------------------------------------------

    def render(self, name: str, files: Iterable[str]) -> str:
        """Return the module as text.

        :param name: What it is called.
        :param files: Where it comes from.
        """
        text = _HEADER.format(files=" and ".join(files), usage=self._usage(name))
        was_definition = False
        for piece in filter(None, self._body()):
            is_definition = piece.startswith(("def ", "async def ", "class ", "@"))
            text += "\n\n" if is_definition or was_definition else "\n"
            text += piece.strip("\n") + "\n"
            was_definition = is_definition
        return text

    def _usage(self, name: str) -> str:
        lines = [f"import {name}", ""]
        lines += [
            f'app.config["{key}"] = {name}.{key}'
            for key, given in (
                ("ALEMBIC", self.options),
                ("ALEMBIC_CONTEXT", self.context),
            )
            if given
        ]
        arguments = ["app"]
        if self.metadatas:
            arguments.append(f"metadatas={name}.metadatas")
        if self.has_hooks:
            arguments.append(f"plugins=[{name}]")
        lines.append(f"alembic = Alembic({', '.join(arguments)})")
        return textwrap.indent("\n".join(lines), "    ")

    def _body(self) -> list[str]:
        imports, others, future = [], [], []
        for node in self.source.tree.body:
            if node not in self.copied:
                continue
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                future.append(self.copied[node])
            elif isinstance(node, ast.Import | ast.ImportFrom):
                imports.append(self._import(node))
            else:
                others.append(self.copied[node])
        imports += sorted(self._imports - set(imports))
        if self.has_hooks:
            imports.append("from flask_alembic import hookimpl")
        return [
            *_future(self.source, [*others, *self._hooks()]),
            "\n".join(imports),
            *others,
            f"metadatas = {self.metadatas}" if self.metadatas else "",
            _dict("ALEMBIC", self.options),
            _dict("ALEMBIC_CONTEXT", self.context),
            *self._hooks(),
        ]

    def _import(self, node: ast.Import | ast.ImportFrom) -> str:
        wanted = self._imported.get(node)
        if wanted is None or self.copied[node]:
            return self.copied[node] or self.source.code(node)
        names = [
            f"{alias.name} as {alias.asname}" if alias.asname else alias.name
            for alias in node.names
            if (alias.asname or alias.name.partition(".")[0]) in wanted
            or (alias.asname or alias.name) in wanted
        ]
        if isinstance(node, ast.Import):
            return "\n".join(f"import {name}" for name in names)
        module = "." * node.level + (node.module or "")
        return f"from {module} import {', '.join(names)}"

    def _hooks(self) -> list[str]:
        hooks = []
        if self.app_context:
            hooks.append(
                "@hookimpl\ndef context_options(database):\n    return {\n"
                + "".join(
                    f"        {key!r}: {value},\n"
                    for key, value in self.app_context.items()
                )
                + "    }"
            )
        if self.session:
            detach = (
                "    connection.detach()  # not given back to the pool afterwards\n"
                if self.detach
                else ""
            )
            hooks.append(
                "@hookimpl(wrapper=True)\ndef open_connection(database):\n"
                f"    connection = yield\n{detach}{_indented(self.session)}\n"
                "    connection.commit()\n    return connection"
            )
        if self.guards:
            hooks.append(
                f"@hookimpl\ndef before_upgrade(app, run):\n{_indented(self.guards)}"
            )
        if self.after:
            hooks.append(
                "@hookimpl\ndef after_upgrade(app, run, result):\n"
                '    if run.mode != "online":\n        return\n'
                f"{_indented(self.after)}"
            )
        return hooks


def is_autogenerate(source: PythonSource, node: ast.AST) -> bool:
    """Return whether a node asks for ``config.cmd_opts.autogenerate``.

    :param source: The ``env.py``.
    :param node: The node.
    """
    if source.dotted(node) == f"{CONFIG}.cmd_opts.autogenerate":
        return True
    return (
        isinstance(node, ast.Call)
        and source.dotted(node.func) == "getattr"
        and len(node.args) > 1
        and source.dotted(node.args[0]) == f"{CONFIG}.cmd_opts"
        and getattr(node.args[1], "value", "") == "autogenerate"
    )


def is_secret(option: tuple[str, str]) -> bool:
    """Return whether a key and its value are a secret, or the URL of a database.

    :param option: The key and the value.
    """
    key, value = option
    return (
        key == "url"
        or key.endswith((".url", "_url"))
        or hide_secrets(value) != value
        or hide_secrets(f"{key} = '{value}'") != f"{key} = '{value}'"
    )


def _constant(source: PythonSource, node: ast.expr) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    is_section = source.dotted(node) == f"{CONFIG}.config_ini_section"
    return MAIN if is_section else None


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement of the top level binds, blocks included."""
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For):
        return {
            name
            for each in ast.walk(node)
            if isinstance(each, ast.stmt) and each is not node
            for name in stored(each)
        }
    return stored(node)


def _dict(name: str, values: Mapping[str, str]) -> str:
    if not values:
        return ""
    lines = "".join(f"    {key!r}: {value},\n" for key, value in values.items())
    return f"{name} = {{\n{lines}}}"


def _indented(pieces: Iterable[str]) -> str:
    return textwrap.indent("\n".join(pieces), "    ")


def _future(source: PythonSource, others: Iterable[str]) -> list[str]:
    """Return the ``from __future__`` of ``env.py``, where there is code it applies to."""
    if not any(others):
        return []
    return [
        source.code(node)
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]

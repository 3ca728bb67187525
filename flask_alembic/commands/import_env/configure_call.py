"""The arguments of ``context.configure()`` in an ``env.py``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from ...config import CONTEXT_KEYS
from .item import NO_COUNTERPART, NOT_NEEDED, SETTING, UNKNOWN, Verdict
from .python_source import Function, loaded, stored, texts
from .rules import Reader
from .settings_module import NotCopied, is_autogenerate

_FROM_APP: Final = {
    "connection": "the app's engine connects",
    "url": "the app has the URL",
    "dialect_name": "the app's engine has a dialect",
    "output_buffer": "--sql writes to stdout",
    "as_sql": "flask db upgrade --sql",
    "fn": "flask db plans the steps",
    "starting_rev": "flask db upgrade --sql FROM:TO",
    "tag": "flask db upgrade --tag",
}
_DEFAULTS: Final = {
    "compare_server_default": "True",
    "compare_type": "True",
    "include_schemas": "False",
    "literal_binds": "True",
    "transaction_per_migration": "False",
    "version_table": "'alembic_version'",
    "dialect_opts": "{'paramstyle': 'named'}",
}
"""What is so without a setting, as :func:`ast.unparse` writes it."""

_GONE: Final = {
    "include_symbol": "Alembic has no include_symbol any more: use include_name, or "
    "include_object.",
}


class ConfigureCall:
    """Judges the arguments of all calls of ``context.configure()`` in a file.

    :param reader: What reads the file.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.source = reader.source
        self.used: set[ast.stmt] = set()
        """Assignments of a dict that was read argument by argument."""
        self.metadata_nodes: set[ast.stmt] = set()
        """Assignments of metadata that the app has."""
        calls = [
            call
            for name, call in self.source.calls(self.source.tree)
            if name == "alembic.context.configure"
        ]
        self.dicts = {
            name
            for call in calls
            for keyword in call.keywords
            if keyword.arg is None
            for name in [self._dict_name(keyword.value)]
            if name
        }
        """Names of dicts whose items are arguments."""
        self._later: list[tuple[ast.keyword | ast.expr, str, ast.expr]] = []
        self._seen: dict[str, tuple[str, Verdict, str, str]] = {}

    def _dict_name(self, value: ast.expr) -> str:
        return value.id if isinstance(value, ast.Name) else ""

    # Finding the arguments -----------------------------------------------------

    def read(self, node: ast.stmt, call: ast.Call, is_offline: bool) -> None:
        """Judge the arguments of one call.

        :param node: The statement.
        :param call: The call.
        :param is_offline: Whether it is for ``--sql``; it is judged after the others.
        """
        if call.args:
            self._argument(call.args[0], "connection", call.args[0], False)
        is_offline = is_offline or any(
            keyword.arg in ("url", "literal_binds", "dialect_opts")
            for keyword in call.keywords
        )
        for keyword in call.keywords:
            if keyword.arg is not None:
                self._argument(keyword, keyword.arg, keyword.value, is_offline)
                continue
            self._several(keyword, keyword.value, is_offline)

    def _several(self, keyword: ast.keyword, value: ast.expr, is_offline: bool) -> None:
        """Judge ``**arguments``."""
        if self._is_migrate_arguments(value):
            self._migrate_arguments(keyword)
            return
        if isinstance(value, ast.Dict) and all(
            isinstance(key, ast.Constant) for key in value.keys
        ):
            for key, part in zip(value.keys, value.values, strict=True):
                self._argument(part, str(getattr(key, "value", "")), part, is_offline)
            return
        if isinstance(value, ast.Call) and self.source.dotted(value.func) == "dict":
            for pair in value.keywords:
                if pair.arg is not None:
                    self._argument(pair, pair.arg, pair.value, is_offline)
                else:
                    self._several(pair, pair.value, is_offline)
            return
        nodes = list(self._assignments(value))
        for node in nodes:
            self.used.add(node)
            assigned = getattr(node, "value", None)
            if assigned is not None:
                self._several(keyword, assigned, is_offline)
        if not nodes:
            self.reader.add(
                keyword,
                UNKNOWN,
                f"**{ast.unparse(value)}",
                "Its arguments are computed: put them into ALEMBIC_CONTEXT.",
            )

    def _assignments(self, value: ast.expr) -> Iterator[ast.stmt]:
        if not isinstance(value, ast.Name):
            return
        for node in self.source.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and value.id in {
                target.id
                for target in getattr(node, "targets", [getattr(node, "target", None)])
                if isinstance(target, ast.Name)
            }:
                yield node

    def _is_migrate_arguments(self, value: ast.expr) -> bool:
        return any(
            isinstance(each, ast.Attribute) and each.attr == "configure_args"
            for each in ast.walk(value)
        )

    def _migrate_arguments(self, keyword: ast.keyword) -> None:
        self.reader.add(
            keyword,
            SETTING,
            "arguments of Migrate(...)",
            "Put what Migrate() was given beside app and db there; nothing if that is "
            "nothing.",
            "ALEMBIC_CONTEXT",
        )

    def take_item(self, node: ast.stmt, target: ast.Subscript, base: str) -> bool:
        """Judge ``arguments["key"] = value``; ``False`` for another dict.

        :param node: The statement.
        :param target: The item.
        :param base: The name of the dict.
        """
        key = texts(target.slice)
        value = getattr(node, "value", None)
        if base not in self.dicts or not key or value is None:
            return False
        self.reader.add(node, *self._judged(key, value))
        return True

    def take_update(self, node: ast.stmt, call: ast.Call) -> bool:
        """Judge ``arguments.update(...)`` and ``setdefault``; ``False`` for others.

        :param node: The statement.
        :param call: The call.
        """
        owner, _, method = self.source.dotted(call.func).rpartition(".")
        if owner not in self.dicts or method not in ("update", "setdefault"):
            return False
        if method == "setdefault" and len(call.args) == 2:
            self.reader.add(node, *self._judged(texts(call.args[0]), call.args[1]))
            return True
        for keyword in call.keywords:
            self._argument(keyword, keyword.arg or "**", keyword.value, False)
        for part in call.args:
            self._several(ast.keyword(None, part, **_place(part)), part, False)
        self.reader.add(
            node, NOT_NEEDED, "update()", "its values are listed one by one"
        )
        return True

    def is_about_arguments(self, test: ast.expr) -> bool:
        """Return whether a condition only looks at a dict of arguments.

        :param test: The condition.
        """
        names = loaded(test)
        return bool(names) and names <= self.dicts

    def _argument(
        self,
        place: ast.keyword | ast.expr,
        key: str,
        value: ast.expr,
        is_offline: bool,
    ) -> None:
        if is_offline:
            self._later.append((place, key, value))
        else:
            self.reader.add(place, *self._judged(key, value))

    def finish(self) -> None:
        """Judge the arguments for ``--sql``, beside what the others have set."""
        for place, key, value in self._later:
            seen = self._seen.get(key)
            text = ast.unparse(value)
            if seen is not None and seen[0] != text and key not in _FROM_APP:
                self.reader.add(
                    place,
                    UNKNOWN,
                    key,
                    "It is another value than without --sql, which is used for both.",
                )
            else:
                self.reader.add(place, *self._judged(key, value))

    # Judging them --------------------------------------------------------------

    def _judged(self, key: str, value: ast.expr) -> tuple[Verdict, str, str, str]:
        verdict, reason, setting = self._verdict(key, value)
        self._seen.setdefault(key, (ast.unparse(value), verdict, reason, setting))
        return verdict, key, reason, setting

    def _verdict(self, key: str, value: ast.expr) -> tuple[Verdict, str, str]:
        text = ast.unparse(value)
        if key == "target_metadata":
            return self._metadata(value)
        if key in _GONE:
            return NO_COUNTERPART, _GONE[key], ""
        if key in ("connection", "url") and not self.reader.facts.has_engines:
            return SETTING, "Pass the engine; the app has none.", "Alembic(engines=...)"
        if key in _FROM_APP:
            return NOT_NEEDED, _FROM_APP[key], ""
        if _DEFAULTS.get(key) == text:
            return NOT_NEEDED, "it is so by default", ""
        if key == "render_as_batch" and "sqlite" in texts(self._resolved(value)):
            return NOT_NEEDED, "it is so by default, for SQLite only", ""
        if key in ("upgrade_token", "downgrade_token") and self.reader.is_several:
            return NOT_NEEDED, "the template for several databases has them", ""
        if key == "process_revision_directives" and self._only_empties(value):
            return NOT_NEEDED, "no file is written where nothing has changed", ""
        setting = f'ALEMBIC_CONTEXT["{key}"]'
        try:
            self._set(key, value)
        except NotCopied as error:
            return NO_COUNTERPART, f"Set {setting} yourself: {error.reason}.", ""
        if key in self.reader.module.app_context:
            return SETTING, "It needs the app.", "hook context_options"
        reason = "" if key in CONTEXT_KEYS else "a key of your own"
        return SETTING, reason, setting

    def _set(self, key: str, value: ast.expr) -> None:
        module = self.reader.module
        if isinstance(value, ast.Name) and value.id not in module.definitions:
            nested = self.reader.functions.get(value.id)
            if nested is not None:
                self._set_nested(key, nested)
                return
            for node in self._assignments(value):
                if not isinstance(node, ast.Assign | ast.AnnAssign):
                    continue
                if node.value is not None and not loaded(node.value) & stored(node):
                    self.used.add(node)
                    self._set(key, node.value)
                    return
        module.set_context(key, value)

    def _set_nested(
        self, key: str, function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> None:
        """Set a function that stands inside of another one."""
        module = self.reader.module
        pieces = module.statements([function], {})
        module.copied[function] = "\n".join(pieces)
        module.context[key] = function.name

    def _resolved(self, value: ast.expr) -> ast.expr:
        for node in self._assignments(value):
            assigned = getattr(node, "value", None)
            if isinstance(assigned, ast.expr):
                return assigned
        return value

    def _only_empties(self, value: ast.expr) -> bool:
        """Return whether a function does nothing but drop empty revisions."""
        name = value.id if isinstance(value, ast.Name) else ""
        function = self.reader.functions.get(name)
        if function is None or function.decorator_list:
            return False
        has_test = False
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                called = self.source.dotted(node.func)
                method = getattr(node.func, "attr", called)
                has_test = has_test or method == "is_empty"
                is_output = "log" in called.lower() or called == "print"
                known = {"is_empty", "len", "all", "any", "clear", "getattr"}
                if not (
                    is_output or method in known or is_autogenerate(self.source, node)
                ):
                    return False
            elif isinstance(node, ast.Assign):
                if not all(_is_harmless(target, node.value) for target in node.targets):
                    return False
            elif node is not function and isinstance(
                node, ast.AugAssign | ast.With | ast.Raise | Function | ast.Delete
            ):
                return False
        return has_test

    # Metadata ------------------------------------------------------------------

    def _metadata(self, value: ast.expr) -> tuple[Verdict, str, str]:
        nodes = list(self._assignments(value))
        resolved = self._resolved(value)
        if self._is_known_metadata(resolved):
            self.metadata_nodes.update(nodes)
            return NOT_NEEDED, "the app has this metadata", ""
        base = value
        while isinstance(base, ast.Call | ast.Subscript | ast.Attribute):
            base = base.func if isinstance(base, ast.Call) else base.value
        chosen = (
            base if self.reader.is_several and isinstance(base, ast.Name) else value
        )
        if chosen is not value and self._is_known_metadata(self._resolved(chosen)):
            self.metadata_nodes.update(self._assignments(chosen))
            return NOT_NEEDED, "the app has this metadata", ""
        key = "Alembic(metadatas=...)"
        try:
            text, is_lazy = self.reader.module.expression(chosen)
        except NotCopied as error:
            return SETTING, f"Pass it yourself: {error.reason}.", key
        if is_lazy:
            return SETTING, "Pass it where the app is made.", key
        self.reader.module.metadatas = text
        return SETTING, "", key

    def _is_known_metadata(self, value: ast.expr) -> bool:
        """Return whether the app has this metadata by itself."""
        if isinstance(value, ast.Constant) and value.value is None:
            return True
        if isinstance(value, ast.Dict) and not value.keys:
            return True
        text = ast.unparse(value)
        if re.search(r"\b(?:extensions|get_metadata)\b", text):
            return True
        if isinstance(value, ast.List | ast.Tuple) and len(value.elts) == 1:
            return self._is_known_metadata(value.elts[0])
        if not isinstance(value, ast.Attribute) or value.attr != "metadata":
            return False
        owner = value.value
        if isinstance(owner, ast.Attribute) and owner.attr == "Model":
            owner = owner.value
        module, _, name = self.source.dotted(owner).rpartition(".")
        known = self.reader.facts.is_db(module, name)
        if known is None:
            known = name == "db" and self.reader.facts.has_flask_sqlalchemy
        return known


def _is_harmless(target: ast.expr, value: ast.expr) -> bool:
    """Return whether an assignment sets a local name, or empties a list."""
    if isinstance(target, ast.Name):
        return True
    is_slice = isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice)
    return is_slice and isinstance(value, ast.List) and not value.elts


def _place(node: ast.expr) -> dict[str, int]:
    return {
        "lineno": node.lineno,
        "col_offset": node.col_offset,
        "end_lineno": node.end_lineno or node.lineno,
        "end_col_offset": node.end_col_offset or 0,
    }

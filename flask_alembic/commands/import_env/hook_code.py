"""Statements of an ``env.py`` around the run, which become hooks or settings."""

from __future__ import annotations

import ast

from .item import NO_COUNTERPART, NOT_NEEDED, SETTING, UNKNOWN, Verdict
from .python_source import loaded, stored, texts
from .rules import Reader
from .session_sql import (
    is_begin,
    is_cleanup,
    is_lock,
    is_session_setting,
    names_timeout,
    shown_seconds,
    sql_in,
    time_limits,
)
from .settings_module import NotCopied
from .syntax import first_words, shown

OPEN = "hook open_connection"
REFUSE = "hook before_upgrade"
AFTER = "hook after_upgrade"


class HookCode:
    """Turns statements into hooks of the proposed module.

    :param reader: What reads the file.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.module = reader.module
        self.used: set[ast.stmt] = set()
        """Local assignments that stand in a hook too."""

    def statement(self, node: ast.stmt, text: str) -> Verdict:
        """Judge SQL that is sent, by its text.

        :param node: The statement.
        :param text: The SQL.
        """
        what, is_after = first_words(text), self.reader.is_after
        add = self.reader.add
        if is_lock(text):
            return self.lock(node)
        if is_begin(text):
            return add(node, NOT_NEEDED, what, "real_transactions does it on SQLite")
        if is_after and is_cleanup(text):
            return add(node, NOT_NEEDED, what, "the connection of the run is closed")
        limits = time_limits(text)
        if limits:
            for key, seconds in limits.items():
                self.module.options[key] = shown_seconds(seconds)
            keys = ", ".join(f'ALEMBIC["{key}"]' for key in limits)
            return add(node, SETTING, what, "in seconds", keys)
        if names_timeout(text):
            key = "ddl_lock_timeout" if "lock" in text.lower() else "statement_timeout"
            reason = "The value is computed here: set it in seconds."
            return add(node, SETTING, what, reason, f'ALEMBIC["{key}"]')
        if is_after:
            reason = "Put it into a hook after_upgrade, with alembic.connect()."
            return add(node, UNKNOWN, shown(self.reader.source, node), reason)
        return self.session(node, what)

    def session(self, node: ast.stmt, what: str) -> Verdict:
        """Judge what is done with a connection before the run.

        :param node: The statement.
        :param what: What it is.
        """
        if self.reader.is_offline_now():
            return self.context_execute(node)
        try:
            nodes = [*self._locals(node), node]
            names = {name for each in nodes for name in loaded(each)}
            names &= {*self.reader.connections, "connection"}
            pieces = self.module.statements(nodes, dict.fromkeys(names, "connection"))
        except NotCopied as error:
            reason = f"Put it into a wrapper of open_connection: {error.reason}."
            return self.reader.add(node, NO_COUNTERPART, what, reason)
        self.used.update(nodes)
        session = self.module.session
        session += [each for each in pieces if each not in session]
        if any(is_session_setting(sql) for sql in sql_in(node)):
            self.module.detach = True
        return self.reader.add(node, SETTING, what, "for each connection", OPEN)

    def context_execute(self, node: ast.stmt) -> Verdict:
        """Judge ``context.execute()``.

        :param node: The statement.
        """
        reason = "For --sql too, call op.execute() in a wrapper of apply_revision."
        what = first_words(texts(node)) or "context.execute()"
        return self.reader.add(node, NO_COUNTERPART, what, reason)

    def lock(self, node: ast.stmt, *, header: bool = False) -> Verdict:
        """Judge an advisory lock.

        :param node: The statement.
        :param header: Whether its block is judged by itself.
        """
        reason = (
            "a run holds a lock of its own; releases with env.py see it if "
            'ALEMBIC["lock_id"] is their number'
        )
        return self.reader.add(node, NOT_NEEDED, "advisory lock", reason, header=header)

    def guard(self, node: ast.If) -> Verdict:
        """Judge a condition that stops the run.

        :param node: The statement.
        """
        what = f"if {ast.unparse(node.test)}"
        try:
            nodes = [*self._locals(node), node]
            pieces = self.module.statements(nodes, {}, ("app", "run"))
        except NotCopied as error:
            reason = f"Raise Veto in a hook before_upgrade: {error.reason}."
            return self.reader.add(node, NO_COUNTERPART, what, reason)
        self.used.update(nodes)
        self.module.guards += pieces
        return self.reader.add(node, SETTING, what, "It refuses upgrades.", REFUSE)

    def after(self, node: ast.stmt) -> Verdict:
        """Judge what is done behind the run.

        :param node: The statement.
        """
        what = shown(self.reader.source, node)
        is_head_file = "head" in self.reader.text_behind(node).lower()
        hint = " A file with the head: flask-alembic-headfile." if is_head_file else ""
        try:
            nodes = [*self._locals(node), node]
            pieces = self.module.statements(nodes, {}, ("app", "run", "result"))
        except NotCopied as error:
            reason = f"Call it in a hook after_upgrade: {error.reason}.{hint}"
            return self.reader.add(node, UNKNOWN, what, reason)
        self.used.update(nodes)
        self.module.after += pieces
        reason = f"It follows an upgrade.{hint}"
        return self.reader.add(node, SETTING, what, reason, AFTER)

    def _locals(self, node: ast.stmt) -> list[ast.stmt]:
        """Return the assignments of the function before that a statement reads.

        :raises NotCopied: When one of them is changed later.
        """
        needed: list[ast.stmt] = []
        wanted = loaded(node) - self.reader.connections
        for earlier in reversed(self.reader.locals):
            if stored(earlier) & wanted:
                needed.insert(0, earlier)
                wanted |= loaded(earlier) - self.reader.connections
        for name in sorted({name for each in needed for name in stored(each)}):
            if self._is_changed(name):
                raise NotCopied(f"it uses {name}, which only env.py has")
        return needed

    def _is_changed(self, name: str) -> bool:
        """Return whether what a local name holds is changed somewhere."""
        count = 0
        for each in ast.walk(self.reader.function_now()):
            if isinstance(each, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For):
                targets = getattr(each, "targets", [getattr(each, "target", None)])
                for target in targets:
                    count += any(
                        isinstance(part, ast.Name) and part.id == name
                        for part in ast.walk(target)
                    )
            elif isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
                called = self.reader.source.dotted(each.value.func)
                count += 2 * (called.partition(".")[0] == name)
        return count > 1

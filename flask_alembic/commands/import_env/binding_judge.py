"""What only gives a name to something, judged by what uses the name."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from .configure_call import ConfigureCall
from .hook_code import HookCode
from .item import COPIED, NO_COUNTERPART, NOT_NEEDED, SETTING, UNKNOWN, Verdict
from .python_source import Function, loaded, stored
from .rules import LOGGING, Reader
from .settings_module import APP_MAKERS, CONFIG
from .syntax import defined, modules, own_parts, shown

_LOOK = "Lines that need a look use it."


class BindingJudge:
    """Judges imports, assignments and functions.

    :param reader: What has read the statements that do something.
    :param configure: What has read the arguments of the context.
    :param hooks: What has made hooks of statements.
    """

    def __init__(
        self, reader: Reader, configure: ConfigureCall, hooks: HookCode
    ) -> None:
        self.reader = reader
        self.source = reader.source
        self.module = reader.module
        self.configure = configure
        self.hooks = hooks
        self.users: dict[ast.stmt, set[ast.stmt]] = {}
        self._reads = {
            node: {name for part in own_parts(node) for name in loaded(part)}
            for node in self.source.nodes
            if isinstance(node, ast.stmt)
        }
        self._inside = {
            function: set(ast.walk(function))
            for function in self.reader.functions.values()
        }
        self._switches = [
            loaded(node.test)
            for node in self.source.nodes
            if isinstance(node, ast.If) and "begin_twophase" in ast.unparse(node)
        ]

    def judge(self, bindings: Sequence[ast.stmt]) -> None:
        """Judge statements that only give a name to something.

        :param bindings: The statements.
        """
        rest: list[ast.stmt] = []
        for node in bindings:
            if node in self.reader.judged or self._judge_by_itself(node):
                continue
            rest.append(node)
        for node in rest:
            self.users[node] = self._users_of(node)
        verdicts = self._by_users(rest)
        for node in rest:
            self._add(node, verdicts[node])

    def _by_users(self, nodes: Sequence[ast.stmt]) -> dict[ast.stmt, Verdict]:
        """Return what needs a look, because something does that uses it, or nothing."""
        found: dict[ast.stmt, Verdict] = {}
        for node in nodes:
            does = not isinstance(node, Function) and any(self.source.calls(node))
            found[node] = UNKNOWN if does and not self.users[node] else NOT_NEEDED
        changed = True
        while changed:
            changed = False
            for node in nodes:
                if found[node] == NOT_NEEDED and self._is_looked_at(node, found):
                    found[node] = UNKNOWN
                    changed = True
        return found

    def _is_looked_at(self, node: ast.stmt, found: Mapping[ast.stmt, Verdict]) -> bool:
        return any(
            found.get(user, self.reader.judged.get(user)) in (UNKNOWN, NO_COUNTERPART)
            for user in self.users[node]
        )

    def _add(self, node: ast.stmt, verdict: Verdict) -> None:
        add, what = self.reader.add, defined(node)
        if verdict == UNKNOWN and not self.users[node]:
            reason = "Look at it: nothing uses it, but it may do something."
            add(node, UNKNOWN, shown(self.source, node), reason)
        elif verdict == UNKNOWN:
            add(node, UNKNOWN, what, _LOOK)
        elif any(self.reader.judged.get(user) == SETTING for user in self.users[node]):
            add(node, NOT_NEEDED, what, "nothing that is copied uses it")
        elif self.users[node]:
            add(node, NOT_NEEDED, what, "only what is not needed uses it")
        else:
            add(node, NOT_NEEDED, what, "nothing in env.py uses it")

    def _users_of(self, node: ast.stmt) -> set[ast.stmt]:
        """Return the statements that read a name, and functions that hold them."""
        names = stored(node)
        users = {
            user
            for user, reads in self._reads.items()
            if user is not node and names & reads
        }
        holders = {
            function
            for function, nodes in self._inside.items()
            if function is not node and users & nodes
        }
        return users | holders

    # By itself -----------------------------------------------------------------

    def _judge_by_itself(self, node: ast.stmt) -> bool:
        add, what = self.reader.add, defined(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._judge_import(node, what)
        elif node in self.module.copied or node in self.hooks.used:
            add(node, SETTING, what, COPIED, "the module")
        elif node in self.configure.used:
            add(node, NOT_NEEDED, what, "its values are listed one by one")
        elif self._two_phase(node, what):
            return True
        else:
            reason = self._known(node)
            if not reason:
                return False
            add(node, NOT_NEEDED, what, reason)
        return True

    def _judge_import(self, node: ast.Import | ast.ImportFrom, what: str) -> None:
        add = self.reader.add
        if node in self.module.copied:
            add(node, SETTING, what, COPIED, "the module")
            return
        names = stored(node)
        used = any(names & reads for reads in self._reads.values())
        if used or getattr(node, "module", "") == "__future__":
            add(node, NOT_NEEDED, what, "only env.py uses it")
            return
        if all(self.reader.facts.is_imported(name) for name in modules(node)):
            add(node, NOT_NEEDED, what, "the app imports it")
            return
        self.module.import_module(node)
        reason = "The app has not imported it: import it there, for what it registers."
        add(node, SETTING, what, reason, "the module")

    def _two_phase(self, node: ast.stmt, what: str) -> bool:
        """Judge the switch for transactions of two phases."""
        names = stored(node)
        switches = any(names & reads for reads in self._switches)
        value = getattr(node, "value", None)
        if not switches or not isinstance(value, ast.Constant):
            return False
        if value.value:
            self.module.options["twophase"] = "True"
            reason = "All databases commit together, or none."
            self.reader.add(node, SETTING, what, reason, 'ALEMBIC["twophase"]')
        else:
            self.reader.add(node, NOT_NEEDED, what, "it is so by default")
        return True

    def _known(self, node: ast.stmt) -> str:
        """Return why an assignment is not needed, if its value says so."""
        value = getattr(node, "value", None)
        if value is None:
            return ""
        if self.source.dotted(value) == CONFIG:
            return "alembic.config is the configuration"
        for called, _ in self.source.calls(value):
            if called in LOGGING:
                return "logging stays as the app has it"
            if called.rpartition(".")[2] in APP_MAKERS or called in APP_MAKERS:
                return "flask db has made the app"
        if node in self.configure.metadata_nodes:
            return "the app has this metadata"
        return ""

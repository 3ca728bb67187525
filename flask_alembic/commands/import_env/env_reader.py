"""What each part of an ``env.py`` becomes, statement by statement.

Statements that do something are judged where they stand. What only gives a name to
something (imports, assignments, functions) is judged afterwards, by what uses it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ...hooks.redaction import hide_secrets
from .app_facts import AppFacts
from .binding_judge import BindingJudge
from .configure_call import ConfigureCall
from .hook_code import HookCode
from .item import NO_COUNTERPART, NOT_NEEDED, SETTING, UNKNOWN, EnvItem, Verdict, joined
from .python_source import Function, PythonSource, loaded, span, stored, texts
from .rules import (
    ENGINE_CALLS,
    METHODS,
    OUTPUT,
    UNNEEDED,
    is_model_loader,
    is_registration,
    set_option,
)
from .session_sql import is_begin, is_lock, time_limits
from .settings_module import CONFIG, NotCopied, SettingsModule
from .syntax import (
    Block,
    attribute,
    base,
    defined,
    first_words,
    inside,
    is_nothing,
    is_offline,
    shown,
)
from .whole_file import judge_engines, judge_expressions

CONTEXT: Final = "alembic.context"
_RETRIES: Final = (
    "It tries a transaction again after a lock timeout; the pause doubles."
)
_RUNS: Final = tuple(
    f"{CONTEXT}.{name}" for name in ("configure", "run_migrations", "begin_transaction")
)


class EnvReader:
    """Reads one ``env.py``.

    :param source: The file, parsed.
    :param module: What is proposed; it is filled.
    :param facts: What is known of the app.
    """

    def __init__(
        self, source: PythonSource, module: SettingsModule, facts: AppFacts
    ) -> None:
        self.source = source
        self.module = module
        self.facts = facts
        self.items: list[EnvItem] = []
        self.judged: dict[ast.AST, Verdict] = {}
        """The verdict of each statement that does something."""
        self.bindings: list[ast.stmt] = []
        """Statements that only give a name to something."""
        self.is_after = False
        """Whether the run is over at the statement that is read."""
        self.is_in_handler = False
        """Whether an error is handled at the statement that is read."""
        self.connections: set[str] = set()
        """Names of connections."""
        self.locals: list[ast.stmt] = []
        """Assignments of the function that is read, so far."""
        self.functions = {
            node.name: node for node in self.source.nodes if isinstance(node, Function)
        }
        self.runners = self._find_runners()
        self._reading: list[str] = []
        self.is_several = self._has_several_databases()
        self.configure = ConfigureCall(self)
        self.hooks = HookCode(self)

    # The whole -----------------------------------------------------------------

    def read(self) -> list[EnvItem]:
        """Return what each part becomes, in the order of the file."""
        self.visit_all(self.source.tree.body)
        for name in self.runners:
            function = self.functions[name]
            if function not in self.judged and function not in self.bindings:
                self._read_runner(function)
        self.configure.finish()
        judge_expressions(self)
        judge_engines(self)
        BindingJudge(self, self.configure, self.hooks).judge(self.bindings)
        self._judge_passwords()
        self._judge_rest()
        return joined(sorted(self.items, key=lambda item: (item.line, item.last_line)))

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
        """Add what a part becomes.

        :param node: The part.
        :param verdict: What becomes of it.
        :param what: What it is.
        :param reason: Why, or what to do.
        :param key: What sets it.
        :param header: Only its first lines, up to its block.
        """
        first, last = span(node)
        body = getattr(node, "body", None)
        if header and isinstance(body, list) and body:
            last = max(first, span(body[0])[0] - 1)
            while last > first and not self.source.lines[last - 1].strip():
                last -= 1
        code = "\n".join(self.source.lines[first - 1 : last])
        name = self.source.path.name
        item = EnvItem(
            name,
            first,
            last,
            first_words(what),
            verdict,
            reason,
            key,
            hide_secrets(code),
        )
        if item not in self.items:
            self.items.append(item)
        if isinstance(node, ast.stmt):
            self.judged[node] = verdict
        return verdict

    # Statements ----------------------------------------------------------------

    def visit_all(self, nodes: Iterable[ast.stmt]) -> set[Verdict]:
        """Read statements; return the verdicts on those that do something.

        :param nodes: The statements.
        """
        verdicts: set[Verdict] = set()
        for node in nodes:
            verdicts |= self.visit(node)
        return verdicts

    def visit(self, node: ast.stmt) -> set[Verdict]:
        """Read a statement.

        :param node: The statement.
        """
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.bindings.append(node)
            return set()
        if isinstance(node, Function):
            return self._visit_function(node)
        if isinstance(node, ast.ClassDef):
            return self._visit_class(node)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return self._visit_assignment(node)
        if isinstance(node, ast.Expr):
            return self._visit_expression(node)
        if isinstance(node, Block):
            return self._visit_block(node)
        if is_nothing(node):
            self.judged[node] = NOT_NEEDED
            return set()
        if isinstance(node, ast.Raise) and self.is_in_handler:
            return {self.add(node, NOT_NEEDED, "raise", "errors are reported")}
        if isinstance(node, ast.Assert) and self._is_about_config(node.test):
            return {self._config_check(node)}
        return {self._unknown(node)}

    def _unknown(
        self, node: ast.stmt, reason: str = "", *, header: bool = False
    ) -> Verdict:
        if not reason:
            reason = "Look at it: if it is needed, it belongs in the app, or in a hook."
        return self.add(node, UNKNOWN, shown(self.source, node), reason, header=header)

    def _visit_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> set[Verdict]:
        if node.name in self.runners:
            if self._reading and node not in self.source.tree.body:
                self._read_runner(node)
            return set()
        if node.decorator_list and node in self.source.tree.body:
            return {self._copy_statement(node, f"{node.name}()")}
        self.bindings.append(node)
        return set()

    def _visit_class(self, node: ast.ClassDef) -> set[Verdict]:
        bases = [self.source.dotted(base) for base in node.bases]
        if node.decorator_list or any(base.startswith("alembic.") for base in bases):
            return {self._copy_statement(node, f"class {node.name}")}
        self.bindings.append(node)
        return set()

    def _copy_statement(self, node: ast.stmt, what: str) -> Verdict:
        try:
            self.module.copy(node)
        except NotCopied as error:
            reason = f"Put it where the app is made: {error.reason}."
            return self.add(node, NO_COUNTERPART, what, reason)
        reason = "It takes effect when the module is imported."
        return self.add(node, SETTING, what, reason, "the module")

    def _read_runner(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Read a function that runs migrations."""
        if node.name in self._reading:
            return
        self.judged[node] = NOT_NEEDED
        self.add(
            node,
            NOT_NEEDED,
            f"def {node.name}()",
            "flask db runs the migrations",
            header=True,
        )
        before = self.is_after, self.locals
        self.is_after, self.locals = False, []
        self._reading.append(node.name)
        if not is_offline(node.name):
            self.connections |= {argument.arg for argument in node.args.args[:1]}
        self.visit_all(node.body)
        self._reading.pop()
        self.is_after, self.locals = before

    def _visit_assignment(
        self, node: ast.Assign | ast.AnnAssign | ast.AugAssign
    ) -> set[Verdict]:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value
        if self._is_run(node):
            self.is_after = True
            return {self.add(node, NOT_NEEDED, "the run", "flask db upgrade")}
        if value is not None and self._is_engine(value):
            for target in targets:
                if isinstance(target, ast.Name):
                    self.connections.add(target.id)
        if all(isinstance(target, ast.Name) for target in targets):
            if is_lock(texts(node)):
                return {self.hooks.lock(node)}
            self.bindings.append(node)
            if self._reading:
                self.locals.append(node)
            return set()
        special = self._assignment_into(node, targets[0])
        return {special} if special else {self._unknown(node)}

    def _assignment_into(self, node: ast.stmt, target: ast.expr) -> Verdict | None:
        """Judge an assignment to an attribute or an item."""
        text = self.source.code(target)
        owner = base(target)
        if "naming_convention" in text:
            return self.add(
                node,
                NO_COUNTERPART,
                "naming_convention",
                "Give it to the models: "
                "SQLAlchemy(metadata=MetaData(naming_convention=...)).",
            )
        if isinstance(target, ast.Attribute) and target.attr == "default_schema_name":
            return self.hooks.session(node, "default_schema_name")
        if isinstance(target, ast.Subscript) and isinstance(owner, ast.Name):
            if self.configure.take_item(node, target, owner.id):
                return self.judged.get(node, NOT_NEEDED)
            if self.is_several:
                return self.add(
                    node,
                    NOT_NEEDED,
                    "several databases",
                    'the app has their engines; see ALEMBIC["databases"]',
                )
        if self.source.dotted(target).startswith("alembic."):
            return self._copy_statement(node, text)
        return None

    # Expressions ---------------------------------------------------------------

    def _visit_expression(self, node: ast.Expr) -> set[Verdict]:
        value = node.value
        if isinstance(value, ast.Constant):
            self.judged[node] = NOT_NEEDED  # a docstring
            return set()
        if isinstance(value, ast.Await):
            value = value.value
        if not isinstance(value, ast.Call):
            return {self._unknown(node)}
        return {self._visit_call(node, value)}

    def _visit_call(self, node: ast.Expr, call: ast.Call) -> Verdict:
        name = self.source.dotted(call.func)
        if name == f"{CONTEXT}.configure":
            self.judged[node] = NOT_NEEDED
            self.configure.read(node, call, self.is_offline_now())
            return NOT_NEEDED
        if name == f"{CONTEXT}.run_migrations":
            self.is_after = True
            return self._run_arguments(node, call)
        if self._is_run(node):
            self.is_after = True
            helper = self.functions.get(name)
            if helper is not None and self._sleeps(helper):
                return self._retry_helper(node, call)
            return self.add(
                node, NOT_NEEDED, shown(self.source, node), "flask db upgrade"
            )
        if name == f"{CONTEXT}.execute":
            return self.hooks.context_execute(node)
        for prefix, reason in UNNEEDED.items():
            if name == prefix or name.startswith(f"{prefix}."):
                return self.add(node, NOT_NEEDED, f"{name}()", reason)
        option = set_option(self, node, call, name)
        if option is not None:
            return option
        return self._visit_method(node, call, name)

    def _visit_method(self, node: ast.Expr, call: ast.Call, name: str) -> Verdict:
        method = name.rpartition(".")[2] or getattr(call.func, "attr", "")
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        text = texts(node)
        if name in ("print", "click.echo") or (
            method in OUTPUT and owner is not None and self._is_logger(owner)
        ):
            return self.add(node, NOT_NEEDED, "output", "flask db prints what it does")
        if method in ("execute", "exec_driver_sql", "scalar") and text:
            return self.hooks.statement(node, text)
        if method == "push" and "app_context" in ast.unparse(call):
            return self.add(node, NOT_NEEDED, "app context", "flask db has one")
        if owner is not None and method in METHODS:
            return self.add(node, NOT_NEEDED, f"{method}()", METHODS[method])
        if is_registration(name) or is_model_loader(name):
            if node in self.source.tree.body:
                return self._copy_statement(node, f"{name}()")
            return self._into_module(node, name)
        if self.configure.take_update(node, call):
            return self.judged[node]
        if is_lock(self.text_behind(call)):
            return self.hooks.lock(node)
        if self._is_logging_helper(name):
            reason = "logging stays as the app has it"
            return self.add(node, NOT_NEEDED, f"{name}()", reason)
        return self._effect(node)

    def _is_logging_helper(self, name: str) -> bool:
        """Return whether a function of ``env.py`` does nothing but set up logging."""
        function = self.functions.get(name)
        called = [each for each, _ in self.source.calls(function or ast.Pass())]
        harmless = ("logging.", f"{CONFIG}.", "os.environ", "os.getenv", "os.path.")
        return any(each.startswith("logging.") for each in called) and all(
            each.startswith(harmless)
            or (not each and "log" in ast.unparse(function or ast.Pass()))
            for each in called
        )

    def _into_module(self, node: ast.Expr, name: str) -> Verdict:
        return self.add(
            node,
            NO_COUNTERPART,
            f"{name}()",
            "Call it in the app, before Alembic(app).",
        )

    def _effect(self, node: ast.stmt) -> Verdict:
        """Judge a statement that does something of its own."""
        if self.connections & loaded(node) and not self.is_after:
            return self.hooks.session(node, shown(self.source, node))
        return self.hooks.after(node) if self.is_after else self._unknown(node)

    # Blocks --------------------------------------------------------------------

    def _visit_block(self, node: Block) -> set[Verdict]:
        if isinstance(node, ast.If):
            return self._visit_if(node)
        if isinstance(node, ast.With | ast.AsyncWith):
            return self._visit_with(node)
        if isinstance(node, ast.Try):
            return self._visit_try(node)
        return self._visit_loop(node)

    def _visit_if(self, node: ast.If) -> set[Verdict]:
        test = ast.unparse(node.test)
        if "is_offline_mode" in test:
            self.add(
                node,
                NOT_NEEDED,
                "is_offline_mode()",
                "flask db upgrade --sql",
                header=True,
            )
            return {NOT_NEEDED, *self._visit_branches(node)}
        if not any(self._is_run(each) for each in ast.walk(node)):
            whole = self._whole_if(node)
            if whole is not None:
                return {whole}
        verdicts = self._visit_branches(node)
        if verdicts <= {NOT_NEEDED} or self.configure.is_about_arguments(node.test):
            reason = "what it decides is not needed"
            verdict: Verdict = NOT_NEEDED
            self.add(node, verdict, f"if {test}", reason, header=True)
            return {NOT_NEEDED, *verdicts}
        reason = "A condition around the lines that follow: see whether it matters."
        self.add(node, UNKNOWN, f"if {test}", reason, header=True)
        return {UNKNOWN, *verdicts}

    def _config_check(self, node: ast.stmt) -> Verdict:
        reason = "it only asks whether env.py has its configuration"
        return self.add(node, NOT_NEEDED, shown(self.source, node), reason)

    def _is_about_config(self, test: ast.expr) -> bool:
        """Return whether a condition asks only whether a value of ``config`` is there."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test = test.operand
        elif (
            isinstance(test, ast.Compare)
            and ast.unparse(test.comparators[-1]) == "None"
        ):
            test = test.left
        else:
            return False
        values = [test]
        if isinstance(test, ast.Name):
            values = [
                node.value
                for node in self.source.nodes
                if isinstance(node, ast.Assign) and test.id in stored(node)
            ]
        return bool(values) and all(self._reads_config(value) for value in values)

    def _reads_config(self, node: ast.expr) -> bool:
        called = node.func if isinstance(node, ast.Call) else node
        name = self.source.dotted(called)
        return name.startswith(f"{CONFIG}.") and "attributes" not in name

    def _visit_branches(self, node: ast.If) -> set[Verdict]:
        before = self.is_after
        verdicts = self.visit_all(node.body)
        first, self.is_after = self.is_after, before
        verdicts |= self.visit_all(node.orelse)
        self.is_after = self.is_after or first
        return verdicts

    def _whole_if(self, node: ast.If) -> Verdict | None:
        """Judge a condition with its block as one; ``None`` to look inside."""
        inside = list(ast.walk(node))
        names = {
            self.source.dotted(each.func)
            for each in inside
            if isinstance(each, ast.Call)
        }
        text = texts(node)
        stops = (
            any(isinstance(each, ast.Raise) for each in inside) or "sys.exit" in names
        )
        if is_lock(self.text_behind(node)) or (stops and self._is_about_lock(node)):
            return self.hooks.lock(node)
        if stops and self._is_about_config(node.test):
            return self._config_check(node)
        if stops and not self.is_in_handler and not stored(node):
            return self.hooks.guard(node)
        executes = any(
            isinstance(each, ast.Attribute)
            and each.attr in ("execute", "exec_driver_sql")
            for each in inside
        )
        if executes and not self.is_after and not node.orelse:
            limits = time_limits(text)
            if not limits and not is_begin(text):
                return self.hooks.session(node, shown(self.source, node))
        return None

    def _is_about_lock(self, node: ast.If) -> bool:
        names = loaded(node.test)
        return any(
            stored(each) & names and is_lock(self.text_behind(each))
            for each in self.source.nodes
            if isinstance(each, ast.Assign)
        )

    def _visit_with(self, node: ast.With | ast.AsyncWith) -> set[Verdict]:
        verdicts: set[Verdict] = set()
        known = all(self._is_known_manager(part.context_expr) for part in node.items)
        runs = any(self._is_run(each) for each in node.body)
        if self.is_after and not known and not runs:
            return {self.hooks.after(node)}
        for part in node.items:
            if isinstance(part.optional_vars, ast.Name) and self._is_engine(
                part.context_expr
            ):
                self.connections.add(part.optional_vars.id)
        if is_lock(self._text_behind_items(node)):
            self.hooks.lock(node, header=True)
        elif known:
            self.add(
                node,
                NOT_NEEDED,
                "with "
                + ", ".join(ast.unparse(part.context_expr) for part in node.items),
                "flask db connects, and begins and ends the transactions",
                header=True,
            )
        else:
            verdicts.add(
                self._unknown(
                    node,
                    "It is around the run: a wrapper of run_migrations can be.",
                    header=True,
                )
            )
        verdicts |= self.visit_all(node.body)
        return {NOT_NEEDED, *verdicts}

    def _text_behind_items(self, node: ast.With | ast.AsyncWith) -> str:
        return " ".join(self.text_behind(part.context_expr) for part in node.items)

    def _is_known_manager(self, node: ast.expr) -> bool:
        name = self.source.dotted(node.func) if isinstance(node, ast.Call) else ""
        method = name.rpartition(".")[2] or attribute(node)
        if name.startswith(CONTEXT) or self._is_engine(node):
            return True
        if method in (
            "app_context",
            "begin",
            "begin_nested",
            "suppress",
            "no_autoflush",
        ):
            return method != "suppress"
        return name == "open" and self.is_several

    def _visit_try(self, node: ast.Try) -> set[Verdict]:
        runs = any(self._is_run(each) for each in node.body)
        verdicts = self.visit_all(node.body)
        for handler in node.handlers:
            verdicts |= self._visit_handler(handler, runs)
        verdicts |= self.visit_all(node.orelse)
        verdicts |= self.visit_all(node.finalbody)
        self.judged[node] = NOT_NEEDED
        return verdicts

    def _visit_handler(self, handler: ast.ExceptHandler, runs: bool) -> set[Verdict]:
        raises = isinstance(handler.body[-1], ast.Raise)
        caught = ast.unparse(handler.type) if handler.type else "everything"
        if not runs:
            if caught in ("ImportError", "ModuleNotFoundError"):
                return self.visit_all(handler.body)
        elif any(
            name in ("time.sleep", "asyncio.sleep")
            for name, _ in self.source.calls(handler)
        ):
            return set()  # judged with the loop
        elif not raises:
            for each in handler.body:
                self.judged[each] = NO_COUNTERPART
            first, last = handler.lineno, handler.end_lineno or handler.lineno
            reason = "A command that fails exits with 3. In Python, catch AlembicError."
            code = hide_secrets("\n".join(self.source.lines[first - 1 : last]))
            name = self.source.path.name
            self.items.append(
                EnvItem(
                    name,
                    first,
                    last,
                    f"except {caught}",
                    NO_COUNTERPART,
                    reason,
                    "",
                    code,
                )
            )
            return {NO_COUNTERPART}
        before, self.is_in_handler = self.is_in_handler, True
        verdicts = self.visit_all(handler.body)
        self.is_in_handler = before
        return verdicts

    def _visit_loop(self, node: ast.For | ast.AsyncFor | ast.While) -> set[Verdict]:
        runs = any(
            self._is_run(each) for each in ast.walk(node) if isinstance(each, ast.stmt)
        )
        if runs and self._sleeps(node):
            return self._retries(node)
        if self.is_several:
            self.add(
                node,
                NOT_NEEDED,
                "several databases",
                "flask db runs each database",
                header=True,
            )
            return {NOT_NEEDED, *self.visit_all([*node.body, *node.orelse])}
        if runs:
            self.add(
                node,
                NO_COUNTERPART,
                f"loop over {ast.unparse(getattr(node, 'iter', node))}",
                "Make each tenant a database with an engine of its own (page Tenants).",
                header=True,
            )
            self._read_tenant(node.body)
            return {NO_COUNTERPART}
        if all(self._is_transaction_call(each) for each in node.body):
            self.judged[node] = NOT_NEEDED
            return self.visit_all(node.body)
        if self._reading and not self.is_after and self.connections & loaded(node):
            return {self.hooks.session(node, shown(self.source, node))}
        return {self._effect(node)}

    def _is_transaction_call(self, node: ast.stmt) -> bool:
        call = node.value if isinstance(node, ast.Expr) else None
        return (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in METHODS
        )

    def _read_tenant(self, nodes: Sequence[ast.stmt]) -> None:
        """Read a loop over tenants: its settings count, the rest belongs to the loop."""
        for node in nodes:
            calls = [name for name, _ in self.source.calls(node)]
            if isinstance(node, ast.Expr) and self._is_run(node):
                self.visit(node)
            elif isinstance(node, Block) or any(
                name.startswith(CONTEXT) for name in calls
            ):
                if (
                    isinstance(node, Block)
                    and texts(node)
                    and not any(self._is_run(each) for each in ast.walk(node))
                ):
                    self.add(node, NO_COUNTERPART, "part of the loop", "See the loop.")
                    continue
                if isinstance(node, ast.With | ast.AsyncWith):
                    self._visit_with_items(node)
                    self._read_tenant(node.body)
                    continue
                self.visit(node)
            else:
                self.add(node, NO_COUNTERPART, "part of the loop", "See the loop.")

    def _visit_with_items(self, node: ast.With | ast.AsyncWith) -> None:
        self.add(node, NO_COUNTERPART, "part of the loop", "See the loop.", header=True)

    def _sleeps(self, node: ast.AST) -> bool:
        return any(name.endswith("sleep") for name, _ in self.source.calls(node))

    def _retry_helper(self, node: ast.Expr, call: ast.Call) -> Verdict:
        """Judge a call of a function that runs the migrations until they pass."""
        counts = [
            self._number(keyword.value)
            for keyword in call.keywords
            if re.search(r"retr|attempt|tries|times", keyword.arg or "")
        ]
        reason = _RETRIES
        if counts and counts[0]:
            self.module.options["lock_retries"] = str(counts[0])
        else:
            reason += " Set how often."
        what = shown(self.source, node)
        return self.add(node, SETTING, what, reason, 'ALEMBIC["lock_retries"]')

    def _retries(self, node: ast.For | ast.AsyncFor | ast.While) -> set[Verdict]:
        count = None
        for name, call in self.source.calls(getattr(node, "iter", node)):
            if name == "range" and call.args:
                count = self._number(call.args[-1])
        reason = _RETRIES
        if count:
            self.module.options["lock_retries"] = str(count)
        else:
            reason += " Set how often."
        self.add(
            node, SETTING, "retries", reason, 'ALEMBIC["lock_retries"]', header=True
        )
        for each in ast.walk(node):
            if isinstance(each, ast.ExceptHandler):
                for inside in each.body:
                    self.add(inside, NOT_NEEDED, "retries", "lock_retries does it")
        self.visit_all([*node.body, *node.orelse])
        return {SETTING}

    def _number(self, node: ast.expr) -> int | None:
        if isinstance(node, ast.Name):
            for definition in self.module.definitions.get(node.id, ()):
                if isinstance(definition, ast.Assign):
                    return self._number(definition.value)
        value = getattr(node, "value", None)
        return value if isinstance(value, int) else None

    # What is what --------------------------------------------------------------

    def _find_runners(self) -> dict[str, None]:
        """Return the functions that configure or run, those that call them included."""
        reads = {name: loaded(node) for name, node in self.functions.items()}
        found = {
            name: None
            for name, node in self.functions.items()
            if any(called in _RUNS for called, _ in self.source.calls(node))
        }
        size = -1
        while size != len(found):
            size = len(found)
            for name, names in reads.items():
                if names & found.keys():
                    found[name] = None
        return found

    def _is_run(self, node: ast.AST) -> bool:
        """Return whether a statement runs migrations, itself or by a function."""
        for each in ast.walk(node):
            if isinstance(each, Function):
                continue
            if isinstance(each, ast.Call):
                called = self.source.dotted(each.func)
                if called == f"{CONTEXT}.run_migrations" or called in self.runners:
                    return True
                if any(
                    isinstance(argument, ast.Name) and argument.id in self.runners
                    for argument in (
                        *each.args,
                        *(keyword.value for keyword in each.keywords),
                    )
                ):
                    return True
        return False

    def _has_several_databases(self) -> bool:
        asked = [
            texts(call.args[0])
            for name, call in self.source.calls(self.source.tree)
            if name == f"{CONFIG}.get_main_option" and call.args
        ]
        return "databases" in asked or "SQLALCHEMY_BINDS" in texts(self.source.tree)

    def _is_engine(self, node: ast.AST) -> bool:
        """Return whether an expression makes an engine or a connection."""
        if attribute(node) == "begin" and self.connections & loaded(node):
            return True
        names = {name.rpartition(".")[2] for name, _ in self.source.calls(node)}
        names |= {
            each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)
        }
        if names & ENGINE_CALLS:
            return True
        return isinstance(node, ast.Name) and node.id in self.connections

    def _is_logger(self, node: ast.expr) -> bool:
        name = self.source.dotted(node)
        return "log" in name.lower()

    def is_offline_now(self) -> bool:
        """Return whether a function for ``--sql`` is read."""
        return bool(self._reading) and is_offline(self._reading[-1])

    def _run_arguments(self, node: ast.Expr, call: ast.Call) -> Verdict:
        names = [keyword.arg or "**" for keyword in call.keywords]
        if set(names) <= {"engine_name"}:
            return self.add(node, NOT_NEEDED, "run_migrations()", "flask db upgrade")
        return self.add(
            node,
            NO_COUNTERPART,
            f"run_migrations({', '.join(names)})",
            'Set ALEMBIC["revision_arguments"] yourself: a dict of these.',
        )

    # Afterwards ----------------------------------------------------------------

    def function_now(self) -> ast.AST:
        """Return the function that is read, or the file."""
        return self.functions[self._reading[-1]] if self._reading else self.source.tree

    def text_behind(self, node: ast.AST) -> str:
        """Return the strings of a node, and of the functions that it calls.

        :param node: The node.
        """
        text = texts(node)
        for name, _ in self.source.calls(node):
            function = self.functions.get(name)
            if function is not None:
                text += f" {texts(function)} {name}"
        return text

    def _judge_passwords(self) -> None:
        """Add the statements in whose copy a password is masked."""
        for node, text in self.module.copied.items():
            if text in self.module.masked:
                self.add(
                    node,
                    NO_COUNTERPART,
                    defined(node),
                    "Its copy has *** for a password: read it from the environment.",
                )

    def _judge_rest(self) -> None:
        """Add what nothing has been said about yet: nothing is left out."""
        covered = {
            line for item in self.items for line in range(item.line, item.last_line + 1)
        }
        for node in self._leaves(self.source.tree.body):
            first, last = span(node)
            if not covered & set(range(first, last + 1)) and not is_nothing(node):
                self._unknown(node)

    def _leaves(self, nodes: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        for node in nodes:
            if isinstance(node, Function) and node.name in self.runners:
                yield from self._leaves(node.body)
            elif isinstance(node, Block):
                yield from self._leaves(inside(node))
            else:
                yield node

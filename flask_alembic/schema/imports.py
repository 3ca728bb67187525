"""Column types written into a revision file together with what they need imported.

Alembic writes a type as its ``repr()`` behind the name of its module, without an
import, and does not look at types inside it. What is written here was evaluated first:
it is the type of the model, or the command is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import TemplateError
from ..runtime.alembic_private import variants

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from sqlalchemy.types import TypeEngine

_TAKEN = frozenset(
    {
        "branch_labels",
        "depends_on",
        "down_revision",
        "downgrade",
        "op",
        "revision",
        "sa",
        "upgrade",
    }
)
"""Names of a revision file that an imported module must not replace."""


def render_type(type_: TypeEngine[Any], context: AutogenContext) -> str | None:
    """Return the text of a type that Alembic could not write, and add its imports.

    :param type_: The type of a column.
    :param context: What the text is rendered for.
    :return: ``None`` for a type that Alembic writes correctly itself.
    :raises TemplateError: When the type cannot be written.
    """
    if not _needs_help(type_):
        return None
    return _TypeWriter(context).write(type_)


def type_text(type_: TypeEngine[Any], context: AutogenContext) -> str:
    """Return the text of any type, and add its imports.

    :param type_: The type of a column.
    :param context: What the text is rendered for.
    :raises TemplateError: When the type cannot be written.
    """
    return _TypeWriter(context).write(type_)


def _needs_help(type_: TypeEngine[Any]) -> bool:
    if not _is_sqlalchemy(type(type_)) or variants(type_):
        return True
    if type_.__visit_name__ == "ARRAY":
        return False  # Alembic writes what is inside as a type of its own
    expression = _parsed(repr(type_))
    return expression is not None and any(
        isinstance(node, ast.Name) and node.id != type(type_).__name__
        for node in ast.walk(expression)
    )


def _is_sqlalchemy(class_: type) -> bool:
    return class_.__module__.partition(".")[0] == "sqlalchemy"


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


class _Unwritable(Exception):
    """Why the text of a type cannot be used."""


class _TypeWriter:
    """Writes types for one file."""

    def __init__(self, context: AutogenContext) -> None:
        self.context = context
        self.prefix = str(context.opts.get("sqlalchemy_module_prefix") or "")
        self.user_prefix = context.opts.get("user_module_prefix")

    def write(self, type_: TypeEngine[Any]) -> str:
        """Return the text of a type; its imports are added to the file's."""
        try:
            text, imports = self._proved(type_)
        except _Unwritable as error:
            text, imports = self._plain(type_, error)
        self.context.imports.update(imports)
        return text

    def _plain(
        self, type_: TypeEngine[Any], error: _Unwritable
    ) -> tuple[str, set[str]]:
        """Return what a decorator stands for in this database, in its place."""
        load = getattr(type_, "load_dialect_impl", None)
        if load is not None:
            try:
                return self._proved(load(self.context.dialect))
            except _Unwritable:
                pass
        raise TemplateError(
            f"The type {type(type_).__module__}.{type(type_).__qualname__} cannot be "
            f"written into a revision: {error}.",
            "Give it a __repr__ that builds it, or write it in the hook render_item; "
            "nothing was written.",
        ) from error

    def _proved(self, type_: TypeEngine[Any]) -> tuple[str, set[str]]:
        """Return text and imports after evaluating them."""
        imports: set[str] = set()
        text = self._with_variants(type_, imports)
        if self.user_prefix is None:
            self._evaluate(type_, text, imports)
        return text, imports

    def _with_variants(self, type_: TypeEngine[Any], imports: set[str]) -> str:
        text = self._one(type_, imports)
        for dialect, variant in sorted(variants(type_).items()):
            text += f".with_variant({self._one(variant, imports)}, {dialect!r})"
        return text

    def _one(self, type_: TypeEngine[Any], imports: set[str]) -> str:
        """Return the ``repr()`` of a type, each class in it with its module."""
        expression = _parsed(repr(type_))
        if expression is None:
            raise _Unwritable(f"its repr() is no Python: {repr(type_)[:80]}")
        classes = {class_.__name__: class_ for class_ in reversed(list(_within(type_)))}
        qualify = _Qualify(
            {
                name: self._path(classes[name], imports)
                for name in _names(expression) & classes.keys()
            }
        )
        return ast.unparse(qualify.visit(expression))

    def _path(self, class_: type, imports: set[str]) -> str:
        """Return the dotted name of a class, and add what makes it one."""
        module = class_.__module__
        if module == "builtins":
            return class_.__name__
        if _is_sqlalchemy(class_):
            return self._sqlalchemy_path(class_, imports)
        if self.user_prefix is not None:
            return f"{self.user_prefix}{class_.__qualname__}"
        if "<locals>" in class_.__qualname__ or module == "__main__":
            raise _Unwritable(f"{class_.__qualname__} cannot be imported")
        from sqlalchemy import dialects

        root = module.partition(".")[0]
        if root in _TAKEN or root in dialects.__all__:
            alias = module.replace(".", "_") + "_"
            imports.add(f"import {module} as {alias}")
            return f"{alias}.{class_.__qualname__}"
        imports.add(f"import {module}")
        return f"{module}.{class_.__qualname__}"

    def _sqlalchemy_path(self, class_: type, imports: set[str]) -> str:
        parts = class_.__module__.split(".")
        if parts[1] == "dialects":
            imports.add(f"from sqlalchemy.dialects import {parts[2]}")
            return f"{parts[2]}.{class_.__qualname__}"
        return f"{self.prefix}{class_.__qualname__}"

    def _evaluate(self, type_: TypeEngine[Any], text: str, imports: set[str]) -> None:
        """Refuse a text that fails, or that is another type in this database."""
        import sqlalchemy

        namespace: dict[str, Any] = {}
        root = self.prefix.partition(".")[0]
        namespace.update({root: sqlalchemy} if root else vars(sqlalchemy))
        try:
            for statement in imports:
                exec(statement, namespace)
            built = eval(text, namespace)
        except Exception as error:
            raise _Unwritable(
                f"{text} fails with {type(error).__name__}: {error}"
            ) from error
        wanted, given = self._ddl(type_), self._ddl(built)
        if wanted is not None and wanted != given:
            raise _Unwritable(f"{text} is {given} in the database instead of {wanted}")

    def _ddl(self, type_: Any) -> str | None:
        try:
            return str(type_.compile(dialect=self.context.dialect))
        except Exception:
            return None


class _Qualify(ast.NodeTransformer):
    def __init__(self, paths: Mapping[str, str]) -> None:
        self.paths = paths

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Put the dotted name of a class in the place of its plain one."""
        path = self.paths.get(node.id)
        return node if path is None else ast.parse(path, mode="eval").body


def _names(expression: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}


def _is_type(value: Any) -> bool:
    from sqlalchemy.types import TypeEngine

    return isinstance(value, TypeEngine)


def _within(value: Any, seen: set[int] | None = None) -> Iterator[type]:
    """Yield the classes of a type and of what it holds, the outer ones first."""
    seen = set() if seen is None else seen
    if id(value) in seen or len(seen) > 500:
        return
    seen.add(id(value))
    if isinstance(value, type):
        yield value
        return
    yield type(value)
    inner: list[Any] = []
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = list(value)
    elif isinstance(value, dict):
        inner = list(value.values())
    elif _is_type(value):
        # What an argument was not given for may be an attribute of the class.
        mro = type(value).__mro__
        defaults = [each for class_ in mro for each in vars(class_).values()]
        inner = [*vars(value).values(), *filter(_is_type, defaults)]
    for each in inner:
        yield from _within(each, seen)

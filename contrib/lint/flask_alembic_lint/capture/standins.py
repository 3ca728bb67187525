"""Stand-ins for what a revision imports and this machine does not have.

A revision may be looked at where the app's own packages are not installed. Its
import statements, and no others, then get something that can be called, subclassed,
iterated and used as a column type, and that holds nothing.
"""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

Missed = Callable[[str], None]
"""Called with the name of each module that has a stand-in."""


def stand_in(name: str) -> Any:
    """Return something that goes along with whatever is done to it.

    :param name: What it stands for; as a column type it is called so.
    """
    return _class()(name)


@functools.cache
def _class() -> type[Any]:
    from sqlalchemy import Column, Integer
    from sqlalchemy.types import UserDefinedType

    class WithKey:
        id = Column(Integer, primary_key=True)

    class StandIn(UserDefinedType):  # type: ignore[type-arg]
        """A column type, so that SQLAlchemy takes it where it takes one."""

        cache_ok = True

        def __init__(self, name: str) -> None:
            self.stands_for = name

        def __getattr__(self, attribute: str) -> Any:
            if attribute == "__tablename__":
                return self.stands_for.lower()
            if attribute.startswith("__") or attribute in PROBED:
                raise AttributeError(attribute)
            return stand_in(attribute)

        def __call__(self, *given: Any, **_: Any) -> Any:
            if len(given) == 1 and isinstance(given[0], types.FunctionType):
                return given[0]  # it was used as a decorator
            return stand_in(self.stands_for)

        def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
            return (WithKey,)  # a model whose base is not here still has a key

        def __instancecheck__(self, instance: Any) -> bool:
            return False

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: Any) -> None:
            pass

        def __iter__(self) -> Iterator[Any]:
            return iter(())

        def __getitem__(self, key: Any) -> Any:
            return stand_in(str(key))

        def __contains__(self, key: Any) -> bool:
            return False

        def __len__(self) -> int:
            return 0

        def __bool__(self) -> bool:
            return True

        def __int__(self) -> int:
            return 1

        __index__ = __int__

        def __float__(self) -> float:
            return 1.0

        def __lt__(self, other: Any) -> bool:
            return False

        __gt__ = __le__ = __ge__ = __lt__

        def __add__(self, other: Any) -> Any:
            return other

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __add__
        __mod__ = __or__ = __ror__ = __add__

        def __repr__(self) -> str:
            return f"{self.stands_for}()"

        def __str__(self) -> str:
            return self.stands_for

        def get_col_spec(self, **_: Any) -> str:
            return self.stands_for.upper()

    return StandIn


PROBED: Final = frozenset(
    [
        "inspection_attr",
        "self_group",
        "dispatch",
        "impl_instance",
        "comparator_factory",
        "is_clause_element",
        "coerce_compared_value",
        "sort_key_function",
        "adapt_operator",
        "bind_expression",
        "is_dml",
        "column_expression",
        "should_evaluate_none",
        "hashable",
        "render_bind_cast",
        "operator_classes",
        "render_literal_cast",
        "create_type",
        "create_constraint",
        "native_enum",
        "schema",
        "enums",
    ]
)
"""Names that SQLAlchemy asks a type for, and takes the absence of for an answer."""


WATCHED: Final = frozenset({"alembic", "flask", "flask_alembic", "sqlalchemy"})
"""Packages whose code reaches a database through functions of Python only."""


def _is_watched(name: str) -> bool:
    package = name.partition(".")[0]
    compiled = package in ("ctypes", "_ctypes", "multiprocessing")
    return package in WATCHED | sys.stdlib_module_names and not compiled


class Importer:
    """The ``__import__`` of a revision's own import statements.

    :param missed: Called with the name of each module that has a stand-in.
    :param given: What the revision gets for names of the package ``alembic``: the
        recorder for ``op``, its environment for ``context``.
    :param unwatched: Called with the name of each module that has a stand-in because
        its compiled code could not be watched; ``None`` where it can be.
    """

    def __init__(
        self,
        missed: Missed,
        given: Mapping[str, Any],
        unwatched: Missed | None = None,
    ) -> None:
        self.missed = missed
        self.given = given
        self.unwatched = unwatched

    def __call__(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        """Import a module, or give a stand-in for it."""
        if name.partition(".")[0] == "alembic" and fromlist and not level:
            own = self._own(name, fromlist)
            if own is not None:
                return own
        if self.unwatched is not None and (level or not _is_watched(name)):
            self.unwatched(name or ".")
            return _module(name, fromlist)
        try:
            module = builtins.__import__(name, globals, locals, fromlist, level)
        except ImportError:
            self.missed(name or ".")
            return _module(name, fromlist)
        lacking = [
            each for each in fromlist or () if each != "*" and not hasattr(module, each)
        ]
        if not lacking:
            return module
        for each in lacking:
            self.missed(f"{name}.{each}")
        patched = types.ModuleType(name)
        vars(patched).update(vars(module))
        vars(patched).update({each: stand_in(each) for each in lacking})
        return patched

    def _own(self, name: str, fromlist: Sequence[str]) -> Any:
        """Return a module with the recorder in it, where it is asked for."""
        package, _, inner = name.partition(".")
        if inner in self.given:
            return self.given[inner]
        if inner or not self.given.keys() & set(fromlist):
            return None
        patched = types.ModuleType(package)
        vars(patched).update(vars(builtins.__import__(package, fromlist=fromlist)))
        vars(patched).update(self.given)
        return patched


def _module(name: str, fromlist: Sequence[str] | None) -> Any:
    """Return a module in which whatever is asked for is a stand-in."""

    class Module(types.ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            return stand_in(attribute)

    module = Module(name)
    module.__all__ = []  # type: ignore[attr-defined]
    return module

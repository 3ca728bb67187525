"""Alembic's comparison callbacks, answered by the app's own and by plugins.

Each is passed to Alembic only where somebody implements it: a callback costs a
call for each name, object and column, and some switch off shortcuts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..hooks import specs

if TYPE_CHECKING:
    from ..hooks.dispatcher import Hooks

BUILTIN_ONLY = "flask_alembic_builtin_only"
"""The attribute of a callback that nobody but built-in plugins answers."""

COMPLETE = "flask_alembic_complete"
"""The option of a context that adds to a script what Alembic does not compare."""

BUILTIN_DEFAULTS = "flask_alembic_compare_server_default"
"""The option that holds the callback for defaults that only built-in plugins answer."""


def comparison_hooks(
    hooks: Hooks,
    options: Mapping[str, Any],
    needed: Collection[Callable[..., object]] = (),
) -> dict[str, Any]:
    """Return the callbacks to configure a context with.

    :param hooks: The dispatcher of the app.
    :param options: The options so far; a callable in them is asked after plugins.
    :param needed: The hooks whose built-in implementation has an answer here.
    """
    made: dict[str, Any] = {}
    for spec, make in (
        (specs.include_name, _include_name),
        (specs.include_object, _include_object),
    ):
        if spec in needed or hooks.implemented(spec):
            made[spec.__name__] = make(hooks, options.get(spec.__name__))
    schemas = options.get("include_schemas")
    if isinstance(schemas, frozenset):
        own = made.get("include_name") or options.get("include_name")
        made["include_name"] = _in_schemas(schemas, own)
    made.update(_comparisons(hooks, options))
    if hooks.implementations(specs.render_item):
        made["render_item"] = _render_item(hooks, options.get("render_item"))
    return made


def _comparisons(hooks: Hooks, options: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for spec, make, builtin in (
        (specs.compare_type, _compare_type, specs.compare_type.__name__),
        # Alembic cannot call one where the database has computed columns.
        (specs.compare_server_default, _compare_server_default, BUILTIN_DEFAULTS),
    ):
        own = options.get(spec.__name__)
        if hooks.implemented(spec) or callable(own):
            made[spec.__name__] = make(hooks, own)
        elif own is not False and hooks.implementations(spec):
            made[builtin] = make(hooks, own)
            setattr(made[builtin], BUILTIN_ONLY, True)
    return made


def _include_name(hooks: Hooks, own: Any) -> Callable[..., bool]:
    def include_name(name: Any, type_: Any, parent_names: Any) -> bool:
        answers = hooks.collect(
            specs.include_name, name=name, type_=type_, parent_names=parent_names
        )
        if any(answer is False for _, answer in answers):
            return False
        return bool(own(name, type_, parent_names)) if own else True

    return include_name


def _in_schemas(schemas: Collection[str], own: Any) -> Callable[..., bool]:
    """Return what leaves out the schemas that no model names."""

    def include_name(name: Any, type_: Any, parent_names: Any) -> bool:
        if type_ == "schema" and name is not None and name not in schemas:
            return False
        return bool(own(name, type_, parent_names)) if own else True

    return include_name


def _include_object(hooks: Hooks, own: Any) -> Callable[..., bool]:
    def include_object(
        object: Any, name: Any, type_: Any, reflected: Any, compare_to: Any
    ) -> bool:
        answers = hooks.collect(
            specs.include_object,
            object=object,
            name=name,
            type_=type_,
            reflected=reflected,
            compare_to=compare_to,
        )
        if any(answer is False for _, answer in answers):
            return False
        return bool(own(object, name, type_, reflected, compare_to)) if own else True

    return include_object


def _compare_type(hooks: Hooks, own: Any) -> Callable[..., bool | None]:
    def compare_type(
        context: Any,
        inspected_column: Any,
        metadata_column: Any,
        inspected_type: Any,
        metadata_type: Any,
    ) -> bool | None:
        return hooks.firstresult_with(
            specs.compare_type,
            partial(
                _own_answer,
                own,
                context,
                inspected_column,
                metadata_column,
                inspected_type,
                metadata_type,
            ),
            context=context,
            inspected_column=inspected_column,
            metadata_column=metadata_column,
            inspected_type=inspected_type,
            metadata_type=metadata_type,
        )

    return compare_type


def _compare_server_default(hooks: Hooks, own: Any) -> Callable[..., bool | None]:
    def compare_server_default(
        context: Any,
        inspected_column: Any,
        metadata_column: Any,
        inspected_default: Any,
        metadata_default: Any,
        rendered_metadata_default: Any,
    ) -> bool | None:
        return hooks.firstresult_with(
            specs.compare_server_default,
            partial(
                _own_answer,
                own,
                context,
                inspected_column,
                metadata_column,
                inspected_default,
                metadata_default,
                rendered_metadata_default,
            ),
            context=context,
            inspected_column=inspected_column,
            metadata_column=metadata_column,
            inspected_default=inspected_default,
            metadata_default=metadata_default,
            rendered_metadata_default=rendered_metadata_default,
        )

    return compare_server_default


def _own_answer(own: Any, *arguments: Any) -> bool | None:
    """Return what the app's own setting says: a function, or on and off for all."""
    if own in (None, True):
        return None
    if own is False:
        return False
    asked: bool | None = own(*arguments)
    return asked


def _render_item(hooks: Hooks, own: Any) -> Callable[..., Any]:
    def render_item(type_: Any, object: Any, autogen_context: Any) -> Any:
        def ask_own() -> Any:
            answer = own(type_, object, autogen_context) if own else None
            return None if answer is False else answer

        answer = hooks.firstresult_with(
            specs.render_item,
            ask_own,
            type_=type_,
            object=object,
            autogen_context=autogen_context,
        )
        if answer is False:
            # No text from a plugin; the app may have one all the same.
            answer = ask_own()
        return False if answer is None else answer

    return render_item

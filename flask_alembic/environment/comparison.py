"""Alembic's comparison callbacks, answered by the app's own and by plugins.

Each is passed to Alembic only where somebody implements it: a callback costs a
call for each name, object and column, and some switch off shortcuts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..hooks import specs

if TYPE_CHECKING:
    from ..hooks.dispatch import Hooks


def comparison_hooks(hooks: Hooks, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the callbacks to configure a context with.

    :param hooks: The dispatcher of the app.
    :param options: The options so far; a callable in them is asked after plugins.
    """
    made: dict[str, Any] = {}
    for spec, make in (
        (specs.include_name, _include_name),
        (specs.include_object, _include_object),
        (specs.compare_type, _compare_type),
        (specs.compare_server_default, _compare_server_default),
        (specs.render_item, _render_item),
    ):
        if hooks.implemented(spec):
            made[spec.__name__] = make(hooks, options.get(spec.__name__))
    return made


def without_tables(names: Collection[str], own: Any) -> Callable[..., bool]:
    """Return an ``include_name`` that leaves tables of ours out.

    :param names: Their names.
    :param own: What is asked about all other names.
    """

    def include_name(name: Any, type_: Any, parent_names: Any) -> bool:
        if type_ == "table" and name in names:
            return False
        return bool(own(name, type_, parent_names)) if own else True

    return include_name


def _include_name(hooks: Hooks, own: Any) -> Callable[..., bool]:
    def include_name(name: Any, type_: Any, parent_names: Any) -> bool:
        answers = hooks.gather(
            specs.include_name, name=name, type_=type_, parent_names=parent_names
        )
        if any(answer is False for _, answer in answers):
            return False
        return bool(own(name, type_, parent_names)) if own else True

    return include_name


def _include_object(hooks: Hooks, own: Any) -> Callable[..., bool]:
    def include_object(
        object: Any, name: Any, type_: Any, reflected: Any, compare_to: Any
    ) -> bool:
        answers = hooks.gather(
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
        answer = hooks.ask(
            specs.compare_type,
            context=context,
            inspected_column=inspected_column,
            metadata_column=metadata_column,
            inspected_type=inspected_type,
            metadata_type=metadata_type,
        )
        if answer is not None:
            return answer
        return _own_answer(
            own,
            context,
            inspected_column,
            metadata_column,
            inspected_type,
            metadata_type,
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
        answer = hooks.ask(
            specs.compare_server_default,
            context=context,
            inspected_column=inspected_column,
            metadata_column=metadata_column,
            inspected_default=inspected_default,
            metadata_default=metadata_default,
            rendered_metadata_default=rendered_metadata_default,
        )
        if answer is not None:
            return answer
        return _own_answer(
            own,
            context,
            inspected_column,
            metadata_column,
            inspected_default,
            metadata_default,
            rendered_metadata_default,
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
        answer = hooks.ask(
            specs.render_item,
            type_=type_,
            object=object,
            autogen_context=autogen_context,
        )
        if answer not in (None, False):
            return answer
        return own(type_, object, autogen_context) if own else False

    return render_item

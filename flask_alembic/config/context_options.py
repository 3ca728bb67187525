"""Checking the arguments of ``EnvironmentContext.configure``.

Alembic takes any value for them. A text such as ``'false'`` counts as true there, and
what is no function fails in the middle of a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import AlembicError, ConfigurationError
from ..hooks.redaction import redacted
from .fields import READERS, wrong
from .key_names import CONTEXT_KEYS, OPTION_KEYS, refuse_misplaced, refuse_misspelled


def check_context(given: Mapping[str, Any], where: str = "ALEMBIC_CONTEXT") -> Any:
    """Return the arguments with 0 and 1 as false and true.

    A dict under a name that is no argument holds the arguments for a database.

    :param given: The arguments.
    :param where: Where they stand, for messages.
    :raises ConfigurationError: When a value has the wrong type or a key looks
        like a misspelled one.
    """
    misplaced = (OPTION_KEYS | READERS.keys()) - CONTEXT_KEYS
    checked: dict[str, Any] = {}
    for key, value in given.items():
        refuse_misspelled(where, key, CONTEXT_KEYS)
        if isinstance(value, Mapping) and key not in CONTEXT_KEYS:
            checked[key] = check_context(value, f"{where}[{key!r}]")
            continue
        refuse_misplaced(where, key, misplaced, "ALEMBIC")
        checked[key] = _checked(f"{where}[{key!r}]", key, value)
    return checked


def _checked(where: str, key: str, value: Any) -> Any:
    if value is None or key not in _KINDS:
        return value
    if _KINDS[key] in (_flag, _flag_or_function) and value in (0, 1):
        return bool(value)
    is_right, expected = _KINDS[key]
    if not is_right(value):
        raise wrong(where, value, expected)
    return _named(where, value) if callable(value) else value


def _named(where: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the app's that says where it stands when it fails."""

    def call(*args: Any, **arguments: Any) -> Any:
        try:
            return function(*args, **arguments)
        except AlembicError:
            raise
        except Exception as error:
            raise ConfigurationError(
                f"{where} failed: {redacted(error).splitlines()[0]}.",
                "Fix the function; --traceback shows where it failed.",
            ) from error

    return call


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_name(value: Any) -> bool:
    return _is_text(value) and bool(value.strip())


def _is_function_or_several(value: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(callable, value))
    return callable(value)


def _is_metadata(value: Any) -> bool:
    several = value if isinstance(value, (list, tuple)) else [value]
    return all(hasattr(one, "tables") for one in several)


Kind = tuple[Callable[[Any], bool], str]

_flag: Kind = (lambda value: isinstance(value, bool), "True or False")
_flag_or_function: Kind = (
    lambda value: isinstance(value, bool) or callable(value),
    "True, False or a function",
)
_function: Kind = (callable, "a function")
_text: Kind = (_is_text, "text without null characters")
_name: Kind = (_is_name, "a name, not empty and without null characters")
_mapping: Kind = (lambda value: isinstance(value, Mapping), "a dict")

_KINDS: Final[Mapping[str, Kind]] = {
    "alembic_module_prefix": _text,
    "compare_server_default": _flag_or_function,
    "compare_type": _flag_or_function,
    "dialect_opts": _mapping,
    "downgrade_token": _name,
    "include_name": _function,
    "include_object": _function,
    "include_schemas": _flag,
    "literal_binds": _flag,
    "on_version_apply": (_is_function_or_several, "a function or a list of them"),
    "process_revision_directives": _function,
    "render_as_batch": _flag,
    "render_item": _function,
    "sqlalchemy_module_prefix": _text,
    "target_metadata": (_is_metadata, "a MetaData or a list of them"),
    "template_args": _mapping,
    "transaction_per_migration": _flag,
    "transactional_ddl": _flag,
    "upgrade_token": _name,
    "user_module_prefix": _text,
    "version_table": _name,
    "version_table_pk": _flag,
    "version_table_schema": _name,
}

"""Whether a plugin would work, asked before it is installed anywhere."""

from __future__ import annotations

import logging


def check_plugin(plugin: object, name: str | None = None) -> tuple[str, ...]:
    """Check that the hooks of a plugin have the right names and arguments.

    Also refused is what an app only warns of: a function that is named like a hook
    and not marked.

    :param plugin: A module or an instance with functions marked ``@hookimpl``.
    :param name: What to call it in messages; its class or module by default.
    :return: The names of the hooks that it implements, sorted.
    :raises PluginError: With what is wrong and what to do.

    .. versionadded:: 4.0
    """
    from ..hooks.errors import PluginError
    from ..hooks.own_plugins import plugin_name
    from ..hooks.signals import spec_functions
    from ..hooks.validation import hook_names, validate

    given = name or plugin_name(plugin)
    handler = _Handler()
    logger = logging.getLogger("flask_alembic.hooks")
    level, disabled = logger.level, logger.disabled
    logger.addHandler(handler)
    # Whatever the suite has set: the warnings are part of the answer.
    logger.setLevel(logging.WARNING)
    logger.disabled = False
    try:
        validate(plugin, given, spec_functions())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.disabled = disabled
    if handler.messages:
        raise PluginError(
            " ".join(handler.messages), "Mark it, or give it another name."
        )
    return hook_names(plugin)


class _Handler(logging.Handler):
    """Keeps the messages that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

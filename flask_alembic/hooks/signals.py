"""The blinker signals: one for each ``guard`` and ``event`` hook.

A signal has the name of its hook (``before_upgrade`` in Python,
``before-upgrade`` for blinker) and gets the hook's arguments; the sender is the
real Flask app. A receiver is told, never asked: it cannot refuse anything, and
an error in it is logged and changes nothing. Write receivers with ``**extra``,
so that an argument added later does not break them::

    from flask_alembic.signals import after_upgrade

    @after_upgrade.connect_via(app)
    def tell_the_team(app, run, result, **extra):
        print(len(result.applied), "revisions applied")

.. versionadded:: 4.0
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from blinker import NamedSignal, Namespace

from . import specs
from .markers import has_signal


def spec_functions() -> dict[str, Callable[..., object]]:
    """Return every spec function by name, in the order of the source."""
    return {
        name: function
        for name, function in vars(specs).items()
        if hasattr(function, "hook_kind")
    }


_namespace = Namespace()

SIGNALS: Final = MappingProxyType(
    {
        name: _namespace.signal(name.replace("_", "-"), doc=function.__doc__)
        for name, function in spec_functions().items()
        if has_signal(function)
    }
)
"""Every signal by the name of its hook."""

before_command: NamedSignal = SIGNALS["before_command"]
"""A command starts; every plugin has agreed. Arguments: ``command``."""

after_command: NamedSignal = SIGNALS["after_command"]
"""A command ended, well or not. Arguments: ``report``."""

before_revision: NamedSignal = SIGNALS["before_revision"]
"""A revision file is about to be made. Arguments: ``request``."""

revision_generated: NamedSignal = SIGNALS["revision_generated"]
"""Revision files were written. Arguments: ``request``, ``scripts``."""

files_changed: NamedSignal = SIGNALS["files_changed"]
"""Files were written or removed. Arguments: ``command``, ``created``, ``changed``,
``removed``."""

before_fix: NamedSignal = SIGNALS["before_fix"]
"""``doctor --fix`` is about to change a database. Arguments: ``database``,
``findings``."""

after_fix: NamedSignal = SIGNALS["after_fix"]
"""``doctor --fix`` has changed a database. Arguments: ``database``, ``findings``."""

before_upgrade: NamedSignal = SIGNALS["before_upgrade"]
"""An upgrade is about to begin. Arguments: ``run``."""

before_downgrade: NamedSignal = SIGNALS["before_downgrade"]
"""A downgrade is about to begin. Arguments: ``run``."""

before_stamp: NamedSignal = SIGNALS["before_stamp"]
"""A stamp is about to begin. Arguments: ``run``."""

revision_applied: NamedSignal = SIGNALS["revision_applied"]
"""A revision is durable. Arguments: ``run``, ``step``, ``elapsed``."""

revision_failed: NamedSignal = SIGNALS["revision_failed"]
"""A revision failed and was rolled back. Arguments: ``run``, ``step``, ``error``."""

run_failed: NamedSignal = SIGNALS["run_failed"]
"""A run failed, wherever that was. Arguments: ``run``, ``result``, ``error``."""

after_upgrade: NamedSignal = SIGNALS["after_upgrade"]
"""An upgrade reached its target. Arguments: ``run``, ``result``."""

after_downgrade: NamedSignal = SIGNALS["after_downgrade"]
"""A downgrade reached its target. Arguments: ``run``, ``result``."""

after_stamp: NamedSignal = SIGNALS["after_stamp"]
"""A stamp was written. Arguments: ``run``, ``result``."""

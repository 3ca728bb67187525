"""What the tests need of the process that they run in, whoever started it.

A shell without job control starts what it puts into the background with SIGINT ignored,
``nohup`` with SIGHUP ignored, and each child inherits that. A handler that Python has
installed is back to the default in every process that is executed, so that restoring it
here restores it for all processes that tests start.
"""

from __future__ import annotations

import signal


def restore_signals() -> None:
    """Handle signals as a program does that was started from a terminal."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


restore_signals()

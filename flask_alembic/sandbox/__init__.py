"""Running code of others, such as a revision, where it can change nothing.

For example, to see whether a revision keeps to ``op``::

    from flask_alembic.sandbox import Sandbox, Watch

    def look(path: str, watch: Watch) -> list[str]:
        runpy.run_path(path)
        return [attempt.what for attempt in watch.attempts]

    with Sandbox(look) as sandbox:
        print(sandbox.call("migrations/1a2b_users.py"))

The function runs in a child process, which has everything that was imported and made in
its parent. There it can compute, import and read files; it cannot write, create, remove
or lock a file, reach a server or another process, or start one. Each attempt is refused
with a ``PermissionError`` and noted with the place in the code.

On Linux (x86-64 and 64-bit ARM) the kernel refuses, so that compiled code, such as a
database driver written in C, is refused too. Elsewhere, and where the kernel does not
allow it, only Python's own functions are refused, in the process and thread of the
caller: :attr:`Watch.is_complete` is then ``False``.

.. versionadded:: 4.0
"""

from __future__ import annotations

from .watch import Attempt, NotAllowed, Watch
from .worker import Sandbox, SandboxEnded

__all__ = ["Attempt", "NotAllowed", "Sandbox", "SandboxEnded", "Watch"]

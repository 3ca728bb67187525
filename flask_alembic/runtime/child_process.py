"""A child process that comes back into a run of its parent is ended.

After ``os.fork()`` a revision has the connection of the run in two processes. A child
that returned would run the other revisions, commit and notify plugins a second time, and
whatever it sent would arrive in the middle of what its parent sends.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from ..errors import TransactionEnded

FAILED = 70
"""The exit status of a child that returned or raised: an internal error (sysexits)."""


@contextmanager
def one_process() -> Iterator[None]:
    """End a process that was forked inside, and comes out of the block.

    It ends at once, without what stands in ``finally`` around it; ``sys.exit()`` keeps
    its status.
    """
    pid = os.getpid()
    try:
        yield
    except BaseException as error:
        if os.getpid() != pid:
            _end(error)
        raise
    if os.getpid() != pid:
        _end(None)


def require_process(pid: int) -> None:
    """Refuse the connection of a run to another process than that of the run.

    :param pid: The number of the process that opened it.
    :raises TransactionEnded: In a child process; nothing was sent.
    """
    if os.getpid() != pid:
        raise TransactionEnded(
            "a child process has used the connection of the run, which was not sent "
            "anything",
            "Let the child process open a connection of its own.",
            refused=True,
        )


def _end(error: BaseException | None) -> NoReturn:
    status = FAILED
    with suppress(Exception):
        if isinstance(error, SystemExit):
            status = (
                error.code if isinstance(error.code, int) else int(bool(error.code))
            )
        elif error is not None:
            traceback.print_exception(error)
        else:
            print(
                "A child process of a revision has returned into the run; it was ended. "
                "End it with os._exit().",
                file=sys.stderr,
            )
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)

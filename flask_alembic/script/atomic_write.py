"""Files written as a whole: beside their place first, and then into it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from threading import get_ident


def replace(path: Path, content: bytes) -> None:
    """Write a file: whoever reads it sees all of it, or what was there before.

    One that is there keeps its permissions.

    :param path: The file.
    :param content: All of it.
    :raises OSError: When it cannot be written; it is then as it was.

    .. versionadded:: 4.0
    """
    # Writers of several threads and processes each have a file of their own.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        temporary.write_bytes(content)
        with suppress(FileNotFoundError):
            temporary.chmod(S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
    except BaseException:
        # Where the folder refuses the file, it may refuse to remove it, too.
        with suppress(OSError):
            temporary.unlink()
        raise

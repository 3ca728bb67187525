"""A run that was started in the background of a script tests signals all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHILD = "import signal; print(signal.getsignal(signal.SIGINT).__name__)"
PARENT = f"""
import signal, subprocess, sys
assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
import process_state
print(signal.getsignal(signal.SIGINT).__name__)
print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL)
subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ignored_signals_are_restored_for_us_and_our_children() -> None:
    ignoring = ["bash", "-c", "trap '' INT HUP; exec \"$@\"", "bash"]
    done = subprocess.run(
        [*ignoring, sys.executable, "-u", "-c", PARENT],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["default_int_handler", "True", "default_int_handler"]

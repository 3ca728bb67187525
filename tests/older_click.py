"""Let the test runner of Click 8.1 keep stderr apart, as later ones do.

Importing this module is enough; with Click 8.2 and newer it does nothing.
"""

from __future__ import annotations

import functools
import inspect

from click.testing import CliRunner, Result


def _output(result: Result) -> str:
    """Everything that was written; not in order, as it is since 8.2."""
    return result.stdout + (result.stderr if result.stderr_bytes else "")


if "mix_stderr" in inspect.signature(CliRunner.__init__).parameters:
    unmixed = functools.partialmethod(CliRunner.__init__, mix_stderr=False)
    CliRunner.__init__ = unmixed  # type: ignore[method-assign, assignment]
    Result.output = property(_output)  # type: ignore[assignment]

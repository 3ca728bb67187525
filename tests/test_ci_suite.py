"""What a step of ``.ci/run`` makes of the end of a test run."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "suite.py"
FLAKY = """
import pathlib
seen = pathlib.Path(__file__).with_name("seen")

def first_time():
    first = not seen.exists()
    seen.touch()
    return first
"""


class Suite:
    """A folder with tests, run as a step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.retried = folder / "retried.txt"
        (folder / "skips.txt").write_text("# none\nsome,step* no (fish|zsh) here\n")
        (folder / "once.py").write_text(FLAKY)
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / f"test_{name}.py").write_text(textwrap.dedent(text))

    def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        environ = {
            **os.environ,
            "CI_SKIPS": str(self.folder / "skips.txt"),
            "CI_RETRIED": str(self.retried),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they take longer than the tests
            **variables,
        }
        command = [sys.executable, str(SCRIPT), "step", "-q", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
        )
        print(done.stdout, done.stderr)
        return done.returncode, done.stdout


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


def test_all_pass(suite: Suite) -> None:
    suite.write("a", "def test_one(): pass\ndef test_two(): pass")
    code, output = suite.run()
    assert code == 0
    assert "step: 2 of 2 tests ran" in output
    assert not suite.retried.exists()


@pytest.mark.parametrize(
    "workers", [(), ("-p", "xdist.plugin", "-n", "2")], ids=["alone", "xdist"]
)
def test_what_passes_when_retried_is_named(
    suite: Suite, workers: tuple[str, ...]
) -> None:
    suite.write("a", "import once\ndef test_one(): assert not once.first_time()")
    suite.write("b", "def test_two(): pass")
    code, output = suite.run(*workers)
    assert code == 0
    line = "step: passed only when retried: test_a.py::test_one"
    assert line in output
    assert suite.retried.read_text() == f"{line}\n"
    (suite.folder / "seen").unlink()
    assert suite.run(*workers, CI_RETRY="0")[0] == 1


def test_what_fails_twice_fails(suite: Suite) -> None:
    suite.write("a", "import once\ndef test_one(): assert not once.first_time()")
    suite.write("b", "def test_two(): assert 1 == 2")
    code, output = suite.run()
    assert code == 1
    assert "failed twice: test_b.py::test_two" in output
    assert not suite.retried.exists()


@pytest.mark.parametrize(
    "workers", [(), ("-p", "xdist.plugin", "-n", "2")], ids=["alone", "xdist"]
)
def test_a_collection_error_is_not_retried(
    suite: Suite, workers: tuple[str, ...]
) -> None:
    suite.write("a", "import once\nif once.first_time(): raise OSError('no')")
    suite.write("b", "def test_two(): assert 1 == 2")
    code, output = suite.run(*workers)
    assert code == 1
    assert "again, alone" not in output
    assert "FAILED" in output


def test_an_interrupt_is_not_retried(suite: Suite) -> None:
    suite.write("a", "import once\ndef test_one(): assert not once.first_time()")
    suite.write("b", "def test_two(): raise KeyboardInterrupt")
    suite.write("c", "def test_three(): assert 1 == 2")
    code, output = suite.run()
    assert code == 1
    assert "step: FAILED: pytest ended with 2" in output
    assert "again, alone" not in output


def test_a_run_that_stops_early_is_not_complete(suite: Suite) -> None:
    suite.write("a", "import once\ndef test_one(): assert not once.first_time()")
    suite.write("b", "def test_two(): assert 1 == 2")
    code, output = suite.run("-x")
    assert code == 1
    assert "again, alone" not in output


def test_a_process_that_dies_is_not_retried(suite: Suite) -> None:
    suite.write("a", "import os\ndef test_one(): os._exit(1)")
    code, output = suite.run()
    assert code == 1
    assert "wrote no record" in output


def test_no_tests(suite: Suite) -> None:
    code, output = suite.run()
    assert code == 1
    assert "pytest ended with 5" in output


def test_many_failures_are_not_retried(suite: Suite) -> None:
    suite.write(
        "a",
        """
        import pytest
        @pytest.mark.parametrize("number", range(11))
        def test_one(number): assert number < 0
        """,
    )
    code, output = suite.run()
    assert code == 1
    assert "step: FAILED: 11 tests" in output
    assert "again, alone" not in output


def test_a_skip_needs_a_line(suite: Suite) -> None:
    suite.write("a", "import pytest\ndef test_one(): pytest.skip('no fish here')")
    suite.write("b", "import pytest\npytest.importorskip('no_such_module')")
    suite.write("c", "def test_three(): pass")
    code, output = suite.run("--ignore", "test_b.py")
    assert code == 0
    assert "step: 1 skipped: no fish here" in output
    code, output = suite.run()
    assert code == 1
    assert "step: 1 skipped (NOT LISTED): could not import 'no_such_module'" in output


def test_a_missing_python_needs_a_line(suite: Suite) -> None:
    environ = {**os.environ, "CI_SKIPS": str(suite.folder / "skips.txt")}

    def code(*words: str) -> int:
        command = [sys.executable, str(SCRIPT), "--allowed", *words]
        return subprocess.run(command, env=environ).returncode

    assert code("step2", "no zsh here") == 0
    assert code("other", "no zsh here") == 1
    assert code("some", "no zsh") == 1

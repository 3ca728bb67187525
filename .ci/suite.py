"""Run pytest for a step of ``.ci/run``, and pass only if every collected test ran.

    python .ci/suite.py STEP [arguments of pytest]
    python .ci/suite.py --allowed STEP REASON

A run that is complete and has at most ``RETRIED`` failures is followed by a second one of
these failures, alone and without pytest-xdist. Tests that pass then are printed and
appended to the file that ``CI_RETRIED`` names: they are bugs, and the end of the run names
them. ``CI_RETRY=0`` turns that off. Any other end of the first run is final: a collection
error, an interrupt, a crash, a run without tests.

``CI_DURATIONS`` names a file to which the seconds of each phase of each test are appended.

Each skip needs a line in ``.ci/skips.txt``; a skip that has none fails the step.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

RETRIED = 10
"""With more failures than that, the tests are broken and not unlucky."""

SKIPS = Path(os.environ.get("CI_SKIPS") or Path(__file__).with_name("skips.txt"))

Record = dict[str, Any]


class Recorder:
    """A plugin of pytest that records what was collected, what ran and how it ended.

    It runs in the process that pytest was started in, also with pytest-xdist.

    :param only: Run these tests only.
    """

    def __init__(self, only: list[str] | None = None) -> None:
        self.only = None if only is None else set(only)
        self.collected: set[str] = set()
        self.ran: set[str] = set()
        self.failed: dict[str, None] = {}
        self.errors: dict[str, None] = {}
        self.skips: Counter[str] = Counter()

    # pytest passes hooks their arguments by name. This file is no plugin of a package:
    # decorators come from pytest, which only the process that runs tests imports.

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        """Deselect what is not to run again."""
        if self.only is not None:
            others = [item for item in items if item.nodeid not in self.only]
            items[:] = [item for item in items if item.nodeid in self.only]
            config.hook.pytest_deselected(items=others)

    def pytest_collection_finish(self, session: Any) -> None:
        """Record the tests; called without pytest-xdist."""
        self.collected.update(item.nodeid for item in session.items)

    def collected_by_worker(self, ids: list[str]) -> None:
        """Record the tests; called once for each worker of pytest-xdist."""
        self.collected.update(ids)

    def pytest_collectreport(self, report: Any) -> None:
        """Record a module that cannot be collected, or that skips itself."""
        if report.failed:
            self.errors[report.nodeid] = None
        elif report.skipped:
            self.skips[reason_of(report)] += 1

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Record one of the phases of a test."""
        if os.environ.get("CI_DURATIONS"):
            with open(os.environ["CI_DURATIONS"], "a", encoding="utf-8") as file:
                print(f"{report.duration:.3f}", report.when, report.nodeid, file=file)
        if report.failed:
            self.failed[report.nodeid] = None
        elif report.skipped and not hasattr(report, "wasxfail"):
            self.skips[reason_of(report)] += 1
        # A worker that crashed reports "???" for the test that it was at.
        if report.when in ("teardown", "???"):
            self.ran.add(report.nodeid)

    def record(self, code: int) -> Record:
        """Return what was recorded.

        :param code: pytest's exit code.
        """
        return {
            "code": code,
            "collected": len(self.collected),
            "ran": len(self.ran),
            "not_run": sorted(self.collected - self.ran),
            "failed": list(self.failed),
            "errors": list(self.errors),
            "skips": dict(self.skips),
        }


def reason_of(report: Any) -> str:
    """Return why a test was skipped."""
    longrepr = report.longrepr
    reason = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return " ".join(str(reason).removeprefix("Skipped: ").split())


def run_recorded(target: Path, only: str, arguments: list[str]) -> int:
    """Run pytest in this process and write the record of the run.

    :param target: The file of the record.
    :param only: A file with the tests to run, empty for all of them.
    """
    import pytest

    sys.path[0] = os.getcwd()  # as "python -m pytest" does
    recorder = Recorder(json.loads(Path(only).read_text("utf-8")) if only else None)
    plugins: list[object] = [recorder]
    if xdist_is_used(arguments):

        class Workers:
            @pytest.hookimpl
            def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
                recorder.collected_by_worker(ids)

        plugins.append(Workers())
    code = int(pytest.main(arguments, plugins=plugins))
    target.write_text(json.dumps(recorder.record(code)), "utf-8")
    return code


def xdist_is_used(arguments: list[str]) -> bool:
    """Whether pytest-xdist distributes the tests."""
    return any(re.match(r"-n|--numprocesses", argument) for argument in arguments)


def run_pytest(arguments: list[str], only: list[str] | None = None) -> Record:
    """Run pytest in a process of its own and return its record.

    :param only: Run these tests only, alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        target, chosen = Path(folder, "record.json"), Path(folder, "only.json")
        if only is not None:
            chosen.write_text(json.dumps(only), "utf-8")
            if xdist_is_used(arguments):
                arguments = [*arguments, "-n", "0"]
        command = [sys.executable, __file__, "--record", str(target)]
        command.append("" if only is None else str(chosen))
        done = subprocess.run([*command, *arguments], check=False)
        if not target.exists():
            return {"code": done.returncode or 70, "crashed": True}
        record: Record = json.loads(target.read_text("utf-8"))
        record["code"] = done.returncode
        return record


def fault_of(record: Record) -> str | None:
    """Return why a run says nothing about the tests, None if it is complete."""
    if record.get("crashed"):
        return f"pytest ended with {record['code']} and wrote no record"
    if record["code"] not in (0, 1):
        return f"pytest ended with {record['code']}"
    if record["errors"]:
        return f"not collected: {', '.join(record['errors'])}"
    if record["not_run"]:
        names = ", ".join(record["not_run"][:5])
        return f"{len(record['not_run'])} collected tests did not run: {names}"
    if not record["ran"]:
        return "no test ran"
    if (record["code"] == 1) != bool(record["failed"]):
        return f"pytest ended with {record['code']}, {len(record['failed'])} failed"
    return None


def allowed(step: str, reason: str) -> bool:
    """Whether a line of ``.ci/skips.txt`` lets this step skip for that reason."""
    for line in SKIPS.read_text("utf-8").splitlines():
        steps, _, pattern = line.partition(" ")
        if not steps or steps.startswith("#"):
            continue
        if any(fnmatch.fnmatch(step, each) for each in steps.split(",")) and (
            re.fullmatch(pattern.strip(), reason)
        ):
            return True
    return False


def check_skips(step: str, record: Record) -> list[str]:
    """Print how often tests were skipped, and return the reasons without a line."""
    missing = []
    for reason, count in sorted(record["skips"].items()):
        is_allowed = allowed(step, reason)
        print(
            f"{step}: {count} skipped{'' if is_allowed else ' (NOT LISTED)'}: {reason}"
        )
        if not is_allowed:
            missing.append(reason)
    return missing


def fail(step: str, text: str) -> int:
    """Print why the step fails and return its exit code."""
    print(f"{step}: FAILED: {text}", flush=True)
    return 1


def main(step: str, arguments: list[str]) -> int:
    """Run the tests of a step and return its exit code."""
    record = run_pytest(arguments)
    fault = fault_of(record)
    if fault:
        return fail(step, fault)
    print(f"{step}: {record['ran']} of {record['collected']} tests ran")
    missing = check_skips(step, record)
    failed = record["failed"]
    if len(failed) > RETRIED or (failed and os.environ.get("CI_RETRY") == "0"):
        return fail(step, f"{len(failed)} tests")
    if failed:
        print(f"{step}: running {len(failed)} failed tests again, alone", flush=True)
        again = run_pytest(arguments, only=failed)
        fault = fault_of(again)
        if not fault and again["ran"] != len(failed):
            fault = f"{again['ran']} of {len(failed)} failed tests ran again"
        if fault or again["failed"]:
            return fail(step, fault or f"failed twice: {', '.join(again['failed'])}")
        report_retried(step, failed)
    if missing:
        return fail(
            step, f"skips that .ci/skips.txt does not list: {'; '.join(missing)}"
        )
    return 0


def report_retried(step: str, failed: list[str]) -> None:
    """Print the tests that passed only when retried, and keep them for the end."""
    lines = [f"{step}: passed only when retried: {test}" for test in failed]
    print("\n".join(lines), flush=True)
    if target := os.environ.get("CI_RETRIED"):
        with Path(target).open("a", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    if sys.argv[1] == "--record":
        sys.exit(run_recorded(Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))
    if sys.argv[1] == "--allowed":
        sys.exit(not allowed(sys.argv[2], sys.argv[3]))
    sys.exit(main(sys.argv[1], sys.argv[2:]))

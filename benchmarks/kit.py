"""Measure the fixture migrated_db: ``python benchmarks/kit.py``.

A suite whose tests each use a migrated database, against one that runs the upgrade for
each test and one with pytest-alembic, which does so too.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from contenders import install
from kit_suites import KIT, NOTHING, PEER, UPGRADE, write
from measuring import Cost, Failed, alternate, clean_environment, cost_of
from tables import Table, plain, rst

NEEDED = ["pytest", "pytest-alembic"]
SHOWN = [*NEEDED, "alembic", "Flask", "Flask-SQLAlchemy", "SQLAlchemy"]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("--folder", type=Path, help="environment and suites; kept")
    add("--tests", type=int, default=500, help="tests of the suite; 500 by default")
    add("--revisions", type=int, default=20, help="of the history; 20 by default")
    add("--rounds", type=int, default=1, help="times each is measured; 1 by default")
    add("--postgresql", metavar="URL", help="a server; databases are made there")
    add("--mariadb", metavar="URL", help="a server; databases are made there")
    add("--here", action="store_true", help="this interpreter, no pytest-alembic")
    add("--rst", type=Path, metavar="FILE", help="write the tables there")
    return made


def measure(
    python: Path,
    suites: Mapping[str, Path],
    urls: Mapping[str, str],
    rounds: int,
    tests: int,
) -> list[Table]:
    """Run the suites on each database.

    :param python: The interpreter that runs them.
    :param suites: Their folders by name.
    :param urls: A URL by the name of the database.
    :param rounds: How many times each.
    :param tests: How many tests each has.
    """
    passed = Table(f"{tests} tests: time that passed", "s", KIT)
    cpu = Table(f"{tests} tests: CPU of pytest", "s", KIT)
    for database, url in urls.items():
        runs = {
            name: partial(_run, python, suite, url) for name, suite in suites.items()
        }
        for name, cost in alternate(runs, rounds).items():
            passed.put(database, name, cost.wall)
            cpu.put(database, name, cost.cpu)
        print(plain(passed), plain(cpu), sep="\n", flush=True)
    return [passed, cpu]


def _run(python: Path, suite: Path, url: str) -> Cost:
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return cost_of(command, suite, clean_environment(BENCH_URL=url))


def heading(python: Path, revisions: int) -> str:
    """Return a line that says when and with which versions it was measured.

    :param python: The interpreter that was used.
    :param revisions: How long the history is.
    """
    script = (
        "from importlib.metadata import version\n"
        f"print(', '.join(name + ' ' + version(name) for name in {SHOWN!r}))"
    )
    ran = subprocess.run([python, "-c", script], stdout=-1, text=True)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return (
        f"Measured {today} with a history of {revisions} tables: "
        f"Python {platform.python_version()}, {ran.stdout.strip() or 'no peer'}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for and write the tables.

    :param arguments: Instead of those of the command line.
    :return: The exit code.
    """
    options = parser().parse_args(arguments)
    folder: Path = options.folder or Path(tempfile.gettempdir(), "flask-alembic-kit")
    folder = folder.resolve()
    names = [KIT, UPGRADE, NOTHING] if options.here else [KIT, UPGRADE, PEER, NOTHING]
    python = Path(sys.executable)
    if not options.here:
        source = folder / "source"
        python = install(folder / "environment", NEEDED, copied=source)
    suites = {
        name: write(folder / "suites", name, options.revisions, options.tests)
        for name in names
    }
    urls = {"SQLite": "sqlite:///never-made.db"}
    urls |= {"PostgreSQL": options.postgresql} if options.postgresql else {}
    urls |= {"MariaDB": options.mariadb} if options.mariadb else {}
    try:
        tables = measure(python, suites, urls, options.rounds, options.tests)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    if options.rst:
        lines = [heading(python, options.revisions)]
        text = rst(tables, lines).replace("run.py", "kit.py", 1)
        options.rst.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure Flask-Alembic against its peers: ``python benchmarks/run.py``."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import comparing
import history
import probing
import startup
import upgrading
from contenders import gather
from measuring import Failed
from setup_of_run import Setup
from tables import Table, from_json, markdown, plain, rst, to_json

GROUPS: dict[str, Callable[[Setup], Iterable[Table]]] = {
    "startup": startup.measure,
    "history": history.measure,
    "upgrading": upgrading.measure,
    "probing": probing.measure,
    "comparing": comparing.measure,
}
SHOWN = ["Flask", "SQLAlchemy", "alembic", "Flask-Migrate", "Flask-Alembic"]


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    add("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all by default")
    add("--folder", type=Path, help="environments, projects and results; kept")
    add("--sizes", type=int, nargs="+", default=[1000, 5000, 20_000])
    add("--only", nargs="+", metavar="NAME", help="who is measured; all by default")
    add("--tables", type=int, default=500, help="revisions to run; 500 by default")
    add("--rounds", type=int, default=3, help="times each is measured; 3 by default")
    add("--postgresql", metavar="URL", help="a server; a database is made there")
    add("--mariadb", metavar="URL", help="a server; a database is made there")
    add("--no-valgrind", action="store_true", help="count no instructions")
    add("--here", action="store_true", help="this interpreter, no released peers")
    add("--small", action="store_true", help="seconds, to see that nothing is broken")
    add("--markdown", type=Path, metavar="FILE", help="write the tables there")
    add("--rst", type=Path, metavar="FILE", help="write the tables there")
    return made


def setup_from(options: argparse.Namespace, folder: Path) -> Setup:
    """Return the choices that the command line made.

    :param options: The parsed arguments.
    :param folder: Where everything is kept.
    """
    small = options.small
    folder.mkdir(parents=True, exist_ok=True)
    urls = {"PostgreSQL": options.postgresql, "MariaDB": options.mariadb}
    return Setup(
        folder=folder,
        contenders={
            name: one
            for name, one in gather(folder, options.here).items()
            if not options.only or name in options.only
        },
        rounds=1 if small else options.rounds,
        sizes=[5] if small else options.sizes,
        tables=5 if small else options.tables,
        urls={name: url for name, url in urls.items() if url},
        counting=not (options.no_valgrind or small),
        small=small,
    )


def heading(setup: Setup) -> list[str]:
    """Return lines that say when, where and with which versions it was measured.

    :param setup: The choices for this run.
    """
    found: dict[str, str] = {}
    names = json.dumps(SHOWN)
    script = (
        "import json\nfrom importlib.metadata import version\n"
        f"for name in {names}:\n"
        "    try: print(json.dumps([name, version(name)]))\n"
        "    except ImportError: pass\n"
    )
    for one in setup.contenders.values():
        ran = subprocess.run([one.python, "-c", script], stdout=-1, text=True)
        for line in ran.stdout.splitlines():
            name, version = json.loads(line)
            found.setdefault(f"{name} {version}", "")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    python = f"Python {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    return [f"Measured {today}: {', '.join([python, *sorted(found)])}; {machine}."]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for, keep the results, write the tables.

    :param arguments: Instead of those of the command line.
    :return: The exit code.
    """
    options = parser().parse_args(arguments)
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        sys.exit(f"There is no group {', '.join(sorted(unknown))}.")
    default = Path(tempfile.gettempdir()) / "flask-alembic-bench"
    folder = (options.folder or default).resolve()
    setup = setup_from(options, folder)
    store = folder / "results.json"
    kept: dict[str, Any] = {}
    for name in options.groups or GROUPS:
        tables: list[Table] = []
        try:
            for table in GROUPS[name](setup):
                tables.append(table)
                # At once: a run that is stopped leaves what it has measured.
                kept = json.loads(store.read_text()) if store.exists() else {}
                # Other lengths and databases, measured before, keep their tables.
                found = [one.title for one in tables]
                others = [t for t in kept.get(name, []) if t["title"] not in found]
                kept[name] = [*others, *to_json(tables)]
                store.write_text(json.dumps(kept, indent=1), encoding="utf-8")
                print(plain(table), flush=True)
        except Failed as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    every = [table for name in GROUPS for table in from_json(kept.get(name, []))]
    if options.rst:
        options.rst.write_text(rst(every, heading(setup)), encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(markdown(every, heading(setup)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

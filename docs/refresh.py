"""Run the commands that the docs show and write what they say to ``docs/outputs``.

``python docs/refresh.py [NAME ...]`` runs the scenarios of those names, or all. One that
needs a server gets an empty database from an environment variable such as
``DOCS_MARIADB_URL``, and is left out without it. A line
of a file in ``docs/outputs`` that begins with ``$`` is a command; what stands below it
is what it wrote, stdout and stderr together. To add an output, write a file that holds
only the commands, name it in :mod:`scenarios`, and refresh.

Ids, times and folders differ from run to run: a scenario in which nothing else has changed
is left as it is, and ``tests/test_docs.py`` compares without them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
OUTPUTS = DOCS / "outputs"
HOME = "/home/ada/shop"
"""The folder that the docs show instead of a temporary one."""

_MARK = "\x1e"


def commands_of(text: str) -> list[str]:
    """Return the commands in an output; a line after ``>`` belongs to the one above.

    :param text: What the file holds.
    """
    commands: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append(line[2:])
        elif line.startswith("> ") and commands:
            commands[-1] += "\n" + line[2:]
    return commands


def run(steps: Sequence[str], database_url: str = "") -> Iterator[tuple[str, str]]:
    """Run a scenario in an empty folder.

    :param steps: Names of outputs, and shell commands that are not shown, which
        begin with ``!``.
    :param database_url: An empty database on the server that it needs.
    :return: Pairs of the name of an output and what its commands wrote.
    """
    shown: list[tuple[str, str]] = []
    script = ["exec 2>&1"]
    for step in steps:
        if step.startswith("!"):
            script.append(f"{{ {step[1:]}\n}} > /dev/null 2>&1 || exit 99")
            continue
        for command in commands_of((OUTPUTS / f"{step}.txt").read_text("utf-8")):
            shown.append((step, command))
            script += [f"printf '{_MARK}'; (exit $status)", command, "status=$?"]
    with tempfile.TemporaryDirectory() as folder:
        done = _bash("\n".join(script), Path(folder).resolve(), database_url)
    before, *written = done.split(_MARK)
    if before or len(written) != len(shown):
        raise RuntimeError(f"A hidden step failed:\n{done}")
    texts: dict[str, list[str]] = {}
    for (name, command), output in zip(shown, written, strict=True):
        prompt = "$ " + command.replace("\n", "\n> ")
        texts.setdefault(name, []).append(f"{prompt}\n{output.rstrip()}".rstrip())
    for name, parts in texts.items():
        yield name, "\n".join(parts) + "\n"


def _bash(script: str, folder: Path, database_url: str) -> str:
    environment = {
        **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **({"DATABASE_URL": database_url} if database_url else {}),
        "ROOT": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "88",
    }
    done = subprocess.run(
        ["bash", "-c", f"status=0\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode == 99:
        raise RuntimeError(f"A hidden step failed:\n{done.stdout}{done.stderr}")
    # SQLite's lock names process and host; people see those of their own machine.
    text = re.sub(
        r"\(process (\d+) on [\w.-]+\)", r"(process \1 on web-1)", done.stdout
    )
    return text.replace(str(folder), HOME)


def normalised(text: str) -> str:
    """Return an output without what differs from run to run.

    :param text: An output.
    """
    ids: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return ids.setdefault(match[0], f"id{len(ids) + 1}")

    text = re.sub(r"(?<![^\W_])(?=\d*[a-f]|\d{12})[0-9a-f]{12}(?![^\W_])", name, text)
    text = re.sub(r"\b[0-9a-f]{4}…", "id…", text)
    text = re.sub(
        r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\+00:00)?", "WHEN", text
    )
    text = re.sub(r"\b(process|session) \d+", r"\1 N", text)
    text = re.sub(r"\bfor \d+ s\b", "for N s", text)
    text = re.sub(r'("elapsed": )[\d.e-]+', r"\1N", text)
    text = re.sub(r"\b\d+\.\d+ ?(?:s|ms|seconds)\b", "N s", text)
    text = re.sub(r"\((SQLite|MariaDB|MySQL|PostgreSQL) [\d.]+\)", r"(\1 N)", text)
    # The widths of rules and columns depend on what has just been replaced.
    text = re.sub(r"={4,}", "====", text)
    text = re.sub(r"(?<=\S) {2,}", "  ", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def fill_readme() -> None:
    """Put the outputs into the blocks of the README that hold their commands."""
    readme = ROOT / "README.rst"
    text = readme.read_text("utf-8")
    outputs = [path.read_text("utf-8").rstrip() for path in OUTPUTS.glob("*.txt")]
    for old in blocks_of(text):
        found = [one for one in outputs if commands_of(one) == commands_of(old)]
        if not found or any(normalised(one) == normalised(old) for one in found):
            continue
        # Several outputs may have the same commands: in other apps, at other times.
        new = max(found, key=lambda one: SequenceMatcher(None, one, old).ratio())
        text = text.replace(indented(old), indented(new))
        print(f"README.rst: {commands_of(old)[0]} has changed")
    readme.write_text(text, "utf-8")


def blocks_of(text: str) -> list[str]:
    """Return the terminal sessions in a page, without their indentation.

    :param text: What the page holds.
    """
    found = re.findall(r"\.\. code-block:: console\n\n((?:    .*\n|\n)+)", text)
    return [re.sub(r"^    ", "", block, flags=re.M).rstrip() for block in found]


def indented(block: str) -> str:
    """Return a block as it stands in a page.

    :param block: Its lines, without indentation.
    """
    return "\n".join(f"    {line}".rstrip() for line in block.splitlines())


def main(names: Sequence[str]) -> None:
    """Refresh the outputs of scenarios.

    :param names: Which; all for none.
    """
    sys.path.insert(0, str(DOCS))
    from scenarios import SCENARIOS, SERVERS

    for scenario in names or SCENARIOS:
        variable = (
            f"DOCS_{SERVERS[scenario].upper()}_URL" if scenario in SERVERS else ""
        )
        url = os.environ.get(variable, "")
        if variable and not url:
            print(f"{scenario}: left out, {variable} is not set")
            continue
        written = dict(run(SCENARIOS[scenario], url))
        shown = {name: (OUTPUTS / f"{name}.txt").read_text("utf-8") for name in written}
        differs = [
            name
            for name, text in written.items()
            if normalised(shown[name]) != normalised(text)
        ]
        for name in differs:
            print(f"{scenario}: {name} has changed")
        # All of them, so that an id is the same wherever a page shows it.
        for name in written if differs else ():
            (OUTPUTS / f"{name}.txt").write_text(written[name], "utf-8")
    fill_readme()


if __name__ == "__main__":
    main(sys.argv[1:])

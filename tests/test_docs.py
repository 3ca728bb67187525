"""The docs say what the code does: every name is there, every output is real."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from databases import MakeDatabase

from flask_alembic import errors, hooks
from flask_alembic.builtin import builtin_commands
from flask_alembic.config import READERS, Settings
from flask_alembic.hooks.markers import RULES, kind_of
from flask_alembic.hooks.payloads import Report
from flask_alembic.hooks.signals import SIGNALS, spec_functions

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

sys.path.insert(0, str(DOCS))
refresh: Any = importlib.import_module("refresh")
scenarios: Any = importlib.import_module("scenarios")
pictures: Any = importlib.import_module("pictures")
floors: Any = importlib.import_module("floors")


def page(name: str) -> str:
    return (DOCS / f"{name}.rst").read_text("utf-8")


def headings(text: str) -> list[str]:
    lines = text.splitlines()
    return [
        title
        for title, rule in itertools.pairwise(lines)
        if rule and set(rule) in ({"="}, {"-"}, {"~"}) and len(rule) >= len(title) > 0
    ]


# Outputs ------------------------------------------------------------------------


@pytest.mark.costly
@pytest.mark.sample(3)
@pytest.mark.parametrize("scenario", scenarios.SCENARIOS)
def test_the_outputs_are_what_the_commands_say(
    scenario: str, make_database: MakeDatabase
) -> None:
    server = scenarios.SERVERS.get(scenario)
    url = make_database(server) if server else ""
    written = dict(refresh.run(scenarios.SCENARIOS[scenario], url))
    assert written
    for name, text in written.items():
        shown = (DOCS / "outputs" / f"{name}.txt").read_text("utf-8")
        assert refresh.normalised(text) == refresh.normalised(shown), (
            f"docs/outputs/{name}.txt is out of date: python docs/refresh.py {scenario}"
        )


def test_every_output_is_refreshed_and_shown() -> None:
    files = {path.stem for path in (DOCS / "outputs").glob("*.txt")}
    steps = [
        step
        for steps in scenarios.SCENARIOS.values()
        for step in steps
        if not step.startswith("!")
    ]
    assert len(steps) == len(set(steps))
    assert files == set(steps)
    pages = "\n".join(path.read_text("utf-8") for path in DOCS.glob("*.rst"))
    shown = set(re.findall(r"\.\. db-output:: (\w+)", pages))
    assert shown <= files
    assert files - shown == {"shelves", "check_ok"}


def test_the_tutorial_shows_one_run() -> None:
    files = (DOCS / "outputs").glob("tutorial_*.txt")
    text = "\n".join(path.read_text("utf-8") for path in files)
    assert len(set(re.findall(r"(?<![\w])[0-9a-f]{12}(?![^\W_])", text))) == 3


def test_normalising_keeps_what_matters() -> None:
    one = "applied in 0.05 s; now at 5c1e9f37a8d0, 2026-01-02 03:04:05,123 INFO"
    two = "applied in 1.20 s; now at 0123456789ab, 2025-11-12 13:14:15,678 INFO"
    assert refresh.normalised(one) == refresh.normalised(two)
    assert refresh.normalised(one) != refresh.normalised(
        one.replace("now at", "was at")
    )
    ids = "5c1e9f37a8d0 -> 0123456789ab"
    assert refresh.normalised(ids) != refresh.normalised("5c1e9f37a8d0 -> 5c1e9f37a8d0")


def test_the_pictures_are_what_the_script_draws() -> None:
    drawn = pictures.drawings()
    files = {path.stem for path in (DOCS / "_static").glob("*.svg")}
    assert files == set(drawn)
    for name, text in drawn.items():
        shown = (DOCS / "_static" / f"{name}.svg").read_text("utf-8")
        assert shown == text, f"{name}.svg is out of date: python docs/pictures.py"


def test_the_pictures_are_shown_and_small() -> None:
    pages = "\n".join(path.read_text("utf-8") for path in DOCS.glob("*.rst"))
    for path in (DOCS / "_static").glob("*.svg"):
        assert re.search(rf"picture:: {path.stem}\n(?: +:.*\n)* +:alt: \S", pages), path
    for path in (DOCS / "_static").glob("*.png"):
        image = rf"image:: _static/{path.name}\n(?: +:.*\n)* +:alt: \S"
        assert re.search(image, pages), path
        assert path.stat().st_size < 100_000


def test_the_floors_are_drawn_from_the_imports() -> None:
    text = (ROOT / "CONTRIBUTING.rst").read_text("utf-8")
    block = text.split(floors.BEGIN)[1].split(floors.END)[0]
    assert textwrap.dedent(block) == floors.picture(), "python docs/floors.py"


# Paths and names ----------------------------------------------------------------


PAGES = (*DOCS.glob("*.rst"), ROOT / "README.rst", ROOT / "CONTRIBUTING.rst")
PRIVATE = ("builtin", "commands", "runtime", "schema", "script", "plugins")


def ids(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_every_dotted_path_of_a_page_is_public_and_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in set(re.findall(r"(?<![\w.])flask_alembic(?:\.\w+)+", text)):
        first = name.split(".")[1]
        # These are also the entry-point group and a logger.
        if name in ("flask_alembic.plugins", "flask_alembic.runtime"):
            continue
        assert first not in PRIVATE, f"{name} is private"
        assert resolved(name) is not None, f"there is no {name}"


def resolved(name: str) -> Any:
    """Return what a dotted path leads to."""
    module, rest = name, list[str]()
    while True:
        try:
            value: Any = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            rest.insert(0, last)
    for part in rest:
        value = getattr(value, part, None)
    return value


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_every_file_that_a_page_names_exists(path: Path) -> None:
    text = re.sub(
        r"\.\. code-block:: console\n\n(?:    .*\n|\n)+", "", path.read_text()
    )
    names = re.findall(r"``([\w.-]+/[\w./-]*)``", text)
    names += re.findall(r"<([\w./-]+/[\w./-]*\.\w+)>", text)
    tops = {entry.name for entry in ROOT.iterdir()} | {"..", "."}
    tops |= {entry.name for entry in (ROOT / "flask_alembic").iterdir()}
    for name in names:
        pattern = name.replace("NAME", "*")
        if name.split("/")[0] in tops and name != "templates/ours":  # an example
            places = (ROOT, ROOT / "flask_alembic", path.parent)
            assert any(any(place.glob(pattern)) for place in places if pattern), name


def test_every_function_that_the_tour_names_exists() -> None:
    text = (ROOT / "CONTRIBUTING.rst").read_text("utf-8")
    names = re.findall(r"``([\w/]+\.py)::([\w.]+)``", text)
    assert len(names) >= 20
    for file in re.findall(r"``(\w+\.py)``", text):
        assert (
            any((ROOT / "flask_alembic").rglob(file))
            or (ROOT / "tests" / file).exists()
        )
    for file, name in names:
        tree: Any = ast.parse((ROOT / "flask_alembic" / file).read_text("utf-8"))
        for part in name.split("."):
            tree = next((node for node in tree.body if part in names_of(node)), None)
            assert tree is not None, f"{file} has no {name}"


def names_of(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = (
        node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", 0)]
    )
    return {target.id for target in targets if isinstance(target, ast.Name)}


# The README ---------------------------------------------------------------------


def test_the_readme_shows_real_output() -> None:
    outputs = {
        refresh.normalised(path.read_text("utf-8"))
        for path in (DOCS / "outputs").glob("*.txt")
    }
    blocks = refresh.blocks_of((ROOT / "README.rst").read_text("utf-8"))
    shown = [block for block in blocks if "python3 -m venv" not in block]
    assert len(shown) >= 6
    for block in shown:
        assert refresh.normalised(block) in outputs, block


def test_the_readme_shows_real_files() -> None:
    text = (ROOT / "README.rst").read_text("utf-8")
    python = re.findall(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)", text)
    blocks = [re.sub(r"^    ", "", block, flags=re.M).strip() for block in python]
    for name in ("tutorial/app_1.py", "snippets/receiver.py", "snippets/freeze.py"):
        assert (DOCS / name).read_text("utf-8").strip() in blocks, name


def test_the_readme_has_a_command_to_run_and_one_to_test() -> None:
    lines = re.findall(
        r"^    \$ (python3 -m venv .*)$", (ROOT / "README.rst").read_text("utf-8"), re.M
    )
    assert len(lines) == 2
    assert "examples/bookshop" in lines[0]
    assert "pytest" in lines[1]


# Reference ----------------------------------------------------------------------


@pytest.mark.parametrize("name", spec_functions())
def test_every_hook_is_documented_under_its_signature(name: str) -> None:
    spec = spec_functions()[name]
    title = f"``{name}``"
    text = page("hooks")
    assert title in headings(text)
    section = text[text.index(f"\n{title}\n~") :]
    assert section.split(".. autofunction:: ")[1].split()[0] == (
        f"flask_alembic.hooks.specs.{name}"
    )
    assert re.search(rf"Kind: :ref:`{kind_of(spec)} <hook-kinds>`", section)
    signal = name in SIGNALS
    assert ("also a signal" in section.split("\n.. auto")[0]) == signal


def test_no_hook_is_documented_that_is_not_there() -> None:
    documented = re.findall(
        r"autofunction:: flask_alembic\.hooks\.specs\.(\w+)", page("hooks")
    )
    assert documented == list(spec_functions())


def test_the_kinds_are_as_in_the_code() -> None:
    table = (
        page("hooks").split(".. list-table::")[1].split("\n\n``before_statement``")[0]
    )
    rows = [
        [" ".join(cell.split()) for cell in row.split("\n      - ")]
        for row in table.split("\n    * - ")[2:]
    ]
    assert [row[0].strip("`") for row in rows] == list(RULES)
    for kind, *_, wrappers, signal in rows:
        rules = RULES[kind.strip("`")]  # type: ignore[index]
        assert wrappers.startswith("yes") == rules.wrappers
        assert signal.startswith("yes") == rules.signal


def test_every_payload_is_documented() -> None:
    documented = set(
        re.findall(r"autoclass:: flask_alembic\.hooks\.(\w+)", page("hooks"))
    )
    documented |= set(
        re.findall(r"autoclass:: flask_alembic\.hooks\.(\w+)", page("api"))
    )
    classes = {
        name
        for name in hooks.__all__
        if inspect.isclass(getattr(hooks, name))
        and not issubclass(getattr(hooks, name), Exception)
    }
    assert documented == classes


def test_every_command_is_documented() -> None:
    documented = re.findall(r"\.\. db-command:: (\S+)", page("commands"))
    titles = headings(page("commands"))
    missing = set(builtin_commands()) - set(documented)
    assert not missing, f"give {missing} a section with db-command in docs/commands.rst"
    assert set(documented) == set(builtin_commands())
    assert len(documented) == len(set(documented))
    assert all(f"``{name}``" in titles for name in documented)


@pytest.mark.parametrize("name", builtin_commands())
def test_every_command_has_help_and_an_example(name: str) -> None:
    command = builtin_commands()[name]
    assert command.help
    assert f"Example: flask db {name}" in command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert getattr(parameter, "help", None), f"{name} {parameter.opts}"


def settings_in(text: str) -> dict[str, str]:
    found = re.findall(
        r"\.\. confval:: (\w+)\n    :type: .*\n    :default: (.*)\n", text
    )
    return dict(found)


def test_every_setting_is_documented_with_its_default() -> None:
    documented = settings_in(page("configuration"))
    ours = {name for name in documented if not name.isupper()}
    assert ours == set(READERS)
    for name in ours:
        default = Settings.__dataclass_fields__[name].default
        assert documented[name].startswith(f"``{default!r}``"), name


def test_every_setting_of_a_plugin_is_documented() -> None:
    package = ROOT / "flask_alembic"
    source = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    keys = set(re.findall(r"\"(ALEMBIC_(?:PLUGINS|HOOKS)\w*)\"", source))
    documented = {name for name in settings_in(page("configuration")) if name.isupper()}
    assert documented == keys
    variables = set(re.findall(r"environ\S*\(\"(FLASK_ALEMBIC_\w+)\"", source))
    assert all(f"``{name}" in page("configuration") for name in variables)


def test_every_exception_is_documented() -> None:
    text = page("errors")
    members = text.split(":members:")[1]
    documented = set(re.findall(r"\w+", members))
    documented |= set(
        re.findall(r"autoexception:: flask_alembic\.hooks\.(\w+)", page("hooks"))
    )
    assert documented == set(errors.__all__)


def test_every_exit_code_is_documented() -> None:
    codes = {
        str(getattr(errors, name).exit_code)
        for name in errors.__all__
        if hasattr(getattr(errors, name), "exit_code")
    }
    documented = set(re.findall(r"^(\d+) +\w", page("errors"), re.M))
    assert codes <= documented
    assert documented == codes | {"0", "130"}


def test_every_field_of_the_json_document_is_documented() -> None:
    from flask_alembic.hooks import Command
    from flask_alembic.plugins.json_format import VERSION, document

    text = page("json").split("The schema\n---")[0]
    fields = document(Report(Command("current"), ok=True))
    documented = re.findall(r"^    \* - ``(\w+)``$", text, re.M)
    assert documented == list(fields)
    assert f"the version of this description: {VERSION}" in text


def test_every_event_and_all_data_are_documented() -> None:
    from flask_alembic.plugins.json_format import schema

    described = list(schema()["$defs"])
    _, data, events = re.split(r"What ``data`` holds|JSON lines\n---", page("json"))
    documented = re.findall(r"^    \* - ``(\w+)``$", events, re.M)
    wanted = [name[6:] for name in described if name.startswith("event_")]
    assert documented == ["event", *wanted, "report"]
    rows = " ".join(re.findall(r"^    \* - (``.*``)$", data, re.M))
    named = {name.replace("-", "_") for name in re.findall(r"``([\w-]+)``", rows)}
    assert named == {name[5:] for name in described if name.startswith("data_")}


def test_every_method_is_in_the_api() -> None:
    from flask_alembic import Alembic

    for name, member in vars(Alembic).items():
        if not name.startswith("_"):
            assert inspect.getdoc(member), name
    assert ".. autoclass:: flask_alembic.Alembic" in page("api")


def test_the_docs_name_no_page_that_is_not_there() -> None:
    for path in DOCS.glob("*.rst"):
        for target in re.findall(
            r":doc:`(?:[^`<]*<)?([\w-]+)>?`", path.read_text("utf-8")
        ):
            assert (DOCS / f"{target}.rst").exists(), f"{path.name}: {target}"

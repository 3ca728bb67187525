"""What users write type-checks under ``--strict``, and their mistakes do not."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from databases import unavailable

import flask_alembic
from flask_alembic import Alembic

pytestmark = pytest.mark.costly

SAMPLES = Path(__file__).parents[1] / "typing"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment where the package is found as an installed one is.

    Type checkers take types only from packages with ``py.typed`` there, and do not see
    what an editable installation announces through import hooks.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    there = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "posix_prefix", vars=there))
    paths = [
        str(Path(flask_alembic.__file__).parents[1]),
        sysconfig.get_path("purelib"),
    ]
    (site / "all.pth").write_text("\n".join(paths), "utf-8")
    found = Path(sysconfig.get_path("scripts", "posix_prefix", vars=there))
    return next(found.glob("python*"))


Checker = Callable[..., "tuple[int, str]"]


def copied(folder: Path, names: Iterable[str]) -> None:
    """Copy samples to where there is no configuration of this repository."""
    for name in {"sample_plugin.py", *names}:
        if (SAMPLES / name).is_file():
            shutil.copy(SAMPLES / name, folder)


def mypy(python: Path, folder: Path, *names: str) -> tuple[int, str]:
    """Run ``mypy --strict``."""
    copied(folder, names)
    command = [sys.executable, "-m", "mypy", "--strict", "--show-error-codes"]
    cache = folder.parent / "mypy"
    return said(
        [*command, "--python-executable", python, "--cache-dir", cache, *names], folder
    )


def pyright(python: Path, folder: Path, *names: str) -> tuple[int, str]:
    """Run pyright in its strict mode, from the distribution that brings Node along."""
    copied(folder, names)
    settings = {"typeCheckingMode": "strict", "include": names}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", python]
    return said(command, folder)


def said(command: Sequence[str | Path], folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=280
    )
    return done.returncode, done.stdout + done.stderr


CHECKERS = {"mypy": mypy, "basedpyright": pyright}


@pytest.fixture(params=CHECKERS)
def check(request: pytest.FixtureRequest) -> Checker:
    """What runs a type checker."""
    if importlib.util.find_spec(request.param) is None:
        unavailable(f"{request.param} is not installed")
    return CHECKERS[request.param]


def test_plugin_app_and_tests_pass(
    check: Checker, python: Path, tmp_path: Path
) -> None:
    code, output = check(
        python, tmp_path, "sample_plugin.py", "sample_app.py", "sample_tests.py"
    )
    assert code == 0, output


def test_a_new_plugin_passes(check: Checker, python: Path, tmp_path: Path) -> None:
    from flask_alembic.commands.new_plugin.scaffold import render

    for name, text in render("shout").items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    code, output = check(python, tmp_path, "flask_alembic_shout", "tests")
    assert code == 0, output


def test_every_call_passes(check: Checker, python: Path, tmp_path: Path) -> None:
    code, output = check(python, tmp_path, "sample_calls.py")
    assert code == 0, output


def test_every_argument_of_every_method_is_called() -> None:
    """By its name, so that none can change without the sample noticing."""
    tree = ast.parse((SAMPLES / "sample_calls.py").read_text("utf-8"))
    called: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names = {keyword.arg for keyword in node.keywords if keyword.arg}
            called.setdefault(node.func.attr, set()).update(names)
    for name, method in inspect.getmembers(Alembic, inspect.isfunction):
        if not name.startswith("_"):
            taken = {
                parameter.name
                for parameter in inspect.signature(method).parameters.values()
                if parameter.name != "self"
                and parameter.kind is not parameter.VAR_KEYWORD
            }
            assert taken <= called[name], name


@pytest.mark.parametrize("sample", ["wrong.py", "wrong_calls.py"])
def test_mistakes_are_found(
    check: Checker, python: Path, tmp_path: Path, sample: str
) -> None:
    code, output = check(python, tmp_path, sample)
    lines = (SAMPLES / sample).read_text("utf-8").splitlines()
    wanted = {number for number, line in enumerate(lines, 1) if "# WRONG" in line}
    where = rf"{re.escape(sample)}:(\d+)(?::\d+)?(?: -|:) error"
    found = {int(number) for number in re.findall(where, output)}
    assert code == 1
    assert found == wanted, output


def test_the_sample_plugin_is_right() -> None:
    """The types are not all: the hooks have these names and arguments."""
    from flask_alembic.testing import check_plugin

    sys.path.insert(0, str(SAMPLES))
    try:
        import sample_plugin
    finally:
        sys.path.remove(str(SAMPLES))
    assert "apply_revision" in check_plugin(sample_plugin.plugin)
    assert check_plugin(sample_plugin) == ("after_command", "of_a_newer_version")


def test_the_types_are_shipped() -> None:
    assert (Path(flask_alembic.__file__).parent / "py.typed").is_file()

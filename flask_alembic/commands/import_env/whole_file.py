"""What is judged wherever it stands in an ``env.py``: arguments and engines."""

from __future__ import annotations

import ast
from typing import Final

from .item import NO_COUNTERPART, SETTING
from .python_source import Function, texts
from .rules import Reader
from .session_sql import shown_seconds, time_limits
from .settings_module import CONFIG, is_autogenerate
from .syntax import Block, own_parts

_ENGINES: Final = (
    "create_engine",
    "create_async_engine",
    "engine_from_config",
    "async_engine_from_config",
)
_UNNEEDED: Final = {"prefix", "future", "echo", "url", "configuration", "options"}


def judge_expressions(reader: Reader) -> None:
    """Judge what is read from the command line, wherever it stands.

    :param reader: What reads the file.
    """
    for statement in reader.source.nodes:
        if not isinstance(statement, ast.stmt) or statement in reader.module.copied:
            continue
        if not isinstance(statement, Function | ast.ClassDef):
            for part in own_parts(statement):
                _judge_part(reader, statement, part)


def _judge_part(reader: Reader, statement: ast.stmt, part: ast.AST) -> None:
    source = reader.source
    is_guard = any(is_autogenerate(source, each) for each in ast.walk(part))
    for node in ast.walk(part):
        name = source.dotted(node)
        if name in (
            "alembic.context.get_x_argument",
            "alembic.context.get_tag_argument",
        ):
            what = f"{name.rpartition('.')[2]}()"
            reason = (
                "-x and --tag reach revisions only: read it there, or take the value "
                "from app.config."
            )
        elif name == f"{CONFIG}.cmd_opts" and not is_guard:
            what = "config.cmd_opts"
            reason = "A hook before_command gets command.options and command.argv."
        elif name == f"{CONFIG}.attributes" and "log" not in texts(part):
            what = "config.attributes"
            reason = (
                "A wrapper of open_connection gives the connection; "
                "Alembic(metadatas=...) takes metadata."
            )
        else:
            continue
        is_block = isinstance(statement, Block)
        reader.add(statement, NO_COUNTERPART, what, reason, header=is_block)


def judge_engines(reader: Reader) -> None:
    """Judge the arguments of engines, wherever they are made.

    :param reader: What reads the file.
    """
    for name, call in reader.source.calls(reader.source.tree):
        if name.rpartition(".")[2] in _ENGINES:
            for keyword in call.keywords:
                _judge_engine_argument(reader, keyword)


def _judge_engine_argument(reader: Reader, keyword: ast.keyword) -> None:
    key = keyword.arg or "**"
    is_default_pool = ast.unparse(keyword.value).endswith("NullPool")
    if key in _UNNEEDED or (key == "poolclass" and is_default_pool):
        return
    limits = time_limits(texts(keyword.value))
    for name, seconds in limits.items():
        reader.module.options[name] = shown_seconds(seconds)
        what = f"engine: {key}"
        reader.add(keyword, SETTING, what, "in seconds", f'ALEMBIC["{name}"]')
    others = isinstance(keyword.value, ast.Dict) and len(keyword.value.keys) > 1
    if not limits or others:
        reason = "The engine of the app runs the migrations: set it there if needed."
        setting = f'SQLALCHEMY_ENGINE_OPTIONS["{key}"]'
        reader.add(keyword, SETTING, f"engine: {key}", reason, setting)

"""The text of a new revision: rendered from the template and held to what was asked.

All of it happens before a file is written. What cannot be told from the text shows
when the file is executed; then it is removed again.
"""

from __future__ import annotations

import ast
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import AlembicError, ConfigurationError, TemplateError
from ..hooks.redaction import first_line
from .header import read_header
from .unbound_names import unbound_names
from .validator import line_in, unusable

_RUN_OF_QUOTES = re.compile(r"([\"'])(?=\1|\Z)")
# What with the quotes of the template could end the docstring.


def escape(message: str) -> str:
    """Return the message so that Python reads it back as it was typed.

    It stays text between quotes of either kind, also right before the closing ones.
    Only bytes that are not UTF-8, which Python takes for lone surrogates, are read
    back as what stands for them: Python 3.13 compiles no docstring that holds one.

    :param message: The message; it may hold quotes, backslashes, line breaks and
        control characters.
    """
    with suppress(UnicodeError):
        # With LC_ALL=C Python reads UTF-8 of the command line as lone surrogates, too.
        message = message.encode("utf-8", "surrogateescape").decode()
    message = message.encode("utf-8", "backslashreplace").decode()
    text = _RUN_OF_QUOTES.sub(r"\\\g<0>", message.replace("\\", "\\\\"))
    return "".join(map(_character, text))


def _character(character: str) -> str:
    number = ord(character)
    if character in "\n\t" or character.isprintable():
        return character
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return f"\\u{number:04x}" if number > 0xFF else f"\\x{number:02x}"


def skeleton(source: str | bytes) -> str:
    """Return the structure of Python text with all its constants blanked.

    Two files that differ only in what their strings and numbers say have the same
    skeleton, so a message that has become code shows.

    :param source: Python text.
    :raises SyntaxError: When it does not compile.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value, node.kind = "", None
    return ast.dump(tree)


_KINDS = ("upgrades", "downgrades")


def with_tokens(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a template gets, so that either kind of template finds it.

    With one database its operations are ``upgrades``. A template for several asks for
    ``NAME_upgrades``, as Alembic's and Flask-Migrate's do; there the default database
    may have no name.

    :param arguments: What Alembic gives to a template.
    """
    given = dict(arguments)
    names = _databases(arguments)
    if len(names) == 1:
        for kind in _KINDS:
            for name in (*names, ""):
                given.setdefault(f"{name}_{kind}", given.get(kind))
    return given


def _databases(arguments: Mapping[str, Any]) -> list[str]:
    config = arguments.get("config")
    option = config.get_main_option("databases") if config is not None else None
    return [name.strip() for name in (option or "").split(",") if name.strip()]


def require_operations(
    template: Path, source: str, arguments: Mapping[str, Any]
) -> None:
    """Refuse a text that lacks operations: they would be lost without a word.

    :param template: The template.
    :param source: What it made.
    :param arguments: What Alembic gave to it.
    :raises TemplateError: When it leaves any out.
    """
    lines = _telling(source)
    for name, text in _operations(arguments):
        # A template may change lines; it is refused only when it has none of them.
        if not _telling(text) & lines:
            several = len(_databases(arguments)) > 1
            raise TemplateError(
                f"The template {template} leaves out the operations of {name!r}, so "
                "they would be lost; nothing was written.",
                "It is for one database. Another is for several: flask db init -t "
                "multidb. To migrate only some of them, name these in "
                "ALEMBIC['databases']."
                if several
                else "Let it write ${upgrades} and ${downgrades}.",
            )


def _telling(text: str) -> set[str]:
    """Return the lines of a text that are no comments and no closing brackets."""
    lines = {line.strip() for line in text.splitlines()}
    return {line for line in lines if len(line) > 2 and not line.startswith("#")}


def _operations(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of what the revision does."""
    for name, text in arguments.items():
        is_code = name.endswith(_KINDS) and isinstance(text, str)
        if is_code and _telling(text) - {"pass"}:
            yield name, text


_FUNCTIONS = ("upgrade", "downgrade")


def draft(
    template: Path, target: Path, arguments: Mapping[str, Any], encoding: str
) -> tuple[str, bytes]:
    """Return the text of a new revision file, and the bytes to write.

    :param template: The template.
    :param target: The file to be, for messages.
    :param arguments: What the template gets; ``message`` as it was typed.
    :param encoding: The encoding of the file.
    :raises TemplateError: When the template fails, the text does not compile, the
        message became code, or the text is not the revision that was asked for.
    """
    given = with_tokens(arguments)
    source = _render(template, given, arguments["message"])
    # As bytes, because a message in a comment could name another encoding.
    data = _encoded(template, source, encoding)
    plain = _encoded(template, _render(template, given, "message"), encoding)
    tree = _compiled(template, data, plain)
    if skeleton(data) != skeleton(plain):
        raise _message_is_code(template)
    _check_identifiers(template, data, tree, target, arguments)
    _check_functions(template, tree)
    _check_names(template, source)
    require_operations(template, source, arguments)
    return source, data


def _encoded(template: Path, source: str, encoding: str) -> bytes:
    try:
        return source.encode(encoding)
    except UnicodeEncodeError as error:
        raise TemplateError(
            f"The generated file cannot be written in {encoding}: it holds "
            f"{error.object[error.start : error.end]!a}.",
            "Set ALEMBIC['output_encoding'] to 'utf-8'; nothing was written.",
        ) from error


def _render(template: Path, arguments: Mapping[str, Any], message: str) -> str:
    from mako.template import Template

    values = {**arguments, "message": escape(message)}
    try:
        text: str = Template(filename=str(template)).render_unicode(**values)
    except FileNotFoundError:
        raise TemplateError(
            f"The template {template} is missing.", "Restore it with: flask db mkdir"
        ) from None
    except OSError as error:
        raise TemplateError(
            f"The template {template} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
        ) from error
    except (Exception, SystemExit) as error:
        said = "sys.exit()" if isinstance(error, SystemExit) else first_line(error)
        raise TemplateError(
            f"The template {template} failed{_place(error)}: {said}.",
            "Fix the template; nothing was written.",
        ) from error
    return text


def _place(error: BaseException) -> str:
    """Return the line of the template at which it failed, and what it says."""
    from mako.exceptions import RichTraceback

    found = RichTraceback(error, error.__traceback__)
    lines = (found.source or "").splitlines()
    number = found.lineno or 0
    said = f" ({lines[number - 1].strip()})" if 0 < number <= len(lines) else ""
    return f" in line {number}{said}" if number else ""


def _compiled(template: Path, source: bytes, plain: bytes) -> ast.Module:
    """Return the parsed text, or say whether template or message is to blame."""
    try:
        compile(source, str(template), "exec", dont_inherit=True)
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        if _compiles(plain):
            raise _message_is_code(template) from error
        line = getattr(error, "lineno", None)
        raise TemplateError(
            f"The generated file would not compile: {getattr(error, 'msg', error)}"
            f"{f' in line {line}' if line else ''}.",
            f"Fix {template}, or what renders into it; nothing was written.",
        ) from error


def _compiles(source: bytes) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _message_is_code(template: Path) -> TemplateError:
    return TemplateError(
        "The message would become code in the generated file.",
        f"Let the template {template} put ${{message}} between triple quotes; nothing "
        "was written.",
    )


def _check_identifiers(
    template: Path,
    source: bytes,
    tree: ast.Module,
    target: Path,
    arguments: Mapping[str, Any],
) -> None:
    """Refuse a text that is another revision than the one that was asked for."""
    header = read_header(source, str(target))
    if header is None:
        assigned = _bound(tree)
        missing = {"revision", "down_revision"} - (assigned or set())
        if assigned is not None and missing:
            raise _useless(template, f"without {sorted(missing)[-1]!r}")
        return
    for name, wanted, found in (
        ("revision", arguments["up_revision"], header.revision),
        ("down_revision", arguments["down_revision"], header.down_revisions),
        ("branch_labels", arguments["branch_labels"], header.branch_labels),
        ("depends_on", arguments["depends_on"], header.depends_on),
    ):
        if set(_several(wanted)) != set(_several(found)):
            shown = ", ".join(map(repr, _several(found))) or None
            raise _useless(template, f"with {name!r} {shown} instead of {wanted!r}")


def _several(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _check_functions(template: Path, tree: ast.Module) -> None:
    bound = _bound(tree)
    for name in _FUNCTIONS:
        if bound is not None and name not in bound:
            raise _useless(template, f"without {name}()")


def _check_names(template: Path, source: str) -> None:
    """Refuse a text that would fail with a NameError when it runs."""
    names = unbound_names(source)
    if names:
        shown = ", ".join(f"{name} (line {line})" for name, line in names.items())
        raise TemplateError(
            f"The generated file uses names that it does not define: {shown}.",
            f"Import them in {template}, or fix what renders into it; nothing was "
            "written.",
        )


def _bound(tree: ast.Module) -> set[str] | None:
    """Return the names that a module binds; ``None`` when only running it tells."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if any(alias.name == "*" for alias in node.names):
                return None
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and node.id in {"globals", "exec", "vars"}:
            return None
    return names


def _useless(template: Path, what: str) -> TemplateError:
    return TemplateError(
        f"The template {template} makes a file {what}.",
        "Fix the template; nothing was written.",
    )


def failed(template: Path, path: Path, error: BaseException) -> AlembicError | None:
    """Return the error for a new file that was removed again, ``None`` for others.

    :param template: The template it was made from.
    :param path: The file.
    :param error: What was raised after it was written.
    """
    if line_in(path, error):
        told = unusable(path, error, is_new=True)
        return TemplateError(
            f"A new revision could not be used: {told.message}",
            f"Fix {template}, or what renders into it; nothing was written.",
        )
    frames = traceback.extract_tb(error.__traceback__)
    if any(Path(frame.filename).stem == "write_hooks" for frame in frames):
        return ConfigurationError(
            f"A post-write hook failed: {first_line(error)}.",
            "Fix app.config['ALEMBIC']['post_write_hooks']; nothing was written.",
        )
    return None

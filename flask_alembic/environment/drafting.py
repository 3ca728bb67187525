"""The text of a new revision: rendered from the template and held to what was asked.

All of it happens before a file is written. What cannot be told from the text shows
when the file is executed; then it is removed again.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import AlembicError, ConfigurationError, TemplateError
from .docstring import escape, skeleton
from .headers import read_header
from .soundness import line_in, unusable
from .tokens import require_operations, with_tokens
from .translation import first_line

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
            "Mend the template; nothing was written.",
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
            f"Mend {template}, or what renders into it; nothing was written.",
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
        "Mend the template; nothing was written.",
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
            f"Mend {template}, or what renders into it; nothing was written.",
        )
    frames = traceback.extract_tb(error.__traceback__)
    if any(Path(frame.filename).stem == "write_hooks" for frame in frames):
        return ConfigurationError(
            f"A post-write hook failed: {first_line(error)}.",
            "Mend app.config['ALEMBIC']['post_write_hooks']; nothing was written.",
        )
    return None

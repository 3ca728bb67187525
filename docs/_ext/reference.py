"""Directives that write the reference from the code, so that it cannot drift.

``db-command`` shows how a command is called and its options, from Click; ``db-output``
shows what commands wrote, from ``docs/outputs``; ``picture`` puts a drawing into the page,
so that it follows the page's colours; ``changed-file`` shows what is new in a file;
``names-of`` lists a set of names; ``hook-table``,
``signal-table`` and ``error-table`` list hooks, signals and exceptions.
"""

from __future__ import annotations

import html
import importlib
import inspect
import re
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

COMMON = {"format_", "quiet", "traceback"}
"""Options that every command has; the page says it once."""

DOCS = Path(__file__).parent.parent
OUTPUTS = DOCS / "outputs"
PICTURES = DOCS / "_static"


class DbOutput(SphinxDirective):
    """Show the output of that name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        path = OUTPUTS / f"{self.arguments[0]}.txt"
        self.env.note_dependency(str(path))
        text = path.read_text("utf-8").rstrip("\n")
        block = nodes.literal_block(text, text, language=self._language(text))
        # Sentences are wrapped as a terminal wraps them; tables keep their columns.
        block["classes"].append("columns" if self._has_columns(text) else "sentences")
        self.set_source_info(block)
        return [block]

    @staticmethod
    def _has_columns(text: str) -> bool:
        return (
            re.search(r"^\S.*\S {2,}\S.*\S {2,}\S.*\S {2,}\S", text, re.M) is not None
        )

    @staticmethod
    def _language(text: str) -> str:
        # The console lexer takes a line of output that begins like a prompt for one.
        return "text" if re.search(r"^[#(%]", text, re.M) else "console"


class Picture(SphinxDirective):
    """Put an SVG file from ``docs/_static`` into the page itself.

    As part of the page it can use the colours of the theme, dark or light.
    """

    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required, "wide": directives.flag}

    def run(self) -> list[nodes.Node]:
        path = PICTURES / f"{self.arguments[0]}.svg"
        self.env.note_dependency(str(path))
        alt = " ".join(self.options["alt"].split())
        drawing = path.read_text("utf-8")
        classes = "picture wide" if "wide" in self.options else "picture"
        return [
            nodes.raw(
                "",
                f'<figure class="{classes}" role="img" aria-label="{html.escape(alt)}">'
                f"{drawing}</figure>",
                format="html",
            )
        ]


class Changed(SphinxDirective):
    """Show a file; the lines that it does not have in common with another stand out."""

    required_arguments = 1
    option_spec = {
        "since": directives.unchanged_required,
        "caption": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        old, new = (
            (DOCS / name).read_text("utf-8").splitlines()
            for name in (self.options["since"], self.arguments[0])
        )
        self.env.note_dependency(str(DOCS / self.options["since"]))
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        kept = {block.b + offset for block in blocks for offset in range(block.size)}
        fresh = [number + 1 for number in range(len(new)) if number not in kept]
        lines = ",".join(map(str, fresh))
        source = [
            f".. literalinclude:: {self.arguments[0]}",
            f"    :caption: {self.options['caption']}",
            f"    :emphasize-lines: {lines}",
        ]
        container = nodes.container()
        self.state.nested_parse(
            StringList(source, f"<{self.name}>"), self.content_offset, container
        )
        return container.children


class Generated(SphinxDirective):
    """A directive that stands for lines of reStructuredText."""

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        container = nodes.container()
        source = StringList(lines, f"<{self.name}>")
        self.state.nested_parse(source, self.content_offset, container)
        return container.children


class NamesOf(Generated):
    """List the names in a set, sorted."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].rpartition(".")
        names = getattr(importlib.import_module(module), name)
        return self.parsed([", ".join(f"``{one}``" for one in sorted(names))])


class HookTable(Generated):
    """List the hooks: name, kind, signal, built-in plugins, what it does."""

    def run(self) -> list[nodes.Node]:
        from flask_alembic import builtin
        from flask_alembic.hooks.manager import hook_names
        from flask_alembic.hooks.markers import kind_of
        from flask_alembic.hooks.signals import SIGNALS, spec_functions

        lines = [".. list-table::", "    :header-rows: 1", ""]
        lines += _row("Hook", "Kind", "Signal", "Built-in plugins", "What it does")
        plugins = builtin.plugins()
        for name, spec in spec_functions().items():
            lines += _row(
                f":func:`{name} <flask_alembic.hooks.specs.{name}>`",
                f"``{kind_of(spec)}``",
                "yes" if name in SIGNALS else "",
                ", ".join(
                    f"``{plugin}``"
                    for plugin, module in plugins
                    if name in hook_names(module)
                ),
                _paragraph(spec.__doc__, 0),
            )
        return self.parsed(lines)


class SignalTable(Generated):
    """List the signals: name, arguments, when."""

    def run(self) -> list[nodes.Node]:
        from flask_alembic.hooks.signals import SIGNALS, spec_functions

        lines = [".. list-table::", "    :header-rows: 1", ""]
        lines += _row("Signal", "Arguments", "When")
        for name in SIGNALS:
            spec = spec_functions()[name]
            arguments = list(inspect.signature(spec).parameters)[1:]
            lines += _row(
                f":func:`{name} <flask_alembic.hooks.specs.{name}>`",
                ", ".join(f"``{argument}``" for argument in arguments),
                _paragraph(spec.__doc__, 1),
            )
        return self.parsed(lines)


class ErrorTable(Generated):
    """List the exceptions: name, exit code, meaning."""

    def run(self) -> list[nodes.Node]:
        from flask_alembic import errors

        lines = [".. list-table::", "    :header-rows: 1", ""]
        lines += _row("Exception", "Exit code", "Meaning")
        for name in errors.__all__:
            error = getattr(errors, name)
            code = str(getattr(error, "exit_code", "–"))
            lines += _row(
                f":exc:`~flask_alembic.errors.{name}`",
                code,
                _paragraph(error.__doc__, 0),
            )
        return self.parsed(lines)


def _row(*cells: str) -> list[str]:
    first, *rest = cells
    return [f"    * - {first}", *(f"      - {cell}" for cell in rest)]


def _paragraph(text: str | None, number: int) -> str:
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return " ".join(paragraphs[number].split())


class DbCommand(Generated):
    """Show the help, the usage and the options of a command."""

    required_arguments = 1
    option_spec = {"no-help": directives.flag}

    def run(self) -> list[nodes.Node]:
        from flask_alembic.builtin import builtin_commands

        name = self.arguments[0]
        command = builtin_commands()[name]
        context = click.Context(command, info_name=name)
        usage = " ".join(command.collect_usage_pieces(context))
        lines = [".. code-block:: console", "", f"    $ flask db {name} {usage}", ""]
        if "no-help" not in self.options:
            lines = [*_help(command), "", *lines]
        for parameter in command.params:
            if parameter.name not in COMMON:
                lines += _option(parameter, context)
        return self.parsed(lines)


def _help(command: click.Command) -> list[str]:
    """Return the help text; the words after ``Example:`` become a literal."""
    lines: list[str] = []
    for line in inspect.cleandoc(command.help or "").splitlines():
        before, example, after = line.partition("Example: ")
        lines.append(f"{before}{example}``{after}``" if example else line)
    return lines


def _option(parameter: click.Parameter, context: click.Context) -> list[str]:
    record: Any = parameter.get_help_record(context)
    if record is None or not isinstance(parameter, click.Option):
        return []
    names, text = record
    return [f"``{names}``", f"    {text}", ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("db-output", DbOutput)
    app.add_directive("picture", Picture)
    app.add_directive("changed-file", Changed)
    app.add_directive("hook-table", HookTable)
    app.add_directive("names-of", NamesOf)
    app.add_directive("signal-table", SignalTable)
    app.add_directive("error-table", ErrorTable)
    app.add_directive("db-command", DbCommand)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""``flask db lint-rules``, and the options that ``flask db lint`` gets."""

from __future__ import annotations

from typing import Any

import click

from .begun import requested


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what an option says for the time of the command."""
    if not value or context.resilient_parsing:
        return
    given = dict(requested.get() or {})
    given["only"] = "changed"
    if value != "-":
        given["changed_since"] = value
    token = requested.set(given)
    context.call_on_close(lambda: requested.reset(token))


def options() -> list[click.Option]:
    """Return the options for ``flask db lint``."""
    return [
        click.Option(
            ["--changed"],
            metavar="[BRANCH]",
            is_flag=False,
            flag_value="-",
            expose_value=False,
            callback=_remember,
            help="Only revisions that git says differ from BRANCH.",
        ),
    ]


@click.command("lint-rules")
@click.argument("code", required=False)
def lint_rules(code: str | None) -> None:
    """Show the rules, or all about one of them.

    Example: flask db lint-rules FA401
    """
    from .pages import terminal
    from .rules import RULES

    if code is None:
        for each in sorted(RULES):
            click.echo(f"{each}  {RULES[each].title}")
        return
    rule = RULES.get(code.upper())
    if rule is None:
        raise click.UsageError(
            f"There is no rule {code!r}; `flask db lint-rules` lists them."
        )
    click.echo(terminal(rule))


def add_to(cli: click.Group) -> None:
    """Add our command to the group, and our options to its ``lint``.

    :param cli: The ``db`` group.
    """
    cli.add_command(lint_rules)
    lint = cli.commands.get("lint")
    if lint is not None:
        names = {parameter.name for parameter in lint.params}
        lint.params.extend(each for each in options() if each.name not in names)

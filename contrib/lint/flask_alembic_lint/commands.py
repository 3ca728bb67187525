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


def explained(code: str) -> str:
    """Return all about a rule, for the terminal.

    :param code: The rule's code, in any case.
    :raises click.UsageError: When there is no such rule.
    """
    from .pages import terminal
    from .rules import RULES

    rule = RULES.get(code.upper())
    if rule is None:
        raise click.UsageError(
            f"There is no rule {code!r}; `flask db lint-rules` lists them."
        )
    return terminal(rule)


def _explain(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Show a rule instead of linting."""
    if value and not context.resilient_parsing:
        click.echo(explained(value))
        context.exit()


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
        click.Option(
            ["--explain"],
            metavar="CODE",
            is_eager=True,
            expose_value=False,
            callback=_explain,
            help="Show all about a rule, and lint nothing.",
        ),
    ]


@click.command("lint-rules")
@click.argument("code", required=False)
def lint_rules(code: str | None) -> None:
    """Show the rules, or all about one of them.

    Example: flask db lint-rules FA401
    """
    from .rules import RULES

    if code is not None:
        click.echo(explained(code))
        return
    for each in sorted(RULES):
        click.echo(f"{each}  {RULES[each].title}")


def add_to(cli: click.Group) -> None:
    """Add our command to the group, and our options to its ``lint``.

    :param cli: The ``db`` group.
    """
    cli.add_command(lint_rules)
    lint = cli.commands.get("lint")
    if lint is not None:
        names = {parameter.name for parameter in lint.params}
        lint.params.extend(each for each in options() if each.name not in names)

"""Commands that mend."""

COMMANDS = ()

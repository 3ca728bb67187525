"""Commands that find out what is wrong with a database or a history, and mend it."""

"""The commands that show revisions: current, heads, branches, log, history, show."""

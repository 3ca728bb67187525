"""A tracked ``HEAD`` file for each branch of history.

Two people who add a revision both change it, so git shows a merge conflict where
otherwise two heads would reach production. ``app.config["ALEMBIC_HEADFILE"] = True``
turns it on. Everything is in the README.
"""

"""Revision ids that sort in the order in which the revisions were made.

Installing the package is all it takes; ``app.config["ALEMBIC_IDS"]`` turns it on and
chooses how ids are made. Everything is in the README.
"""

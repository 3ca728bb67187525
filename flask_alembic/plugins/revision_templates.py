"""The templates of revision files: an implementation of ``revision_templates``."""

from __future__ import annotations

from ..hooks.markers import hookimpl
from ..hooks.payloads import RevisionTemplate


@hookimpl(trylast=True)
def revision_templates() -> list[RevisionTemplate]:
    """Give the template for one database and the one for several."""
    return [
        RevisionTemplate(
            "single",
            "flask_alembic:templates/script.py.mako",
            "one upgrade() and one downgrade() for every database",
        ),
        RevisionTemplate(
            "multidb",
            "flask_alembic:templates/script_several.py.mako",
            "a function for each database",
        ),
    ]

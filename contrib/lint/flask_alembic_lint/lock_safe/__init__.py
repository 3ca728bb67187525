"""New revisions written so that they do not block: ``ALEMBIC_LINT["rewrite"]``."""

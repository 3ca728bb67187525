"""``flask db squash``: replace a range of revisions with one."""

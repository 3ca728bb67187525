"""``flask db revision``, ``migrate``, ``merge`` and ``edit``: write revision files."""

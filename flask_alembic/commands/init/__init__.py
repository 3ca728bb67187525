"""``flask db init``, ``mkdir`` and ``list-templates``: the script directory."""

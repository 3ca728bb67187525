"""``flask db prove``: run revisions up, down and up on a scratch database."""

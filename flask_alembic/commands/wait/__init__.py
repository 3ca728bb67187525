"""``flask db wait``, ``readiness()`` and the health endpoint."""

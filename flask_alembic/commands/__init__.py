"""The commands of ``flask db``, each in a folder of its own."""

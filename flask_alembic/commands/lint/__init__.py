"""``flask db lint``: what linters find in revision files."""

"""``flask db status``: where each database is and what is pending."""

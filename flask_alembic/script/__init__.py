"""Revision files and their graph, read without executing them where possible."""

"""Writes what others computed: tables, curves, files."""

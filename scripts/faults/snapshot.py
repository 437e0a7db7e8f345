"""The database of a Label Studio server that runs: kept as it is, and put back under the running server."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def database_of(home: Path) -> Path:
    """The embedded server's database file."""
    return home / "labelstudio" / "data" / "label_studio.sqlite3"


def keep(database: Path) -> bytes:
    """The whole database, between two requests."""
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as base:
        return base.serialize()


def put_back(database: Path, kept: bytes) -> None:
    """Let the database be what it was, by SQLite's own backup: the server sees the change at its next request."""
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        memory.deserialize(kept)
        with contextlib.closing(sqlite3.connect(database, timeout=30)) as base:
            memory.backup(base)

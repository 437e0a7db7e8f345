"""Whether the embedded server's database can be used; it is looked at and never written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from screentime.errors import ServerError

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def require_sound(home: Path) -> None:
    """Refuse a database that is damaged or gone, on which Label Studio would end or begin an empty one.

    Parameters
    ----------
    home : Path
        See `installation.home`. Without a folder of data all is well: it is made at the first start.

    Raises
    ------
    ServerError
        With what brings the labels back.
    """
    data = Path(home) / "labelstudio" / "data"
    if not data.exists():
        return
    path = data / "label_studio.sqlite3"
    why = _damage(path) if path.is_file() else "it is gone"
    if why:
        raise ServerError(
            f"Label Studio's database {path} cannot be used: {why}.",
            f"Put it back from a backup. Without one, keep what is left of it (`mv {data} {data}.damaged`), then"
            " `screentime server start`, and in the folder of each project `screentime push --labels labels.csv`,"
            " which puts back the labels that were pulled there.",
        )


def _damage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            [said] = database.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                return " ".join(said.split())
            tables = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'htx_user'").fetchone()
            return "" if tables[0] else "it holds nothing of Label Studio"
    except sqlite3.DatabaseError as error:
        # Whatever else is said (busy; a killed server's last change still to be undone) is no damage.
        return str(error) if error.sqlite_errorcode & 0xFF in DAMAGED else ""

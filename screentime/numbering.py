"""Model versions by their numbers: which folders are versions, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"v(\d{3,})-")


def versions(models: Path) -> list[Path]:
    """Folders of a project's model versions, oldest first.

    They are sorted by number, since as text ``v1000-…`` would come before ``v999-…``.

    Parameters
    ----------
    models : Path
        It need not exist.

    Returns
    -------
    list of Path
    """
    return sorted(models.glob("v[0-9][0-9][0-9]*-*"), key=lambda folder: (number_of(folder.name), folder.name))


def number_of(version: str) -> int:
    """The number in a version's name; 0 where there is none."""
    found = _NAME.match(version)
    return int(found[1]) if found else 0


def next_name(models: Path, digest: str) -> str:
    """Name of the version after the latest.

    Parameters
    ----------
    models : Path
    digest : str
        Of what it is made from; in the name so that a version's name never comes to mean another model,
        even if old folders are deleted and the count begins anew.
    """
    there = versions(models)
    return f"v{1 + (number_of(there[-1].name) if there else 0):03d}-{digest}"

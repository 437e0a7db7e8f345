"""Cards of a project's model versions, read back and known to be theirs."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from screentime.errors import ScreentimeError
from screentime.kept import Damaged, read_card, record
from screentime.records import Round
from screentime.standing import CardFacts


def card_of(path: Path) -> dict[str, Any]:
    """The card of a version.

    Parameters
    ----------
    path : Path
        ``card.json`` in the version's folder.

    Returns
    -------
    dict

    Raises
    ------
    ScreentimeError
        If it is damaged, of an older screentime, or another version's.
    """
    try:
        card = read_card(path)
        facts = record(card, CardFacts)
        if facts.version != path.parent.name or facts.round.version != facts.version:
            raise Damaged(f"it is the card of {facts.version!r}")
        return card
    except Damaged as error:
        raise ScreentimeError(
            f"{path} is damaged or of an older screentime ({error}).",
            f"Move {path.parent} away and run `screentime sync`: labels are safe in Label Studio.",
        ) from None


def round_of(path: Path) -> Round:
    """The round that made a version; parameter and errors as of `card_of`."""
    return _round(path, state_of(path.stat()))


def state_of(there: os.stat_result) -> tuple[int, ...]:
    """What is another after every write of a file that is only ever replaced."""
    return there.st_mtime_ns, there.st_size, there.st_ino


@lru_cache(maxsize=10_000)
def _round(path: Path, state: tuple[int, ...]) -> Round:
    """In this state of its file: there may be hundreds, and a round asks a dozen times."""
    return Round(**card_of(path)["round"])

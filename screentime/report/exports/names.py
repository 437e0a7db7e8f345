"""Names of films and characters, which may hold anything, as names of files, reels and lines."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, count

# Most file systems end at 255 bytes; a name is made of a film, a character and a few letters more.
FILM_BYTES, CHARACTER_BYTES = 140, 80
REEL_LETTERS = 8
# Reels that mean something to every editor: black, and whatever has no timecode.
TAKEN_REELS = {"", "AX", "BL"}


def file_part(text: str, most: int = FILM_BYTES) -> str:
    """A text as a piece of a file's name that is safe on every system.

    Parameters
    ----------
    text : str
        Untrusted: slashes, line breaks, quotes, dots and dashes in front, any length.
    most : int
        Bytes at most, in UTF-8.

    Returns
    -------
    str
        Letters, digits, ``_``, ``-``, ``.`` and single spaces; begins with a letter or digit; not empty.
    """
    plain = "".join(
        letter if letter.isalnum() or letter in "_-. " or unicodedata.combining(letter) else "_"
        for letter in unicodedata.normalize("NFC", text)
    )
    cut = re.sub(r"\s+", " ", plain).lstrip("._- ").encode()[:most].decode(errors="ignore").rstrip(". ")
    return cut or "film"


def unique(name: str, taken: set[str]) -> str:
    """A name that is not taken yet, by a number behind it; it is taken from then on.

    Parameters
    ----------
    name : str
    taken : set of str
        Names in small letters, since some file systems know no others. Changed.

    Returns
    -------
    str
    """
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free.casefold())
    return free


def reel(film: str, taken: set[str]) -> str:
    """A film's name as a tape's: at most eight capital letters and digits, not taken yet.

    Parameters
    ----------
    film : str
        Its name without a suffix; untrusted text.
    taken : set of str
        Reels of other films. Changed.

    Returns
    -------
    str
    """
    ascii_text = unicodedata.normalize("NFKD", film).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^A-Z0-9]", "", ascii_text.upper())[:REEL_LETTERS]
    named = f"FILM{letters}"[:REEL_LETTERS] if letters in TAKEN_REELS else letters
    # Parts of a series begin alike.
    numbered = (f"{named[:REEL_LETTERS - len(str(number))]}{number}" for number in count(2))
    free = next(name for name in chain([named], numbered) if name not in taken)
    taken.add(free)
    return free


def one_line(text: str) -> str:
    """A text that neither breaks its line nor gives a terminal orders."""
    return "".join(c if c.isprintable() else " " for c in text).strip()

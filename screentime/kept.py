"""What files keep, read back: text to records, and the place of what is wrong in it."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from screentime.errors import ScreentimeError

Kept = TypeVar("Kept")

_HEADING = re.compile(r"""\s*\[{1,2}\s*["']?([^\]"']*?)["']?\s*\]""")
_BYTE = re.compile(r" \(byte (\d+)\)$")


class Damaged(ValueError):
    """A file that does not hold what it should; says what is wrong and where, as the end of a sentence."""


def read_text(path: Path) -> str:
    """The text of a file, without the mark that some editors put in front of UTF-8.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Line ends as they stand.

    Raises
    ------
    Damaged
        If it cannot be read, or is no text in UTF-8: with the line.
    """
    try:
        if stat.S_ISFIFO(path.stat().st_mode):  # to open it would wait for ever
            raise Damaged("it is a pipe")
        return (content := path.read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise Damaged(error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise Damaged(f"line {line_of(content, error.start)} is no text in UTF-8") from None


def read_json(path: Path, kind: type[Kept], needs: Collection[str] = ()) -> Kept:
    """What a JSON file keeps, as records.

    Parameters
    ----------
    path : Path
    kind : type
        What it should hold: records, or lists and dicts of them.
    needs : collection of str, optional
        Keys that must be there though the record could do without.

    Returns
    -------
    object
        Of that kind.

    Raises
    ------
    Damaged
        If it cannot be read, is no JSON, or holds something else: a value of another type, or a key
        that is unknown here and would be lost when the file is written again.
    """
    text = read_text(path)
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Damaged(_with_line(str(error), text.encode())) from None
    except RecursionError:
        raise Damaged("it is nested too deeply") from None
    made = record(found, kind)
    missing = [key for key in needs if key not in found]
    if missing:
        raise Damaged(f"it says nothing of {missing[0]}")
    unknown = _unknown(found, msgspec.to_builtins(made), "").lstrip(".")
    if unknown:
        raise Damaged(f"`{unknown}` is unknown to this screentime")
    return made


def read_or_tell(path: Path, kind: type[Kept], remedy: str, needs: Collection[str] = ()) -> Kept:
    """`read_json` of a project's own file.

    Raises
    ------
    ScreentimeError
        If it is damaged: with the place, and the remedy.
    """
    try:
        return read_json(path, kind, needs)
    except Damaged as error:
        raise ScreentimeError(f"{path} is damaged ({error}).", remedy) from None


def read_card(path: Path) -> dict[str, Any]:
    """A model's card, which others may have added to.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Its numbers may be NaN, as losses of a training that went astray are.

    Raises
    ------
    Damaged
        If it cannot be read, or is no JSON object.
    """
    text = read_text(path)
    try:
        card = json.loads(text)
    except json.JSONDecodeError as error:
        raise Damaged(str(error)) from None
    except RecursionError:
        raise Damaged("it is nested too deeply") from None
    except ValueError:  # Python turns no text of more than 4300 digits into a number
        raise Damaged("it holds a number of too many digits") from None
    if not isinstance(card, dict):
        raise Damaged("it holds no names with values")
    return card


def record(found: Any, kind: type[Kept]) -> Kept:
    """Plain values as records; keys that these do not have are left out.

    Parameters
    ----------
    found : object
        Dicts, lists, texts and numbers.
    kind : type

    Returns
    -------
    object
        Of that kind.

    Raises
    ------
    Damaged
        If a value is missing, of another type, or beyond its limits: with its place.
    """
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise Damaged(str(error).replace(" - at `$.", " at `").replace(" - at `$", " at `")) from None


def line_of(content: bytes, place: int) -> int:
    """Number of the line, from 1, in which a byte of a text stands."""
    return content.count(b"\n", 0, place) + 1


def line_in_toml(text: str, table: str, key: str) -> int | None:
    """Number of the line, from 1, in which a key of a table stands, or else where its table begins.

    Parameters
    ----------
    text : str
        Valid TOML.
    table, key : str

    Returns
    -------
    int or None
        None where neither is found.
    """
    inside, heading, closing = "", None, ""
    named, within = (rf"""["']?{re.escape(name)}["']?\s*""" for name in (key, table))
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:  # what stands in a text of several lines is no heading and no key
            closing = "" if closing in line else closing
            continue
        opened = _HEADING.match(line)
        if opened:
            inside = opened[1]
        if inside == table and re.match(rf"\s*{named}=", line):
            return number
        if not inside and re.match(rf"\s*{within}\.\s*{named}=", line):
            return number
        if opened and inside in (table, key) or not inside and re.match(rf"\s*{within}=", line):
            heading = heading or number
        if not line.lstrip().startswith("#"):
            closing = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")
    return heading


def _with_line(reason: str, content: bytes) -> str:
    found = _BYTE.search(reason)
    place = int(found[1]) if found else len(content)
    return f"line {line_of(content, place)}: {_BYTE.sub('', reason)}"


def _unknown(found: Any, made: Any, place: str) -> str:
    """Place of the first key that was found and of which nothing was made; empty where there is none."""
    if isinstance(found, dict):
        lost = [f"{place}.{key}" for key in found if key not in made]
        deeper = (_unknown(value, made[key], f"{place}.{key}") for key, value in found.items() if key in made)
    elif isinstance(found, list):
        lost = []
        deeper = (_unknown(one, same, f"{place}[{number}]") for number, (one, same) in enumerate(zip(found, made)))
    else:
        return ""
    return next(filter(None, [*lost, *deeper]), "")

"""A plain film under every odd name that a file may have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scripts.films.drawing import film
from scripts.films.entry import Entry, Unmade
from scripts.films.wellformed import CALM

NAMES = (
    "a film.mp4", "  spaces  .mp4 ", "it's.mp4", 'the "best".mp4', "two\nlines.mp4", "re\rturn.mp4", "tab\tbed.mp4",
    "\x1b[31mred\x1b[0m.mp4", "bell\a.mp4", "фильм.mp4", "映画.mp4", "cafe\u0301.mp4", "café.mp4", "🐱🐭.mp4", "\u202efdp.mp4",
    "-x", "-x.mp4", "--help", "--help.mp4", "--film.mp4", "...mp4", "..mp4", ".hidden.mp4", "..a.mp4", "n" * 251 + ".mp4", "ж" * 125 + ".mp4",
    "<script>alert(1)<", "<script>.mp4", "&amp;.mp4", "$(touch x).mp4", "`touch x`.mp4", "a;touch x.mp4", "a&b|c.mp4",
    "%s%n%d.mp4", "%03d.mp4", "{0}.mp4", "[bold]x[", "[0-9].mp4", "*.mp4", "?.mp4", "~.mp4", "~root.mp4", "$HOME.mp4", "#1.mp4",
    "file:film.mp4", "file:", "http:film.mp4", "http::film.mp4", "concat:a|b.mp4", "pipe:0", "pipe:.mp4", "data:x.mp4", "subfile,,start,0,end,9,,:a.mp4",
    "crypto:a.mp4", "async:a.mp4", "tcp:1.mp4", "a:b:c.mp4", "C:film.mp4", "a\\b.mp4", "=1+1.mp4", "@x.mp4", "+x.mp4", "a,b.mp4",
    "film.mp4.exe", "film", "film.", "film.m3u8", "film.txt", "film.jpg", "CON.mp4", "null", "0", "nan.mp4",
)
NOT_UTF8 = (b"caf\xe9.mp4", b"\xff\xfe.mp4", b"\xed\xa0\x80.mp4")
QUICK = {"-x", "--help.mp4", "two\nlines.mp4", "<script>.mp4", "concat:a|b.mp4", "$(touch x).mp4", "n" * 251 + ".mp4"}


def entries() -> Iterator[Entry]:
    """All of them; the command line is tried on each."""
    for name in NAMES:
        yield Entry("names", name, _plain, rate=25, quick=name in QUICK, cli=True)
    for name in NOT_UTF8:
        shown = os.fsdecode(name)
        yield Entry("names", shown, _plain, "refused", "is not valid UTF-8.", quick=name == NOT_UTF8[0], cli=True)


def _plain(path: Path) -> None:
    content = _content(path.parent)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unmade(f"this file system has no such names ({error.strerror})") from None


def _content(folder: Path) -> bytes:
    first = folder.parent / ".plain.mp4"
    if not first.exists():
        film(first, *CALM, frames=50)
    return first.read_bytes()

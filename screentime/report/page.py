"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.effort import LIMIT
from screentime.files import write_atomically
from screentime.records import timecode
from screentime.report.figures import Chart, curves_chart, rounds_chart, seconds_chart
from screentime.report.thumbnails import Thumbnails, thumbnails
from screentime.talk import Talk

if TYPE_CHECKING:
    from screentime.findings import Findings, Sight

TEMPLATES = Path(__file__).parent / "templates"
# Heights in pixels of the pictures in the timeline and of those of mistakes, and how many characters of
# text each kind may take up: the whole page stays below 15 MB, which a mail may carry.
SMALL, LARGE = 128, 270
SMALL_ROOM, LARGE_ROOM = 9_000_000, 2_000_000
# Joiners that scripts and emoji need, though Python calls them not printable.
_JOINERS = "\u200c\u200d"


def write_page(findings: Findings, root: Path, out: Path, talk: Talk) -> Thumbnails:
    """Write the report.

    Parameters
    ----------
    findings : Findings
    root : Path
        The workspace, to which the pictures' files are relative.
    out : Path
        The file to write.
    talk : Talk

    Returns
    -------
    Thumbnails
        Of the timelines: how many are missing or left out.

    Raises
    ------
    ScreentimeError
        If the file cannot be written.
    """
    files = wanted(findings)
    with talk.progress("Making thumbnails") as step:
        small = thumbnails(root, files, SMALL, SMALL_ROOM, step)
    large = thumbnails(
        root, {sight.uid: sight.file for _, sight in findings.mistakes}, LARGE, LARGE_ROOM, lambda done, total: None
    )
    write_atomically(out, render(findings, small, large))
    return small


def wanted(findings: Findings) -> dict[str, str]:
    """Frames whose picture the timelines show, uid to file: those of the longest stretches first."""
    pieces = [
        (piece.end - piece.start, film.sights[piece.frame])
        for film in findings.films for strip in film.strips for _, lane in strip.lanes for piece in lane
    ]
    # Pictures that the tables alone show come last: of an appearance that two strips share.
    pieces += [(0.0, sight) for film in findings.films for _, sight in film.appearances]
    return {sight.uid: sight.file for _, sight in sorted(pieces, key=lambda one: -one[0])}


def render(findings: Findings, small: Thumbnails, large: Thumbnails) -> str:
    """The page's text.

    Parameters
    ----------
    findings : Findings
    small, large : Thumbnails
        For the timelines, and for the mistakes.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    page = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )
    page.filters |= {
        "plain": plain, "clock": clock, "timecode": timecode, "percent": percent, "seconds": seconds, "code": code,
        "lasting": lasting, "plural": plural,
    }
    number = {uid: place for place, uid in enumerate(small.pictures)}
    colours = {name: place % 8 for place, name in enumerate(findings.characters)}

    def picture(sight: Sight) -> str:
        return f"pic p{number[sight.uid]}" if sight.uid in number else ""

    rounds, history, target = findings.rounds, findings.history, findings.stands["target"]
    return page.get_template("report.html").render(
        found=findings, stands=findings.stands, small=small, large=large, picture=picture, colours=colours,
        label_limit=LIMIT,
        sources={one.source for film in findings.films for one, _ in film.appearances},
        bars=[_bars(film.totals, film.film.seconds, f"s{place}") for place, film in enumerate(findings.films)],
        rounds_chart=_markup(rounds_chart(rounds, target, "r")) if rounds else None,
        curves_chart=_markup(curves_chart(history, target, "e")) if history.get("loss") else None,
    )


def _bars(totals: Sequence[Any], length: float, name: str) -> Chart | None:
    return _markup(seconds_chart(totals, length, name)) if totals else None


def _markup(chart: Chart) -> Chart:
    """Matplotlib has escaped what stands in a chart; the template need not do it again."""
    from markupsafe import Markup

    return Chart(Markup(chart.wide), Markup(chart.narrow))


def plain(text: str) -> str:
    """Untrusted text on one line: what is no letter but an order to the reader's machine is spelled out."""
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in text)


def clock(second: float) -> str:
    """A time of a film as ``1:02`` or ``1:01:02``."""
    minutes, rest = divmod(round(second), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def seconds(value: float) -> str:
    """Seconds with one decimal."""
    return f"{value:.1f}"


def lasting(value: float) -> str:
    """A length of time as people say it: ``42.0 s``, ``3 min 5 s``, ``1 h 2 min``."""
    if value < 60:
        return f"{value:.1f}\u00a0s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}\u00a0h {minutes}\u00a0min" if hours else f"{minutes}\u00a0min {rest}\u00a0s"


def percent(share: float) -> str:
    """A share as ``41.2 %``."""
    return f"{100 * share:.1f}\u00a0%"


def plural(count: int, word: str) -> str:
    """A number with its word: ``1 label``, ``2 labels``."""
    return f"{count}\u00a0{word}" if count == 1 else f"{count}\u00a0{word}s"


def code(sentence: str) -> Any:
    """A sentence whose `commands` are set as such."""
    from markupsafe import Markup, escape

    parts = re.split(r"`([^`]*)`", plain(sentence))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )

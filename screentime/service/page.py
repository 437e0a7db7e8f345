"""The status page: what the states say, for a person to read; computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.terminal import harmless

if TYPE_CHECKING:
    from jinja2 import Template

    from screentime.service.served import Served
    from screentime.service.state import State

TEMPLATES = Path(__file__).parent / "templates"
# What of the project Label Studio's page has where.
PAGES = {
    "url": "Label first", "confirm_sure": "Confirm: sure", "confirm_unsure": "Confirm: unsure",
    "look_again": "Look again",
}


def render(projects: Sequence[Served], now: datetime) -> str:
    """The page's text.

    Parameters
    ----------
    projects : sequence of Served
    now : datetime
        With its time zone.

    Returns
    -------
    str
        HTML that needs nothing but ``/page.js``, and is whole without that too.
    """
    return _template().render(projects=[view(one.name, one.state, now) for one in projects], now=now)


def script() -> str:
    """What keeps the page fresh while it is open."""
    return (TEMPLATES / "page.js").read_text("utf-8")


def view(name: str, state: State, now: datetime) -> dict[str, Any]:
    """What the page says of a project.

    Parameters
    ----------
    name : str
        Of its folder.
    state : State
    now : datetime

    Returns
    -------
    dict
        ``name``, ``title``, ``badge`` and ``doing`` (words), ``found`` (see `screentime.summary.summary`),
        ``goal``, ``latest`` (the last round, or None), ``seconds`` (each film, with rows of name, seconds, low, high),
        ``links`` (title and address), ``state`` and ``when`` (words of moments, by the state's names).
    """
    found = state.found
    rounds = found.get("rounds") or []
    return {
        "name": name, "title": found.get("title") or name, "badge": _badge(state, rounds), "doing": _doing(state),
        "found": found, "goal": _goal(found), "latest": rounds[-1] if rounds else None, "number": len(rounds),
        "seconds": [(film["film"], _seconds(film)) for film in found.get("screen_time") or []],
        # They come from a file: what is no address of a page is no link.
        "links": [
            (title, found[key]) for key, title in PAGES.items()
            if str(found.get(key, "")).startswith(("http://", "https://"))
        ],
        "state": state,
        "when": {
            "looked": ago(state.looked, now), "round": ago(state.last_round, now),
            "trouble": ago(state.trouble.at if state.trouble else None, now),
        },
    }


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago a moment was, in words; empty without one."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s ago"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min ago"
    return f"on {moment:%Y-%m-%d at %H:%M}"


def _badge(state: State, rounds: Sequence[dict[str, Any]]) -> str:
    if state.doing == "running":
        return "at work"
    if state.failures:
        return "waits for another command" if state.trouble and state.trouble.passing else "failing"
    if not state.found:
        return "begins"
    return "target reached" if rounds and rounds[-1]["target_reached"] else "waits for labels"


def _doing(state: State) -> str:
    if state.doing == "running":
        return f"{state.task}: {state.done} of {state.total}" if state.total else state.task
    return f"A round is asked for: {state.queued}." if state.queued else state.said


def _goal(found: dict[str, Any]) -> str:
    if not found:
        return ""
    return f"±{found['half_width']:g} s" if found["stop"] == "seconds" else f"{found['target']:.2f}"


def _seconds(film: dict[str, Any]) -> list[dict[str, Any]]:
    names = [key for key in film if f"{key}_low" in film and film[key] is not None]
    return [
        {"name": name, "seconds": film[name], "low": film[f"{name}_low"], "high": film[f"{name}_high"]}
        for name in names
    ]


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    page = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )
    # Names are other people's: no order of theirs to the browser's writing direction or lines.
    page.filters["plain"] = lambda text: harmless(str(text))
    return page.get_template("status.html")

"""What answers where Label Studio calls: at the address of a connected model, or of a webhook."""

from __future__ import annotations

import socket
from typing import Any, Literal
from urllib.parse import urlsplit

from screentime.doctor.place import LOOPBACK, Place
from screentime.labelstudio import listener
from screentime.labelstudio.refusals import NO_JSON

# `screentime serve` answers at once, but while it trains on a busy machine.
SECONDS = 10.0
CONNECT_SECONDS = 1.0
# What `screentime serve` calls itself, see `screentime.service.app`.
OURS = "screentime"
Kind = Literal["ours", "other", "silent", "refusing", "failing"]


def kind_of(place: Place, model: dict[str, Any]) -> Kind:
    """What a connected model is.

    Parameters
    ----------
    place : Place
    model : dict
        As Label Studio lists it, which it asked it for just now.

    Returns
    -------
    {"ours", "other", "silent", "refusing", "failing"}
        ``ours``: `screentime serve`, which works; ``refusing``: the same, and Label Studio gets nothing of it;
        ``silent``: nothing answers Label Studio; ``failing``: something does, by errors; ``other``: another model,
        whose predictions are shown.
    """
    said = health(place, model["url"])
    ours = said is not None and said.get("model_class") == OURS
    state = model.get("state")
    if state in ("DI", "ER"):
        return "refusing" if ours else "silent" if state == "DI" else "failing"
    if said is None:
        # Label Studio gets to it, and from here it cannot be asked: it has to be taken by the version that it tells.
        ours = bool(place.progress.shown) and model.get("model_version") == place.progress.shown
    return "ours" if ours else "other"


def is_service(place: Place, address: str) -> bool:
    """Whether `screentime serve` answers at an address; also where it cannot be asked from here.

    Parameters
    ----------
    place : Place
    address : str
        What its paths begin with.
    """
    if is_elsewhere(place, address):
        return True
    said = health(place, address)
    return said is not None and said.get("model_class") == OURS


def who_answers(url: str) -> str:
    """The program that listens at an address, as far as the system tells."""
    parts = urlsplit(url)
    found = listener.owner(parts.port) if parts.hostname in LOOPBACK and parts.port else ""
    return found or "another program"


def health(place: Place, address: str) -> dict[str, Any] | None:
    """What a program says of itself at its ``/health``, whether it is well or not; None where it says nothing of that form.

    Parameters
    ----------
    place : Place
    address : str
        What its paths begin with.
    """
    import httpx

    if is_elsewhere(place, address):
        return None
    try:
        said = httpx.get(
            f"{address.rstrip('/')}/health", timeout=SECONDS, trust_env=urlsplit(address).hostname not in LOOPBACK
        ).json()
    except (httpx.HTTPError, httpx.InvalidURL, *NO_JSON):
        return None
    return said if isinstance(said, dict) else None


def reached(place: Place, url: str) -> bool:
    """Whether somebody listens at an address, as far as that can be told from here."""
    if is_elsewhere(place, url):
        return True
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def is_elsewhere(place: Place, url: str) -> bool:
    """Whether an address means another machine where Label Studio uses it: its own, which this one is not."""
    return urlsplit(url).hostname in LOOPBACK and place.host not in LOOPBACK

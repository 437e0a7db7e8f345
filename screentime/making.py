"""How results were made, as facts that may be shown to others: no folders, no secrets; pure functions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from screentime.config import Config

_URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def without_secrets(address: str) -> str:
    """An address without the name, password, query and fragment that it may carry."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def bare(text: str) -> str:
    """A value as it may be shown: of a path its last name, of an address no secrets.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    if _URL.match(text):
        return without_secrets(text)
    if "/" in text or "\\" in text:
        return PurePath(text.replace("\\", "/")).name or text[:1]
    return text


def command_line(arguments: Sequence[str]) -> str:
    """A command as it was typed, but with names in the place of paths.

    Parameters
    ----------
    arguments : sequence of str
        With the program first.

    Returns
    -------
    str
    """
    shown = []
    for place, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if argument.startswith("--") and equals:
            shown.append(f"{flag}={bare(value)}")
        else:
            shown.append("screentime" if not place else bare(argument))
    return shlex.join(shown)


def data_page(url: str, project: int | None) -> str:
    """Address of a project's page in Label Studio, to which a task's number is added.

    Parameters
    ----------
    url : str
        Any page of the project.
    project : int or None

    Returns
    -------
    str
        ``http…/projects/7/data?task=``; empty where there is no such page.
    """
    found = re.match(r"^(https?://\S+?)/projects/\d+(/|$)", url)
    if project is None or not found:
        return ""
    return f"{without_secrets(found[1])}/projects/{project}/data?task="


def provenance(card: Mapping[str, Any] | None, config: Config, version: str) -> tuple[tuple[str, str], ...]:
    """What a reader needs to make a model and its figures again.

    Parameters
    ----------
    card : mapping or None
        Of the model; None before the first.
    config : Config
    version : str
        Of screentime.

    Returns
    -------
    tuple of (str, str)
        What it is, and its value.
    """
    rows = [("screentime", version)]
    if card is not None:
        backbone = card.get("backbone") or {}
        packages = ", ".join(f"{name} {number}" for name, number in card.get("packages", {}).items())
        seen = ", ".join(
            part for part in (
                bare(str(backbone.get("name", ""))), f"digest {backbone['digest']}" if "digest" in backbone else "",
                f"view {backbone['view']}" if "view" in backbone else "",
            ) if part
        )
        rows += [
            ("Model", card["version"]), ("Backbone", seen or "not recorded"),
            ("Recipe", str(card.get("recipe", "not recorded"))),
            ("Seed", str(card.get("seed", "not recorded"))),
            ("Labels it learned from", str(len(set(card["label_uids"]) - set(card["held_out_uids"])))),
            ("Packages", packages or "not recorded"),
        ]
    frames, model, loop = config.frames, config.model, config.loop
    options = {
        "mode": config.project.mode, "characters": ", ".join(config.project.characters), "fps": f"{frames.fps:g}",
        "max_height": frames.max_height, "recipe": model.recipe, "view": model.view, "epochs": model.epochs,
        "seed": model.seed, "target": f"{loop.target:g}", "first_batch": loop.first_batch, "every": loop.every,
        "batch": loop.batch, "audit_every": loop.audit_every, "stop": loop.stop, "half_width": f"{loop.half_width:g}",
    }
    return (*rows, ("Options", "; ".join(f"{name} {value}" for name, value in options.items())))

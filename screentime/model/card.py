"""The card of a model's folder: what it must say, and what it can say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from screentime import kept
from screentime.errors import ConfigError, ModelError
from screentime.files import write_atomically
from screentime.schema import Schema

CARD = "card.json"
KEYS = {"version", "mode", "characters", "short_side", "fps", "backbone", "round"}
# Pixels; what is written here has 336 at most. More would ask for more memory than machines have.
LARGEST_SIDE = 1024
REMEDY = "Name a folder that `screentime train` wrote, such as DIR/models/v001-…, copied whole."


@dataclass(frozen=True)
class NetworkShape:
    """What a card can say of its network."""

    file: Literal["network.tflite", "model"]
    view: Literal["tiles", "whole", "square"]
    side: Annotated[int, Meta(ge=8, le=LARGEST_SIDE)]
    sha256: str = ""


@dataclass(frozen=True)
class CardShape:
    """What a card can say; older ones say less, and any may say more."""

    version: Annotated[str, Meta(pattern=r"^[\w.-]{1,200}\Z")]
    mode: str
    characters: list[str]
    short_side: Annotated[int, Meta(ge=8, le=LARGEST_SIDE)]
    fps: Annotated[float, Meta(gt=0, le=60)]
    backbone: dict[str, Any]
    round: dict[str, Any]
    smoothing: Annotated[float, Meta(ge=0, le=1000)] = 0.0
    network: NetworkShape | None = None
    files: dict[str, str] = field(default_factory=dict)


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a model folder, without loading the model.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict

    Raises
    ------
    ModelError
        If there is none, or it is damaged.
    """
    path = folder / CARD
    if not path.exists():
        raise ModelError(f"{folder} is no model folder: it has no {CARD}.", REMEDY)
    try:
        card = kept.read_card(path)
    except kept.Damaged as error:
        raise ModelError(f"{path} cannot be read ({error}).", REMEDY) from None
    missing = KEYS - set(card)
    if missing:
        raise ModelError(f"{path} lacks {', '.join(sorted(missing))}.", REMEDY)
    try:
        kept.record(card, CardShape)
    except kept.Damaged as error:
        raise ModelError(f"{path} says what cannot be ({error}).", REMEDY) from None
    try:
        Schema(card["mode"], tuple(card["characters"]))
    except ConfigError as error:
        raise ModelError(f"{path} names no classes that can be used ({error}).", REMEDY) from None
    return card


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write a model's card.

    Parameters
    ----------
    folder : Path
        The model's folder.
    card : dict
    """
    write_atomically(folder / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")

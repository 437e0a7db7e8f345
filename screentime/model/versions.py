"""Model versions: one folder each, made whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from screentime import __version__, numbering
from screentime.files import MAKING, aside, share, sync_folder, sync_tree
from screentime.model.card import read_card, write_card
from screentime.model.classifier import KNOWN, save
from screentime.model.judging import blocks_of, judge, near_of
from screentime.model.material import Material
from screentime.model.recipes import Made, train
from screentime.model.tables import BY_BLOCK, CROSSFIT, PREDICTIONS, UNSMOOTHED, write_rows
from screentime.records import Round
from screentime.report.curves import plot_curves
from screentime.talk import Talk
from screentime.timeline import SMOOTHING
from screentime.validation import held_out

CURVES = "curves.png"
PACKAGES = ("tensorflow", "tf_keras", "tensorflow-hub", "ai-edge-litert", "numpy", "opencv-python-headless")


def make(material: Material, models: Path, talk: Talk, *, curves: bool = True) -> dict[str, Any]:
    """Train a new version, or find the one that was made from just this.

    Parameters
    ----------
    material : Material
    models : Path
        Folder of the versions.
    talk : Talk
    curves : bool
        Whether to draw its learning curves now; `draw_curves` does it later.

    Returns
    -------
    dict
        The version's card.

    Raises
    ------
    BackboneError
        If the backbone is no feature vector.
    NotReady
        If a frame's file is missing.
    """
    import numpy as np

    from screentime.model.shift import reference

    started = time.monotonic()
    digest = material.digest
    # Only the latest: when labels were changed and changed back, the older model is a new version.
    for left in aside(models):
        shutil.rmtree(left)  # a killed process's: one at a time is at work in a workspace
    latest = next(reversed(numbering.versions(models)), None)
    if latest and latest.name.endswith(f"-{digest}"):
        return read_card(latest)
    models.mkdir(parents=True, exist_ok=True)
    name = numbering.next_name(models, digest)
    made = train(material, talk)
    training, unsmoothed, embeddings = made.training, made.unsmoothed, made.embeddings
    probabilities = unsmoothed if embeddings is None else near_of(material.frames).smooth(unsmoothed)
    with talk.progress("Judging the accuracy"):
        accuracy, by_block = judge(material, training, probabilities, embeddings)
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=models) as part:
        folder = Path(part) / name
        folder.mkdir()
        mine = [material.frames[i] for i in material.labelled]
        write_rows(folder / PREDICTIONS, material.schema, material.frames, probabilities)
        write_rows(folder / UNSMOOTHED, material.schema, material.frames, unsmoothed)
        write_rows(folder / CROSSFIT, material.schema, mine, training.crossfit)
        write_rows(folder / BY_BLOCK, material.schema, mine, by_block)
        card = _card(material, name, made, accuracy)
        reference_ = None if embeddings is None else reference(
            embeddings, blocks_of(material.frames), rng=np.random.default_rng(material.config.model.seed)
        )
        # The round is written last: its time is that of all that goes before.
        card["round"] = asdict(Round(
            name, len(material.labelled), round(training.validation_accuracy, 6), training.epochs,
            round(time.monotonic() - started, 3), training.target_reached,
        ))
        with talk.progress("Saving the model"):
            card = save(folder, made.network, made.view, made.head, card, reference_)
        if latest:
            share(latest / KNOWN, folder / KNOWN)
        if curves:
            _draw(folder, card)
        sync_tree(folder)
        folder.rename(models / name)
    sync_folder(models)
    return card


# What of a card is drawn.
DRAWN = {"version", "label_uids", "recipe", "history", "target", "accuracy"}


def draw_curves(models: Path) -> None:
    """Draw the learning curves of versions that were made without, or whose drawing was killed.

    Parameters
    ----------
    models : Path
        Folder of the versions.
    """
    for folder in numbering.versions(models):
        if (folder / CURVES).exists():
            continue
        card = read_card(folder)
        # A card that somebody cut down, or of an older version, tells too little to draw.
        if DRAWN <= card.keys():
            _draw(folder, card)


def _draw(folder: Path, card: dict[str, Any]) -> None:
    title = f"{card['version']}: {len(card['label_uids'])} labels, {card['recipe']}"
    plot_curves(folder / CURVES, card["history"], card["target"], title, card["accuracy"])


def set_reached(folder: Path, reached: bool) -> dict[str, Any]:
    """Let a version's card say whether it ends the loop.

    Parameters
    ----------
    folder : Path
        The version's folder.
    reached : bool

    Returns
    -------
    dict
        The card.
    """
    card = read_card(folder)
    if card["round"]["target_reached"] != reached:
        card["round"]["target_reached"] = reached
        write_card(folder, card)
    return card


def _held_out(material: Material) -> list[str]:
    """Labelled frames that the network did not learn from: none where it was cross-validated."""
    if material.config.model.recipe == "head":
        return []
    return [material.frames[i].uid for i, out in zip(material.labelled, held_out(material.fold)) if out]


def _card(material: Material, name: str, made: Made, accuracy: dict[str, Any]) -> dict[str, Any]:
    config, backbone = material.config, material.backbone
    return {
        "version": name,
        "mode": material.schema.mode,
        "characters": list(material.schema.characters),
        "classes": list(material.schema.classes),
        "recipe": config.model.recipe,
        "backbone": {"name": backbone.name, "digest": backbone.digest, "view": made.view.name, **made.runtime},
        "short_side": made.view.short_side,
        "fps": config.frames.fps,
        "smoothing": SMOOTHING if config.model.recipe == "head" else 0.0,
        "accuracy": accuracy,
        "target": config.loop.target,
        "epochs": config.model.epochs,
        "seed": config.model.seed,
        "label_uids": [material.frames[i].uid for i in material.labelled],
        "held_out_uids": _held_out(material),
        "history": made.training.history,
        "packages": {"screentime": __version__, **{name: installed(name) for name in PACKAGES}},
    }

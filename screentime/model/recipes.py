"""A recipe carried out on a version's material: what is trained, what it says of all frames, what is saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.model.conversion import judged, runtime
from screentime.model.dataset import read_pictures
from screentime.model.embeddings import embed_frames
from screentime.model.head import Head
from screentime.model.judging import near_of
from screentime.model.networks import Lite, Saved
from screentime.model.training import Training, body, finetune, train_head
from screentime.model.views import View
from screentime.records import Frame
from screentime.talk import Talk
from screentime.validation import held_out

if TYPE_CHECKING:
    import numpy as np

    from screentime.model.material import Material

# Pictures that go through a fine-tuned network at once.
BATCH = 16


@dataclass(frozen=True)
class Made:
    """What a recipe gave.

    Attributes
    ----------
    training : Training
    unsmoothed : ndarray, shape (n, k)
        Probabilities of all frames.
    embeddings : ndarray, shape (n, d), or None
        Of all frames; None where no frozen backbone makes them.
    network : Lite or Saved
        What is saved, see `screentime.model.classifier.save`; so are view and head.
    view : View
    head : Head or None
    runtime : dict of str to str
        What runs the network, for the card.
    """

    training: Training
    unsmoothed: np.ndarray
    embeddings: np.ndarray | None
    network: Lite | Saved
    view: View
    head: Head | None
    runtime: dict[str, str]


def train(material: Material, talk: Talk) -> Made:
    """Train by the recipe that the options name, and look at all frames.

    Parameters
    ----------
    material : Material
    talk : Talk

    Returns
    -------
    Made

    Raises
    ------
    BackboneError
        If the backbone is no feature vector.
    NotReady
        If a frame's file is missing.
    """
    return _head(material, talk) if material.config.model.recipe == "head" else _finetuned(material, talk)


def _head(material: Material, talk: Talk) -> Made:
    backbone, epochs = material.backbone, material.config.model.epochs
    embeddings = embed_frames(material.frames, material.root, material.root / "embeddings", backbone, talk)
    # Where the embeddings were kept and the converted backbone was not, a few frames judge it now.
    backbone.settle(lambda: next(read_pictures(_files(material, material.frames[:1]), backbone.view.size, 1)))
    with talk.progress("Training") as step:
        training = train_head(
            embeddings, material.labelled, material.targets, material.fold, near_of(material.frames),
            material.schema.mode, judges=material.judges, target=material.target, epochs=epochs, progress=step,
        )
    head = training.network
    return Made(training, head(embeddings), embeddings, backbone.portable, backbone.view, head, backbone.runtime)


def _finetuned(material: Material, talk: Talk) -> Made:
    import numpy as np

    view = View("square", material.backbone.view.side)

    def pictures(frames: Sequence[Frame]) -> Iterator[np.ndarray]:
        # Square, as the original had them; so films of any aspect can be learned from together.
        return read_pictures(_files(material, frames), view.size, BATCH)

    labelled = np.concatenate(list(pictures([material.frames[i] for i in material.labelled])))
    with talk.progress("Fine-tuning") as step:
        training = finetune(
            material.backbone, labelled, material.targets, held_out(material.fold), material.schema.mode,
            target=material.target, epochs=material.config.model.epochs, seed=material.config.model.seed,
            progress=step,
        )
    saved = Saved(body(training.network))
    verdict = judged(saved, labelled[:BATCH])
    if verdict.reason:
        talk.say(f"TensorFlow runs the fine-tuned network, which takes longer: {verdict.reason}.")
    network = verdict.lite or saved
    rows: list[np.ndarray] = []
    done = 0
    with talk.progress("Looking at all frames") as step:
        for batch in pictures(material.frames):
            rows.append(network(view.shown(batch)))
            done += len(batch)
            step(done, len(material.frames))
    return Made(training, np.concatenate(rows), None, network, view, None, runtime(verdict))


def _files(material: Material, frames: Sequence[Frame]) -> list[Path]:
    return [material.root / frame.file for frame in frames]

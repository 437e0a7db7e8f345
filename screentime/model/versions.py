"""Model versions: one folder each, made whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime import __version__
from screentime.config import Config
from screentime.errors import NotReady
from screentime.files import sync_folder, write_atomically
from screentime.model.backbone import Backbone, tensorflow
from screentime.model.classifier import read_card, save
from screentime.model.dataset import read_pictures
from screentime.model.embeddings import embed_frames
from screentime.model.training import Training, finetune, train_head
from screentime.records import Frame, Round
from screentime.report.curves import plot_curves
from screentime.schema import Schema
from screentime.talk import Talk
from screentime.validation import held_out

if TYPE_CHECKING:
    import numpy as np

# Pictures that go through a fine-tuned network at once.
BATCH = 16
PACKAGES = ("tensorflow", "tf_keras", "tensorflow-hub", "numpy", "opencv-python-headless")


@dataclass(frozen=True)
class Material:
    """All that a version is made from.

    Attributes
    ----------
    root : Path
        The workspace.
    frames : sequence of Frame, length n
    schema : Schema
    labelled : ndarray of int, shape (m,)
        Which frames have a label.
    targets : ndarray of float32, shape (m, k)
        Their labels as rows of zeros and ones.
    fold : ndarray of int, shape (m,)
        Which are held out together; -1 for those that only teach.
    split : str
        How the folds were made, in words, for the card.
    config : Config
    backbone : Backbone
    target : float
        Validation accuracy that the callback looks for; above 1 when the validation frames are too
        few for a verdict.
    """

    root: Path
    frames: Sequence[Frame]
    schema: Schema
    labelled: np.ndarray
    targets: np.ndarray
    fold: np.ndarray
    split: str
    config: Config
    backbone: Backbone
    target: float

    @property
    def digest(self) -> str:
        """12 hexadecimal digits over labels and options: what a person can change."""
        uids = [self.frames[i].uid for i in self.labelled]
        values = [
            self.schema.mode, self.schema.characters, uids, self.targets.tolist(),
            self.backbone.digest, self.backbone.view.name, self.config.model.recipe,
            self.config.model.epochs, self.config.model.seed, self.config.loop.target, __version__,
            [frame.uid for frame in self.frames],
        ]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]


def make(material: Material, models: Path, talk: Talk) -> dict[str, Any]:
    """Train a new version, or find the one that was made from just this.

    Parameters
    ----------
    material : Material
    models : Path
        Folder of the versions.
    talk : Talk

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
    started = time.monotonic()
    digest = material.digest
    # Only the latest: when labels were changed and changed back, the older model is a new version.
    latest = max(models.glob("v[0-9][0-9][0-9]-*"), default=None)
    if latest and latest.name.endswith(f"-{digest}"):
        return read_card(latest)
    models.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(folder.name[1:4]) for folder in models.glob("v[0-9][0-9][0-9]-*")), default=0)
    # The digest in the name: a version's name never comes to mean another model, even if old
    # folders are deleted and the count begins anew.
    name = f"v{number:03d}-{digest}"
    training, probabilities = _train(material, talk)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=models) as part:
        folder = Path(part) / name
        folder.mkdir()
        _write_predictions(folder, material, probabilities)
        plot_curves(
            folder / "curves.png", training.history, material.config.loop.target,
            f"{name}: {len(material.labelled)} labels, {material.config.model.recipe}",
        )
        round_ = Round(
            name, len(material.labelled), round(training.validation_accuracy, 6), training.epochs,
            round(time.monotonic() - started, 3), training.target_reached,
        )
        card = _card(material, name, training, round_)
        frozen = None if material.config.model.recipe == "finetune" else material.backbone
        save(folder, training.network, frozen, card)
        sync_folder(folder)
        folder.rename(models / name)
    sync_folder(models)
    return card


def read_predictions(folder: Path, frames: Sequence[Frame], schema: Schema) -> np.ndarray:
    """Probabilities of a workspace's frames by one version.

    Parameters
    ----------
    folder : Path
        The version's folder.
    frames : sequence of Frame
        The frames that are wanted.
    schema : Schema
        The classes that are wanted.

    Returns
    -------
    ndarray of float, shape (len(frames), k)

    Raises
    ------
    NotReady
        If the version does not know all frames or was trained for other classes: a film was added,
        or the characters were changed, since.
    """
    import numpy as np

    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if next(rows, [])[1:] != list(schema.classes):
            raise NotReady(
                f"The model {folder.name} was trained for other characters or another mode.",
                "Run `screentime train`.",
            )
        known = {row[0]: [float(value) for value in row[1:]] for row in rows if row}
    missing = [frame for frame in frames if frame.uid not in known]
    if missing:
        raise NotReady(
            f"The model {folder.name} has not seen {len(missing)} frames, for example of {missing[0].film}.",
            "Run `screentime train`.",
        )
    return np.array([known[frame.uid] for frame in frames])


def _train(material: Material, talk: Talk) -> tuple[Training, np.ndarray]:
    model = material.config.model
    if model.recipe == "head":
        embeddings = embed_frames(
            material.frames, material.root, material.root / "embeddings", material.backbone, talk
        )
        with talk.progress("Training") as step:
            training = train_head(
                embeddings, material.labelled, material.targets, material.fold, material.schema.mode,
                target=material.target, epochs=model.epochs, progress=step,
            )
        return training, training.network.predict(embeddings, verbose=0)
    return _finetune(material, talk)


def _finetune(material: Material, talk: Talk) -> tuple[Training, np.ndarray]:
    import numpy as np

    side = material.backbone.view.side

    def pictures(frames: Sequence[Frame]) -> Iterator[np.ndarray]:
        files = [material.root / frame.file for frame in frames]
        # Square, as the original had them; so films of any aspect can be learned from together.
        return read_pictures(files, lambda width, height: (side, side), BATCH)

    labelled = [material.frames[i] for i in material.labelled]
    with talk.progress("Fine-tuning") as step:
        training = finetune(
            material.backbone, np.concatenate(list(pictures(labelled))), material.targets,
            held_out(material.fold), material.schema.mode, target=material.target,
            epochs=material.config.model.epochs, seed=material.config.model.seed, progress=step,
        )
    rows: list[np.ndarray] = []
    done = 0
    with talk.progress("Looking at all frames") as step:
        for batch in pictures(material.frames):
            rows.append(training.network(tensorflow().constant(batch), training=False).numpy())
            done += len(batch)
            step(done, len(material.frames))
    return training, np.concatenate(rows)


def _write_predictions(folder: Path, material: Material, probabilities: np.ndarray) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["uid", *material.schema.classes])
    for frame, row in zip(material.frames, probabilities):
        writer.writerow([frame.uid, *(f"{value:.6f}" for value in row)])
    write_atomically(folder / "predictions.csv", text.getvalue())


def _card(material: Material, name: str, training: Training, round_: Round) -> dict[str, Any]:
    config, backbone = material.config, material.backbone
    short_side = backbone.view.side if config.model.recipe == "finetune" else backbone.view.short_side
    return {
        "version": name,
        "mode": material.schema.mode,
        "characters": list(material.schema.characters),
        "classes": list(material.schema.classes),
        "recipe": config.model.recipe,
        "backbone": {"name": backbone.name, "digest": backbone.digest, "view": backbone.view.name},
        "short_side": short_side,
        "fps": config.frames.fps,
        "split": material.split,
        "validation_frames": int((material.fold >= 0).sum()),
        "target": config.loop.target,
        "epochs": config.model.epochs,
        "seed": config.model.seed,
        "label_uids": [material.frames[i].uid for i in material.labelled],
        "round": asdict(round_),
        "history": training.history,
        "packages": {"screentime": __version__, **{name: installed(name) for name in PACKAGES}},
    }

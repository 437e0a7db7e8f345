"""A trained model as a folder: saved, loaded, asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import ConfigError, ModelError
from screentime.files import write_atomically
from screentime.model.backbone import Backbone, first_line, tensorflow
from screentime.schema import Schema

if TYPE_CHECKING:
    import numpy as np

CARD = "card.json"
SAVED = "model"
CARD_KEYS = {"version", "mode", "characters", "short_side", "fps", "backbone", "round"}
REMEDY = "Name a folder that `screentime train` wrote, such as DIR/models/v001-…, copied whole."


@dataclass(frozen=True)
class Classifier:
    """A saved model and its card.

    Attributes
    ----------
    folder : Path
    card : dict
        What ``card.json`` says.
    """

    folder: Path
    card: dict[str, Any]
    _module: Any

    @property
    def version(self) -> str:
        """Name of the model version."""
        return self.card["version"]

    @property
    def schema(self) -> Schema:
        """Classes and mode that the model was trained for."""
        return Schema(self.card["mode"], tuple(self.card["characters"]))

    def probabilities(self, pictures: np.ndarray) -> np.ndarray:
        """What the model says of pictures.

        Parameters
        ----------
        pictures : ndarray of float32, shape (n, height, width, 3)
            RGB in [0, 1], their short side as the card says.

        Returns
        -------
        ndarray of float32, shape (n, len(schema.classes))
        """
        return self._module(tensorflow().constant(pictures)).numpy()


def load(folder: Path) -> Classifier:
    """Read a model folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        If it is none, is damaged, or was written by something else.
    """
    card = read_card(folder)
    tf = tensorflow()
    try:
        module = tf.saved_model.load(str(folder / SAVED))
        given = module(tf.zeros((1, card["short_side"], card["short_side"], 3))).shape[1]
    except Exception as error:  # TensorFlow raises whatever its loader and graphs meet
        raise ModelError(f"The model in {folder} cannot be loaded ({first_line(error)}).", REMEDY) from None
    classifier = Classifier(folder, card, module)
    if given != len(classifier.schema.classes):
        raise ModelError(
            f"The model in {folder} gives {given} probabilities and its card names"
            f" {len(classifier.schema.classes)} classes.",
            REMEDY,
        )
    return classifier


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
    try:
        card = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(f"{folder} is no model folder: it has no {CARD}.", REMEDY) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({first_line(error)}).", REMEDY) from None
    missing = CARD_KEYS - set(card) if isinstance(card, dict) else CARD_KEYS
    if missing:
        raise ModelError(f"{path} lacks {', '.join(sorted(missing))}.", REMEDY)
    try:
        Schema(card["mode"], tuple(card["characters"]))
    except (ConfigError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} names no classes that can be used ({first_line(error)}).", REMEDY) from None
    return card


def save(folder: Path, network: Any, backbone: Backbone | None, card: dict[str, Any]) -> None:
    """Write a model folder's model and card.

    The SavedModel stands alone: pictures in, probabilities out, nothing else needed.

    Parameters
    ----------
    folder : Path
        An empty folder; the caller renames it when it is whole.
    network : tf_keras.Model
        Embeddings to probabilities if `backbone` is given, else pictures to probabilities.
    backbone : Backbone or None
        Frozen backbone that makes the embeddings.
    card : dict
        What can be told of the model, see `CARD_KEYS` for what must be.
    """
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.backbone = backbone.network if backbone else None

        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32, name="pictures")])
        def __call__(self, pictures: Any) -> Any:
            if backbone:
                pictures = backbone.view.graph(self.backbone, pictures)
            return self.network(pictures, training=False)

    module = Module()
    tf.saved_model.save(module, str(folder / SAVED), signatures=module.__call__)
    write_atomically(folder / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")

"""A trained model as a folder: saved, loaded, asked."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import ConfigError, ModelError
from screentime.files import write_atomically
from screentime.model.backbone import Backbone, first_line, tensorflow
from screentime.model.shift import Reference
from screentime.schema import Schema

if TYPE_CHECKING:
    import numpy as np

CARD = "card.json"
SAVED = "model"
KNOWN = "known.npz"
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

    def look(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What the model says of pictures and how it sees them, from one pass over them.

        Parameters
        ----------
        pictures : ndarray of float32, shape (n, height, width, 3)
            As for `probabilities`.

        Returns
        -------
        probabilities : ndarray of float32, shape (n, len(schema.classes))
        embeddings : ndarray of float32, shape (n, d), or None
            None where no frozen backbone makes them (the recipe finetune), and from a folder that an
            older screentime wrote.
        """
        if not hasattr(self._module, "look"):
            return self.probabilities(pictures), None
        probabilities, embeddings = self._module.look(tensorflow().constant(pictures))
        return probabilities.numpy(), embeddings.numpy()

    @cached_property
    def reference(self) -> Reference | None:
        """The frames that the model knows, read when first asked for; None where none were saved.

        Raises
        ------
        ModelError
            If the file is damaged.
        """
        return _read_reference(self.folder / KNOWN)


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


def save(
    folder: Path,
    network: Any,
    backbone: Backbone | None,
    card: dict[str, Any],
    reference: Reference | None = None,
) -> None:
    """Write a model folder's model, its card and what it knows.

    The SavedModel stands alone: pictures in, probabilities out, nothing else needed. With a backbone
    its function ``look`` gives the embeddings beside them.

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
    reference : Reference or None
        The frames that the model knows, by the same backbone.
    """
    import numpy as np

    tf = tensorflow()

    pictures_in = [tf.TensorSpec((None, None, None, 3), tf.float32, name="pictures")]

    class Whole(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        @tf.function(input_signature=pictures_in)
        def __call__(self, pictures: Any) -> Any:
            return self.network(pictures, training=False)

    class Headed(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.backbone = backbone.network

        @tf.function(input_signature=pictures_in)
        def look(self, pictures: Any) -> tuple[Any, Any]:
            embeddings = backbone.view.graph(self.backbone, pictures)
            return self.network(embeddings, training=False), embeddings

        @tf.function(input_signature=pictures_in)
        def __call__(self, pictures: Any) -> Any:
            return self.look(pictures)[0]

    module = Headed() if backbone else Whole()
    tf.saved_model.save(module, str(folder / SAVED), signatures=module.__call__)
    if reference is not None:
        file = io.BytesIO()
        np.savez(file, known=reference.known.astype(np.float16), threshold=reference.threshold)
        write_atomically(folder / KNOWN, file.getvalue())
    write_card(folder, card)


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write a model's card.

    Parameters
    ----------
    folder : Path
        The model's folder.
    card : dict
    """
    write_atomically(folder / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def _read_reference(path: Path) -> Reference | None:
    import numpy as np

    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        # NumPy would take anything else for a pickle, and advise to trust it.
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise ValueError("it is no archive")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            known, threshold = file["known"], float(file["threshold"])
        if known.ndim != 2 or not len(known) or known.dtype != np.float16 or not np.isfinite(known).all():
            raise ValueError("it holds no embeddings")
        if not threshold >= 0:
            raise ValueError("it holds no threshold")
    except Exception as error:  # of a damaged file NumPy, zipfile and zlib raise their own
        raise ModelError(f"{path} cannot be read ({first_line(error)}).", REMEDY) from None
    return Reference(known, threshold)

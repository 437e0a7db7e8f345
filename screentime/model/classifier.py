"""A trained model as a folder: saved, loaded, asked."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import ModelError
from screentime.files import write_atomically
from screentime.model.card import REMEDY, read_card, write_card
from screentime.model.conversion import first_line
from screentime.model.dataset import input_size
from screentime.model.head import HEAD, Head, read_head
from screentime.model.intact import digests, read_arrays, require_intact
from screentime.model.networks import FLAT, SAVED, Lite, Saved, load_saved
from screentime.model.runtime import tensorflow
from screentime.model.shift import Reference
from screentime.model.views import View
from screentime.schema import Schema

if TYPE_CHECKING:
    import numpy as np

    Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]

KNOWN = "known.npz"
# What of a folder is the model; beside it stand tables and a picture.
PARTS = (FLAT, SAVED, HEAD, KNOWN)
# How far a probability may be off by rounding.
SLACK = 1e-3


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
    _look: Look
    _features: int | None

    @property
    def version(self) -> str:
        """Name of the model version."""
        return self.card["version"]

    @property
    def schema(self) -> Schema:
        """Classes and mode that the model was trained for."""
        return Schema(self.card["mode"], tuple(self.card["characters"]))

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the picture that is wanted of a frame, whose own are given in pixels."""
        if self.card.get("network", {}).get("view") == "square":
            return self.card["short_side"], self.card["short_side"]
        return input_size(width, height, self.card["short_side"])

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
        return self.look(pictures)[0]

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

        Raises
        ------
        ModelError
            If what it gives are no probabilities.
        """
        import numpy as np

        probabilities, embeddings = self._look(pictures)
        # Also false of what is no number.
        if not ((probabilities > -SLACK) & (probabilities < 1 + SLACK)).all():
            raise ModelError(f"The model in {self.folder} gives what are no probabilities.", REMEDY)
        return np.clip(probabilities, 0, 1), embeddings

    @cached_property
    def reference(self) -> Reference | None:
        """The frames that the model knows, read when first asked for; None where none were saved.

        Raises
        ------
        ModelError
            If the file is damaged.
        """
        return _read_reference(self.folder / KNOWN, self._features)


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
    import numpy as np

    card = read_card(folder)
    try:
        if "files" in card:
            saved = {name: digest for name, digest in card["files"].items() if name.partition("/")[0] in PARTS}
            require_intact(digests(folder, PARTS), saved)
        look = _parts(folder, card) if "network" in card else _from_before(folder)
        given, embeddings = look(np.zeros((1, card["short_side"], card["short_side"], 3), np.float32))
        if card["mode"] == "exclusive" and not abs(given.sum() - 1) < SLACK:
            raise ValueError("its probabilities do not add up to one, as the mode exclusive wants them")
    except Exception as error:  # TensorFlow, LiteRT, NumPy and zipfile raise whatever they meet
        raise ModelError(f"The model in {folder} cannot be loaded ({first_line(error)}).", REMEDY) from None
    classifier = Classifier(folder, card, look, None if embeddings is None else embeddings.shape[1])
    if given.shape != (1, len(classifier.schema.classes)):
        raise ModelError(
            f"The model in {folder} gives {given.shape[-1]} probabilities and its card names"
            f" {len(classifier.schema.classes)} classes.",
            REMEDY,
        )
    return classifier


def save(
    folder: Path,
    network: Lite | Saved,
    view: View,
    head: Head | None,
    card: dict[str, Any],
    reference: Reference | None = None,
) -> dict[str, Any]:
    """Write a model folder: its network, its head, its card and what it knows.

    The folder stands alone: pictures in, probabilities out, nothing else needed. Where LiteRT runs the
    network the folder holds numbers alone, no code: a flatbuffer and arrays.

    Parameters
    ----------
    folder : Path
        A folder with the version's tables, if there are any; the caller renames it when it is whole.
    network : Lite or Saved
        What `view` shows it to feature vectors, or to probabilities where that is squares.
    view : View
    head : Head or None
        Embeddings to probabilities; None where there are none.
    card : dict
        What can be told of the model, see `screentime.model.card.KEYS` for what must be.
    reference : Reference or None
        The frames that the model knows, by the same network.

    Returns
    -------
    dict
        The card, which now names the ``network``: its ``file``, ``view`` and ``side``, and the
        ``sha256`` of a flatbuffer; and the digest of each of the ``files`` in the folder.
    """
    import numpy as np

    known = {"file": network.write(folder), "view": view.name, "side": view.side}
    if isinstance(network, Lite):  # for a screentime that knows nothing of `files`
        known["sha256"] = hashlib.sha256(network.content).hexdigest()
    if head is not None:
        head.write(folder)
    if reference is not None:
        file = io.BytesIO()
        np.savez(file, known=reference.known.astype(np.float16), threshold=reference.threshold)
        write_atomically(folder / KNOWN, file.getvalue())
    card = {**card, "network": known, "files": digests(folder)}
    write_card(folder, card)
    return card


def _parts(folder: Path, card: dict[str, Any]) -> Look:
    """How the network, the view and the head of a folder look at pictures."""
    said = card["network"]
    if said["file"] == FLAT:
        content = (folder / FLAT).read_bytes()
        require_intact({FLAT: hashlib.sha256(content).hexdigest()}, {FLAT: said.get("sha256", "")})
        network = Lite(content)
    else:
        network = load_saved(folder / SAVED)
    view = View(said["view"], said["side"])
    if card["short_side"] != view.short_side:
        raise ValueError(f"short_side is {card['short_side']} and the view wants {view.short_side}")
    if view.name == "square":
        return lambda pictures: (network(view.shown(pictures)), None)
    head = read_head(folder)
    wanted = "softmax" if card["mode"] == "exclusive" else "sigmoid"
    if head.activation != wanted:  # two characters and one beside nobody have as many outputs
        raise ValueError(f"{HEAD} gives {head.activation} and the mode {card['mode']} wants {wanted}")

    def look(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        embeddings = view.embed(network, pictures)
        if embeddings.shape[1] != len(head.mean):
            raise ValueError(
                f"the network's embeddings have {embeddings.shape[1]} numbers and the head wants {len(head.mean)}"
            )
        return head(embeddings), embeddings

    return look


def _from_before(folder: Path) -> Look:
    """How a folder looks at pictures that is a SavedModel as a whole, as folders were before."""
    tf = tensorflow()
    module = tf.saved_model.load(str(folder / SAVED))
    if not hasattr(module, "look"):
        return lambda pictures: (module(tf.constant(pictures)).numpy(), None)
    return lambda pictures: tuple(part.numpy() for part in module.look(tf.constant(pictures)))


def _read_reference(path: Path, features: int | None) -> Reference | None:
    import numpy as np

    if not path.exists():
        return None
    try:
        arrays = read_arrays(path, ["known", "threshold"])
        known, threshold = arrays["known"], float(arrays["threshold"])
        if known.ndim != 2 or not len(known) or known.dtype != np.float16 or not np.isfinite(known).all():
            raise ValueError("it holds no embeddings")
        if features is not None and known.shape[1] != features:
            raise ValueError(f"its embeddings have {known.shape[1]} numbers and the network's {features}")
        if not threshold >= 0:
            raise ValueError("it holds no threshold")
    except Exception as error:  # of a damaged file NumPy, zipfile and zlib raise their own
        raise ModelError(f"{path} cannot be read ({first_line(error)}).", REMEDY) from None
    return Reference(known, threshold)

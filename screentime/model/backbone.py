"""The backbone: a TF-Hub handle, a SavedModel folder or `builtin`, and its embeddings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import BackboneError
from screentime.model.conversion import Verdict, converted, first_line, runtime
from screentime.model.hub import REMEDY, fetch
from screentime.model.networks import BATCH, GPU_BATCH, Lite, Saved
from screentime.model.runtime import has_gpu, tensorflow
from screentime.model.views import View
from screentime.talk import Talk

if TYPE_CHECKING:
    import numpy as np

BUILTIN = "builtin"
BUILTIN_FOLDER = Path(__file__).parent / "builtin"
# Short side in pixels at which TF-Hub's MobileNetV2 1.0/224, and the builtin network, were trained.
SIDE, BUILTIN_SIDE = 224, 96
# How far probabilities may be from adding up to one.
SUM = 1e-3


class Backbone:
    """A frozen network that turns pictures into embeddings.

    LiteRT runs it, which takes a fraction of TensorFlow's time and needs no TensorFlow; or TensorFlow, on
    a GPU where it sees one and where LiteRT gives other features.

    Parameters
    ----------
    name : str
        What the person asked for: handle, folder or ``builtin``.
    folder : Path
        SavedModel folder on this machine.
    view : {"tiles", "whole"}
        See `screentime.model.views`.
    talk : Talk, optional
        Told why TensorFlow runs it, if it does.

    Attributes
    ----------
    view : View
    """

    def __init__(self, name: str, folder: Path, view: str, talk: Talk | None = None) -> None:
        self.name = name
        self.folder = folder
        self.view = View(view, BUILTIN_SIDE if name == BUILTIN else SIDE)
        self._talk = talk or Talk()
        self._verdict: Verdict | None = None

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change when any file of the SavedModel does.

        Raises
        ------
        BackboneError
            If a file cannot be read.
        """
        total = hashlib.sha256()
        try:
            for path in [self.folder / "saved_model.pb", *sorted((self.folder / "variables").glob("*"))]:
                total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise BackboneError(f"The backbone {self.name} cannot be read: {error}.", REMEDY) from None
        return total.hexdigest()[:16]

    @cached_property
    def network(self) -> Any:
        """The SavedModel as TensorFlow loads it: pictures to feature vectors.

        Raises
        ------
        BackboneError
            If the SavedModel cannot be loaded or is no feature vector.
        """
        tf = tensorflow()
        try:
            loaded = tf.saved_model.load(str(self.folder))
        except Exception as error:  # TensorFlow raises whatever its loaders raise
            raise self._unfit(first_line(error)) from None
        if not callable(loaded):
            raise self._unfit("it has nothing to call, only signatures")
        # Two pictures that are no squares: frames are shown with their aspect kept.
        pictures = tf.random.stateless_uniform((2, self.view.side, self.view.side * 4 // 3, 3), (0, 0))
        try:
            rows = loaded(pictures)
        except Exception as error:  # and whatever its graphs raise
            raise self._unfit(first_line(error)) from None
        if not hasattr(rows, "shape") or len(rows.shape) != 2 or rows.shape[0] != 2 or not rows.shape[1]:
            raise BackboneError(
                f"The backbone {self.name} gives no feature vector: one row a picture is wanted.", REMEDY
            )
        if not rows.dtype.is_floating or not tf.reduce_all(tf.math.is_finite(rows)):
            raise self._unfit("what it gives are no numbers with a fraction")
        if tf.reduce_all(rows >= 0) and tf.reduce_all(tf.abs(tf.reduce_sum(rows, axis=1) - 1) < SUM):
            raise self._unfit("it is a classifier: its numbers are probabilities, which add up to one")
        return loaded

    def _unfit(self, reason: str) -> BackboneError:
        return BackboneError(
            f"The backbone {self.name} is no feature vector that takes pictures ({reason}).", REMEDY
        )

    def settle(self, pictures: Callable[[], np.ndarray]) -> None:
        """Decide what runs the network, by what it makes of real pictures where that was not judged before.

        Parameters
        ----------
        pictures : callable
            Gives pictures as `embed` takes them; called where they are needed.

        Raises
        ------
        BackboneError
            If the SavedModel is no feature vector.
        """
        if self._verdict:
            return
        self._verdict = converted(self.digest, lambda: self._saved, lambda: self.view.shown(pictures()))
        if self._verdict.note:
            self._talk.say(self._verdict.note)
        if self._verdict.reason:
            self._talk.say(
                f"TensorFlow runs the backbone {self.name}, which takes longer: {self._verdict.reason}."
                + (f" Delete {self._verdict.file} to have LiteRT tried again." if self._verdict.file else "")
            )

    @property
    def portable(self) -> Lite | Saved:
        """The network as a model's folder keeps it, once it is settled."""
        return self._verdict.lite or self._saved

    @property
    def runtime(self) -> dict[str, str]:
        """What makes the embeddings, for the card, once it is settled."""
        if self._on_gpu:
            return {"runtime": f"TensorFlow {version('tensorflow')}, GPU, TF32, {GPU_BATCH} pictures at once"}
        return runtime(self._verdict)

    def embed(self, pictures: np.ndarray) -> np.ndarray:
        """Embeddings of pictures.

        Parameters
        ----------
        pictures : ndarray of float32, shape (n, height, width, 3)
            RGB in [0, 1], their short side ``view.short_side``.

        Returns
        -------
        ndarray of float32, shape (n, d)

        Raises
        ------
        BackboneError
            If the SavedModel is no feature vector.
        """
        import numpy as np

        self.settle(lambda: pictures)
        embeddings = self.view.embed(self._saved if self._on_gpu else self.portable, pictures)
        if not np.isfinite(embeddings).all():
            raise BackboneError(f"The backbone {self.name} gives of some pictures what are no numbers.", REMEDY)
        return embeddings

    @cached_property
    def _on_gpu(self) -> bool:
        return has_gpu()

    @cached_property
    def _saved(self) -> Saved:
        return Saved(self.network, self.folder, GPU_BATCH if self._on_gpu else BATCH)


def open_backbone(name: str, view: str, talk: Talk | None = None) -> Backbone:
    """Find a backbone on this machine, fetching a TF-Hub handle if need be.

    Parameters
    ----------
    name : str
        ``builtin``, a SavedModel folder, or a TF-Hub handle (an address).
    view : {"tiles", "whole"}
        See `screentime.model.views`.
    talk : Talk, optional
        Told why TensorFlow runs the backbone, if it does.

    Returns
    -------
    Backbone

    Raises
    ------
    BackboneError
        If there is no such folder, or the handle is a classifier's or cannot be fetched; within 10
        seconds when there is no network.
    """
    if name == BUILTIN:
        return Backbone(name, BUILTIN_FOLDER, view, talk)
    if "://" in name:
        # As TF-Hub names them; a classifier's own folder tells it only once it is loaded.
        if "/classification" in name:
            raise BackboneError(
                f"The backbone {name} is no feature vector: it is a classifier's address.",
                "Put feature_vector in the place of classification.",
            )
        return Backbone(name, fetch(name), view, talk)
    folder = Path(name).expanduser()
    try:
        there = (folder / "saved_model.pb").is_file()
    except OSError:  # no right to look into it, or a name that no file can have
        there = False
    if not there:
        raise BackboneError(f"The backbone {name} is no SavedModel folder: it has no saved_model.pb.", REMEDY)
    return Backbone(name, folder.resolve(), view, talk)

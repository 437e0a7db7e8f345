"""The backbone: a TF-Hub handle, a SavedModel folder or `builtin`, and its embeddings."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import threading
import urllib.error
import urllib.request
import warnings
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import BackboneError
from screentime.model.views import View

if TYPE_CHECKING:
    import numpy as np

BUILTIN = "builtin"
BUILTIN_FOLDER = Path(__file__).parent / "builtin"
# Short side in pixels at which TF-Hub's MobileNetV2 1.0/224, and the builtin network, were trained.
SIDE, BUILTIN_SIDE = 224, 96
# Seconds until a silent network counts as none; TensorFlow's own import comes on top of it.
PATIENCE = 4.0
REMEDY = (
    "Name a SavedModel folder with --backbone FOLDER, or use the small one that comes with screentime:"
    " --backbone builtin."
)


class Backbone:
    """A frozen network that turns pictures into embeddings.

    Parameters
    ----------
    name : str
        What the person asked for: handle, folder or ``builtin``.
    folder : Path
        SavedModel folder on this machine.
    view : {"tiles", "whole"}
        See `screentime.model.views`.

    Attributes
    ----------
    view : View
    """

    def __init__(self, name: str, folder: Path, view: str) -> None:
        self.name = name
        self.folder = folder
        self.view = View(view, BUILTIN_SIDE if name == BUILTIN else SIDE)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change when any file of the SavedModel does."""
        total = hashlib.sha256()
        for path in [self.folder / "saved_model.pb", *sorted((self.folder / "variables").glob("*"))]:
            total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()[:16]

    @cached_property
    def network(self) -> Any:
        """The loaded SavedModel: pictures to feature vectors.

        Raises
        ------
        BackboneError
            If the SavedModel cannot be loaded or is no feature vector.
        """
        tf = tensorflow()
        try:
            loaded = tf.saved_model.load(str(self.folder))
            probe = loaded(tf.zeros((1, self.view.side, self.view.side, 3)))
        except Exception as error:  # TensorFlow raises whatever its loaders and graphs raise
            raise BackboneError(
                f"The backbone {self.name} is no feature vector that takes pictures"
                f" ({first_line(error)}).",
                REMEDY,
            ) from None
        if not hasattr(probe, "shape") or len(probe.shape) != 2:
            raise BackboneError(
                f"The backbone {self.name} gives no feature vector: one row a picture is wanted.", REMEDY
            )
        return loaded

    @cached_property
    def _compiled(self) -> Any:
        tf = tensorflow()
        network = self.network
        return tf.function(
            lambda pictures: self.view.graph(network, pictures),
            input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)],
        )

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
        return self._compiled(tensorflow().constant(pictures)).numpy()


def open_backbone(name: str, view: str) -> Backbone:
    """Find a backbone on this machine, fetching a TF-Hub handle if need be.

    Parameters
    ----------
    name : str
        ``builtin``, a SavedModel folder, or a TF-Hub handle (an address).
    view : {"tiles", "whole"}
        See `screentime.model.views`.

    Returns
    -------
    Backbone

    Raises
    ------
    BackboneError
        If there is no such folder, or the handle cannot be fetched; within 10 seconds when there
        is no network.
    """
    if name == BUILTIN:
        return Backbone(name, BUILTIN_FOLDER, view)
    if "://" in name:
        return Backbone(name, _fetch(name), view)
    folder = Path(name).expanduser()
    if not (folder / "saved_model.pb").is_file():
        raise BackboneError(f"The backbone {name} is no SavedModel folder: it has no saved_model.pb.", REMEDY)
    return Backbone(name, folder.resolve(), view)


@cache
def tensorflow() -> Any:
    """TensorFlow, imported when first needed and without its start-up talk."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Its C++ side writes notes for developers to stderr before any of its own settings count.
    kept, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        import tensorflow as tf
        import tf_keras  # noqa: F401

        tf.get_logger().setLevel("ERROR")
        tf.zeros(())
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silence)
    return tf


def tensorflow_hub() -> Any:
    """TF-Hub, imported without its warnings, which are about its own code."""
    tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_hub as hub
    return hub


def _fetch(handle: str) -> Path:
    cache = Path(os.environ.get("TFHUB_CACHE_DIR") or _cache_folder())
    cached = cache / hashlib.sha1(handle.encode()).hexdigest()
    if (cached / "saved_model.pb").is_file():
        return cached
    # Asked before TensorFlow is imported: without a network that import would be waited for in vain.
    reason = _unreachable(handle)
    if reason:
        raise BackboneError(f"The backbone {handle} cannot be fetched ({reason}).", REMEDY)
    from filelock import FileLock

    hub = tensorflow_hub()
    os.environ["TFHUB_CACHE_DIR"] = str(cache)
    before = socket.getdefaulttimeout()
    # TF-Hub sets no time limit of its own: a peer that never answers would hang it for ever.
    socket.setdefaulttimeout(PATIENCE)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # TF-Hub's own lock outlives a killed download and would be waited for ten minutes; this one does not.
        with FileLock(f"{cached}.fetching"):
            Path(f"{cached}.lock").unlink(missing_ok=True)
            return Path(hub.resolve(handle))
    except Exception as error:  # urllib, tar and TensorFlow errors alike
        raise BackboneError(
            f"The backbone {handle} cannot be fetched ({first_line(error)}).", REMEDY
        ) from None
    finally:
        socket.setdefaulttimeout(before)


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    # TF-Hub's own default is the system's temporary folder, which loses the download.
    return user_cache_path("screentime") / "tfhub"


def _unreachable(address: str) -> str:
    """Why an address does not answer within `PATIENCE` seconds; empty when it does."""
    answer = [f"no answer within {PATIENCE:.0f} seconds"]

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=PATIENCE):
                answer[0] = ""
        except urllib.error.HTTPError:
            answer[0] = ""  # it answers; what it answers is for TF-Hub to judge
        except (OSError, ValueError, http.client.HTTPException) as error:
            answer[0] = first_line(getattr(error, "reason", error))

    # A thread, because looking up a name cannot be given a time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE + 1)
    return answer[0]


def first_line(error: object) -> str:
    """First line of what an error says, shortened."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]

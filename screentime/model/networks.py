"""What runs a network: LiteRT a flatbuffer, TensorFlow a SavedModel. Pictures in, rows of numbers out."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.errors import ScreentimeError
from screentime.files import write_atomically
from screentime.machine import cores
from screentime.model.runtime import silenced, tensorflow

if TYPE_CHECKING:
    import numpy as np

# What a network is called in the folder of a model.
FLAT, SAVED = "network.tflite", "model"
# Interpreters side by side at most: each keeps some 20 MB a size of picture.
MOST_WORKERS = 8
# Sizes of pictures that an interpreter is kept for: a view has two.
MOST_SIZES = 2
# Pictures that go through TensorFlow's graph at once.
BATCH, GPU_BATCH = 8, 64


def litert() -> str:
    """The runtime of flatbuffers and its version."""
    return f"LiteRT {version('ai-edge-litert')}"


class Lite:
    """A flatbuffer, run by LiteRT: as many pictures at once as there are cores, each on one of them.

    Several threads on one picture would wait for one another after each of its layers.

    Parameters
    ----------
    content : bytes
        The flatbuffer, which takes one picture of any size.
    path : Path, optional
        A file that holds it and that is replaced, never changed.
    """

    def __init__(self, content: bytes, path: Path | None = None) -> None:
        self.content = content
        self.path = path
        self._workers: list[dict[tuple[int, ...], _Fixed]] = [{} for _ in range(min(cores(), MOST_WORKERS))]
        self._threads = max(cores() // len(self._workers), 1)
        self._pool = ThreadPoolExecutor(len(self._workers))
        self._one_call = threading.Lock()

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Rows of pictures.

        Parameters
        ----------
        pictures : sequence of ndarray of float32, each of shape (height, width, 3)
            RGB in [0, 1], of any sizes.

        Returns
        -------
        ndarray of float32, shape (pictures, d)

        Raises
        ------
        RuntimeError, ValueError
            If LiteRT cannot run it.
        """
        import numpy as np

        rows: list[Any] = [None] * len(pictures)
        left = enumerate(pictures)  # shared: whoever is free takes the next

        def work(worker: dict[tuple[int, ...], _Fixed]) -> None:
            for place, picture in left:
                rows[place] = self._fixed(worker, picture.shape).run(picture)

        with self._one_call:
            working = [self._pool.submit(work, worker) for worker in self._workers[: len(pictures)]]
            wait(working)
            for one in working:
                one.result()
        return np.stack(rows)

    def write(self, folder: Path) -> str:
        """Put the flatbuffer into a model's folder; gives its name there."""
        try:
            if self.path is None or self.path.read_bytes() != self.content:
                raise FileNotFoundError  # it was made anew meanwhile
            os.link(self.path, folder / FLAT)
        except OSError:  # another file system, or one without links, or no such file
            write_atomically(folder / FLAT, self.content)
        return FLAT

    def _fixed(self, worker: dict[tuple[int, ...], _Fixed], shape: tuple[int, ...]) -> _Fixed:
        if shape not in worker:
            if len(worker) == MOST_SIZES:
                del worker[next(iter(worker))]
            worker[shape] = _Fixed(self.content, shape, self._threads)
        return worker[shape]


class _Fixed:
    """An interpreter for pictures of one size."""

    _creating = threading.Lock()

    def __init__(self, content: bytes, shape: tuple[int, ...], threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with self._creating, silenced():
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
            place = self._interpreter.get_input_details()[0]["index"]
            self._interpreter.resize_tensor_input(place, (1, *shape))
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.tensor(place)
        self._output = self._interpreter.get_output_details()[0]["index"]

    def run(self, picture: np.ndarray) -> np.ndarray:
        # Straight into the interpreter's memory: a tile or a mirror image is copied once, here.
        self._input()[0] = picture
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0]


@dataclass(frozen=True)
class Saved:
    """A network that TensorFlow runs.

    Attributes
    ----------
    network : callable
        A tensor of pictures, (n, height, width, 3), to one of rows.
    folder : Path or None
        The SavedModel that it was loaded from.
    batch : int
        Pictures that go through it at once.
    """

    network: Callable[[Any], Any]
    folder: Path | None = None
    batch: int = field(default=BATCH)

    @cached_property
    def _graph(self) -> Any:
        tf = tensorflow()
        pictures_in = [tf.TensorSpec((None, None, None, 3), tf.float32, name="pictures")]
        return tf.function(lambda pictures: self.network(pictures), input_signature=pictures_in)

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Rows of pictures, as `Lite` gives them."""
        import numpy as np

        tf = tensorflow()
        rows: list[Any] = [None] * len(pictures)
        places: dict[tuple[int, ...], list[int]] = {}
        for place, picture in enumerate(pictures):
            places.setdefault(picture.shape, []).append(place)
        for same in places.values():
            for start in range(0, len(same), self.batch):
                some = same[start : start + self.batch]
                given = self._graph(tf.constant(np.stack([pictures[place] for place in some]))).numpy()
                for place, row in zip(some, given):
                    rows[place] = row
        return np.stack(rows)

    def write(self, folder: Path) -> str:
        """Put the SavedModel into a model's folder; gives its name there."""
        if self.folder is not None:
            shutil.copytree(self.folder, folder / SAVED)
            return SAVED
        tf = tensorflow()
        module = tf.Module()
        module.network = self.network
        module.__call__ = self._graph
        try:
            tf.saved_model.save(module, str(folder / SAVED))
        except tf.errors.OpError as error:
            # Its message begins with the operation and the file, and may end with the operation once more.
            reason = error.message.rsplit("; ", 1)[-1].split(" [")[0]
            raise ScreentimeError(
                f"The model cannot be written to {folder / SAVED}: {reason}.", "See that space is left there."
            ) from None
        return SAVED


def load_saved(folder: Path) -> Saved:
    """A SavedModel from disk; raises whatever TensorFlow raises."""
    return Saved(tensorflow().saved_model.load(str(folder)), folder)

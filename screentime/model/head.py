"""The head: embeddings to probabilities, as plain arrays."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.files import write_atomically
from screentime.model.intact import read_arrays

if TYPE_CHECKING:
    import numpy as np

HEAD = "head.npz"
ARRAYS = {"mean": 1, "scale": 0, "kernel": 2, "bias": 1}


@dataclass(frozen=True)
class Head:
    """One dense layer on standardised embeddings.

    Attributes
    ----------
    mean : ndarray of float32, shape (d,)
    scale : float
        Embeddings are centred by the mean and divided by the scale.
    kernel : ndarray of float32, shape (d, k)
    bias : ndarray of float32, shape (k,)
    activation : {"softmax", "sigmoid"}
    """

    mean: np.ndarray
    scale: float
    kernel: np.ndarray
    bias: np.ndarray
    activation: str

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """Probabilities of embeddings.

        Parameters
        ----------
        embeddings : ndarray of float32, shape (n, d)

        Returns
        -------
        ndarray of float32, shape (n, k)
        """
        import numpy as np

        # The same as standardising first, without a copy of what may be thousands of embeddings.
        kernel = self.kernel / np.float32(self.scale)
        bias = self.bias - self.mean.astype(np.float64) @ kernel
        return activate(embeddings @ kernel + bias, self.activation).astype(np.float32)

    def write(self, folder: Path) -> None:
        """Put the head into a model's folder."""
        import numpy as np

        file = io.BytesIO()
        np.savez(
            file, mean=self.mean, scale=np.float64(self.scale), kernel=self.kernel, bias=self.bias,
            activation=np.array(self.activation),
        )
        write_atomically(folder / HEAD, file.getvalue())


def read_head(folder: Path) -> Head:
    """The head of a model's folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Head

    Raises
    ------
    OSError, ValueError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error
        If it is missing, damaged or something else.
    """
    import numpy as np

    arrays = read_arrays(folder / HEAD, [*ARRAYS, "activation"])
    activation = str(arrays.pop("activation"))
    for name, array in arrays.items():
        if array.ndim != ARRAYS[name] or array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ValueError(f"{HEAD} holds no {name}")
    if activation not in ("softmax", "sigmoid"):
        raise ValueError(f"{HEAD} holds no activation")
    mean, scale, kernel, bias = arrays["mean"], float(arrays["scale"]), arrays["kernel"], arrays["bias"]
    if kernel.shape != (len(mean), len(bias)) or scale <= 0:
        raise ValueError(f"the arrays in {HEAD} do not fit one another")
    return Head(mean, scale, kernel, bias, activation)


def activate(logits: np.ndarray, activation: str) -> np.ndarray:
    """Probabilities of logits.

    Parameters
    ----------
    logits : ndarray, shape (..., k)
    activation : {"softmax", "sigmoid"}

    Returns
    -------
    ndarray, shape (..., k)
    """
    import numpy as np

    if activation == "sigmoid":
        # Of large numbers exp would overflow; this is the same function.
        return 0.5 + 0.5 * np.tanh(0.5 * logits)
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)

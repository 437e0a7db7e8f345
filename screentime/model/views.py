"""What the backbone looks at in a frame: the whole of it, its mirror image, and overlapping tiles of it.

A character is the same whichever way it walks, so the feature vectors of a frame and of its mirror
image are averaged. Small characters fill a few pixels of a whole frame; in a tile they fill more. The
embedding is that average beside the mean of the tiles' feature vectors, each of length one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Tiles are cut from a picture so many times larger than the one that is looked at as a whole.
ENLARGED = 1.5
# Goes up when a view comes to mean other numbers.
REVISION = {"tiles": 2, "whole": 1}


@dataclass(frozen=True, slots=True)
class View:
    """How frames are shown to a backbone.

    Attributes
    ----------
    name : {"tiles", "whole"}
    side : int
        Pixels of the short side at which the backbone was trained.
    """

    name: str
    side: int

    @property
    def key(self) -> str:
        """Name of the view as it is computed now, for what is kept on disk."""
        return f"{self.name}{REVISION[self.name]}"

    @property
    def short_side(self) -> int:
        """Short side in pixels of the pictures that `graph` takes."""
        return round(self.side * ENLARGED) if self.name == "tiles" else self.side

    def graph(self, backbone: Callable[[Any], Any], pictures: Any) -> Any:
        """Embeddings as TensorFlow operations.

        Parameters
        ----------
        backbone : callable
            Pictures to feature vectors.
        pictures : tensor of float32, shape (n, height, width, 3)
            RGB in [0, 1], their short side `short_side`.

        Returns
        -------
        tensor of float32, shape (n, d) or (n, 2 d)
        """
        import tensorflow as tf

        if self.name == "whole":
            return tf.math.l2_normalize(backbone(pictures), axis=1)
        size = tf.shape(pictures)
        reduced = tf.cast(tf.round(tf.cast(size[1:3], tf.float32) / ENLARGED), tf.int32)
        small = tf.image.resize(pictures, reduced, "area")
        both = sum(tf.math.l2_normalize(backbone(side), axis=1) for side in (small, small[:, :, ::-1]))
        whole = tf.math.l2_normalize(both, axis=1)
        tiles = tf.map_fn(
            lambda corner: backbone(pictures[:, corner[0] : corner[0] + self.side, corner[1] : corner[1] + self.side]),
            self._corners(size[1], size[2]), fn_output_signature=tf.float32, parallel_iterations=1,
        )
        mean = tf.math.l2_normalize(tf.reduce_mean(tiles, axis=0), axis=1)
        return tf.concat([whole, mean], axis=1) / math.sqrt(2)

    def _corners(self, height: Any, width: Any) -> Any:
        """Upper left corners of tiles that cover the picture evenly, shape (tiles, 2)."""
        import tensorflow as tf

        def starts(length: Any) -> Any:
            tiles = (length + self.side - 1) // self.side
            return tf.cast(tf.linspace(0.0, tf.cast(length - self.side, tf.float32), tiles), tf.int32)

        rows, columns = tf.meshgrid(starts(height), starts(width), indexing="ij")
        return tf.stack([tf.reshape(rows, [-1]), tf.reshape(columns, [-1])], axis=1)

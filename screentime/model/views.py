"""What the backbone looks at in a frame: the whole of it, its mirror image, and overlapping tiles of it.

A character is the same whichever way it walks, so the feature vectors of a frame and of its mirror
image are averaged. Small characters fill a few pixels of a whole frame; in a tile they fill more. The
embedding is that average beside the mean of the tiles' feature vectors, each of length one.

A network that was fine-tuned as a whole is shown squares, as the original recipe had them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screentime.model.dataset import input_size
from screentime.selection import unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    # Pictures of any sizes, (height, width, 3), to feature vectors, (n, d), in the same order.
    Network = Callable[[Sequence[np.ndarray]], np.ndarray]

# Tiles are cut from a picture so many times larger than the one that is looked at as a whole.
ENLARGED = 1.5
# Goes up when a view comes to mean other numbers.
REVISION = {"tiles": 2, "whole": 1}


@dataclass(frozen=True, slots=True)
class View:
    """How frames are shown to a backbone.

    Attributes
    ----------
    name : {"tiles", "whole", "square"}
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
        """Short side in pixels of the pictures that `embed` takes."""
        return round(self.side * ENLARGED) if self.name == "tiles" else self.side

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the picture that is wanted of a frame, whose own are given in pixels."""
        if self.name == "square":
            return self.side, self.side
        return input_size(width, height, self.short_side)

    def embed(self, network: Network, pictures: np.ndarray) -> np.ndarray:
        """Embeddings of pictures: by what `shown` shows of them, if that is no square.

        Parameters
        ----------
        network : callable
            A sequence of pictures, each of shape (height, width, 3) and of any size, to their feature
            vectors, shape (pictures, d).
        pictures : ndarray of float32, shape (n, height, width, 3)
            RGB in [0, 1], their short side `short_side`.

        Returns
        -------
        ndarray of float32, shape (n, d) or (n, 2 d)
        """
        import numpy as np

        shown = self.shown(pictures)
        if self.name == "whole":
            return unit(network(shown))
        features = network(shown).reshape(len(pictures), len(shown) // len(pictures), -1)
        whole = unit(unit(features[:, 0]) + unit(features[:, 1]))
        tiles = unit(features[:, 2:].mean(axis=1))
        return np.concatenate([whole, tiles], axis=1) / np.float32(math.sqrt(2))

    def shown(self, pictures: np.ndarray) -> list[np.ndarray]:
        """What a backbone is shown of pictures, one after the other.

        Parameters
        ----------
        pictures : ndarray
            As for `embed`.

        Returns
        -------
        list of ndarray, each of shape (height, width, 3)
            As many of each picture.
        """
        import cv2

        if self.name == "square":
            size = (self.side, self.side)
            return [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
        if self.name == "whole":
            return list(pictures)
        return [part for picture in pictures for part in self._parts(picture)]

    def _parts(self, picture: np.ndarray) -> list[np.ndarray]:
        """The picture made smaller, its mirror image, and the tiles; no pixel of the latter is copied."""
        import cv2

        height, width = picture.shape[:2]
        size = round(width / ENLARGED), round(height / ENLARGED)
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        tiles = [
            picture[top : top + self.side, left : left + self.side]
            for top in starts(height, self.side) for left in starts(width, self.side)
        ]
        return [small, small[:, ::-1], *tiles]


def starts(length: int, side: int) -> list[int]:
    """Where tiles begin that cover a length evenly.

    Parameters
    ----------
    length, side : int
        Pixels of the picture and of a tile; ``side <= length``.

    Returns
    -------
    list of int
        As few as leave no pixel out.
    """
    tiles = -(-length // side)
    return [place * (length - side) // max(tiles - 1, 1) for place in range(tiles)]

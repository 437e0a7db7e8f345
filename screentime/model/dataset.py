"""Pictures as the network wants them: OpenCV, RGB, [0, 1], aspect kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.errors import NotReady
from screentime.machine import cores
from screentime.video.store import BEGIN, END

if TYPE_CHECKING:
    import numpy as np

# Films wider or higher than this are squeezed: beyond it the short side would carry too little.
WIDEST = 2.4


def input_size(width: int, height: int, short_side: int) -> tuple[int, int]:
    """Size at which the network sees a picture: its aspect kept, its short side given.

    Parameters
    ----------
    width, height : int
        The picture's size in pixels.
    short_side : int
        Wanted length of the shorter side in pixels.

    Returns
    -------
    tuple of int
        Width and height.
    """
    ratio = min(max(width / height, 1 / WIDEST), WIDEST)
    if ratio >= 1:
        return round(short_side * ratio), short_side
    return short_side, round(short_side / ratio)


def to_input(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """One picture for the network.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
        BGR, as OpenCV gives it.
    size : tuple of int
        Width and height, see `input_size`.

    Returns
    -------
    ndarray of float32, shape (size[1], size[0], 3)
        RGB in [0, 1].
    """
    import cv2
    import numpy as np

    shrinking = picture.shape[1] > size[0]
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    return np.multiply(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), np.float32(1 / 255), dtype=np.float32)


def read_pictures(
    files: Sequence[Path], size: Callable[[int, int], tuple[int, int]], batch: int
) -> Iterator[np.ndarray]:
    """Batches of pictures.

    Parameters
    ----------
    files : sequence of Path
        JPEG files, which `size` brings to one size.
    size : callable
        A file's width and height to those wanted, such as `input_size` with its short side.
    batch : int
        Pictures a batch.

    Yields
    ------
    ndarray of float32, shape (<= batch, height, width, 3)
        RGB in [0, 1].

    Raises
    ------
    NotReady
        If a file is missing, cut off or no picture.
    """
    import cv2
    import numpy as np

    def read(file: Path) -> np.ndarray:
        try:
            content = file.read_bytes()
        except OSError:
            content = b""
        whole = content and (content.endswith(END) or not content.startswith(BEGIN))
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if whole else None
        if picture is None:
            raise NotReady(f"The frame {file} is missing or damaged.", "Run `screentime extract`.")
        return to_input(picture, size(picture.shape[1], picture.shape[0]))

    with ThreadPoolExecutor(cores()) as pool:
        reading = pool.map(read, files[:batch])
        for start in range(0, len(files), batch):
            rows = list(reading)
            # The next ones are read while these are looked at.
            reading = pool.map(read, files[start + batch : start + 2 * batch])
            yield np.stack(rows)

"""Small pictures of frames that a page carries inside itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from screentime.talk import Step

# JPEG quality: at this size the eye finds little more in better ones.
QUALITY = 72


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Pictures for a page.

    Attributes
    ----------
    pictures : dict of str to str
        Frame uid to ``data:image/jpeg`` address.
    missing : int
        Frames whose file is not there or is no picture.
    left_out : int
        Frames for which there was no more room.
    """

    pictures: dict[str, str]
    missing: int
    left_out: int


def thumbnails(root: Path, files: Mapping[str, str], height: int, room: int, step: Step) -> Thumbnails:
    """Scale frames down and encode them for a page.

    Parameters
    ----------
    root : Path
        Folder to which the files are relative.
    files : mapping of str to str
        Frame uid to file; those wanted most first.
    height : int
        Largest height in pixels; a smaller frame stays as it is.
    room : int
        Characters that all pictures together may take up.
    step : callable
        Told how many of how many are done.

    Returns
    -------
    Thumbnails
    """
    import cv2
    import numpy as np

    pictures: dict[str, str] = {}
    missing = left_out = used = 0
    for done, (uid, file) in enumerate(files.items(), 1):
        step(done, len(files))
        if used >= room:
            left_out += 1
            continue
        try:
            content = np.frombuffer((root / file).read_bytes(), dtype=np.uint8)
            image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
        except OSError:
            image = None
        if image is None:
            missing += 1
            continue
        tall, wide = image.shape[:2]
        if tall > height:
            image = cv2.resize(image, (max(round(wide * height / tall), 1), height), interpolation=cv2.INTER_AREA)
        address = _address(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
        if used + len(address) > room:
            used = room
            left_out += 1
            continue
        used += len(address)
        pictures[uid] = address
    return Thumbnails(pictures, missing, left_out)


def _address(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"

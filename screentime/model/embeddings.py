"""Embeddings of frames: computed once per frame and backbone, then kept on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.files import write_atomically
from screentime.model.backbone import Backbone
from screentime.model.dataset import input_size, read_pictures
from screentime.records import Frame
from screentime.talk import Talk

if TYPE_CHECKING:
    import numpy as np

BATCH = 4


def embed_frames(
    frames: Sequence[Frame], root: Path, kept: Path, backbone: Backbone, talk: Talk
) -> np.ndarray:
    """Feature vectors of frames, from disk where they are kept already.

    Parameters
    ----------
    frames : sequence of Frame
        Film after film.
    root : Path
        Folder that the frames' files are relative to.
    kept : Path
        Folder of the kept embeddings: one file a film, backbone and sampling.
    backbone : Backbone
    talk : Talk

    Returns
    -------
    ndarray of float32, shape (len(frames), d)

    Raises
    ------
    BackboneError
        If the backbone is no feature vector.
    NotReady
        If a frame's file is missing.
    """
    import numpy as np

    parts = []
    for digest, group in groupby(frames, key=lambda frame: frame.digest):
        mine = list(group)
        # The name holds all that the numbers depend on, so that no stale file can be taken for fresh.
        sampling = hashlib.sha256("\n".join(frame.uid for frame in mine).encode()).hexdigest()[:12]
        path = kept / f"{digest}-{sampling}-{backbone.digest}-{backbone.view.key}.npy"
        part = _load(path, len(mine))
        if part is None:
            part = _compute(mine, root, backbone, talk)
            file = io.BytesIO()
            np.save(file, part)
            kept.mkdir(parents=True, exist_ok=True)
            write_atomically(path, file.getvalue())
        parts.append(part)
    return np.concatenate(parts)


def _load(path: Path, rows: int) -> np.ndarray | None:
    import numpy as np

    try:
        kept = np.load(path, allow_pickle=False)
        return kept if kept.ndim == 2 and len(kept) == rows else None
    except Exception:  # missing or damaged; of a damaged head NumPy, zipfile and tokenize raise their own
        return None


def _compute(frames: Sequence[Frame], root: Path, backbone: Backbone, talk: Talk) -> np.ndarray:
    import numpy as np

    rows: list[np.ndarray] = []
    done = 0
    files = [root / frame.file for frame in frames]

    def size(width: int, height: int) -> tuple[int, int]:
        return input_size(width, height, backbone.view.short_side)

    with talk.progress(f"Looking at {frames[0].film}") as step:
        for pictures in read_pictures(files, size, BATCH):
            rows.append(backbone.embed(pictures))
            done += len(pictures)
            step(done, len(frames))
    return np.concatenate(rows)

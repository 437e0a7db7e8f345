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
from screentime.model.dataset import read_pictures
from screentime.records import Frame
from screentime.talk import Talk

if TYPE_CHECKING:
    import numpy as np

# Frames that are read and looked at together.
BATCH = 8


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
        Not to be written to: of a single film it is the file itself, mapped.

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
            write_atomically(path, file.getbuffer())
        parts.append(part)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _load(path: Path, rows: int) -> np.ndarray | None:
    import numpy as np

    try:
        kept = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        return kept if kept.ndim == 2 and len(kept) == rows else None
    except Exception:  # missing or damaged; of a damaged head NumPy, zipfile and tokenize raise their own
        return None


def _compute(frames: Sequence[Frame], root: Path, backbone: Backbone, talk: Talk) -> np.ndarray:
    import numpy as np

    files = [root / frame.file for frame in frames]
    result, done = None, 0
    with talk.progress(f"Looking at {frames[0].film}") as step:
        for pictures in read_pictures(files, backbone.view.size, BATCH):
            rows = backbone.embed(pictures)
            if result is None:
                result = np.empty((len(frames), rows.shape[1]), np.float32)
            result[done : done + len(rows)] = rows
            done += len(rows)
            step(done, len(frames))
    return result

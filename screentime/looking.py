"""What a model says of a film's frames: of all of them, or of a stretch that is joined to others later.

The numbers of a frame do not depend on how the film is parted: frames go through the network in batches that
begin at multiples of `BATCH`, whatever was looked at before, and all that compares frames with their neighbours
comes after the joining.
"""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screentime.model.classifier import Classifier
from screentime.records import Film
from screentime.talk import Talk
from screentime.timeline import near
from screentime.video.reader import Reader
from screentime.video.shots import is_cut, looks_of
from screentime.video.source import shown_name

if TYPE_CHECKING:
    import numpy as np

    from screentime.video.skipping import Plan

# Pictures that go through the network at once: more are not faster on two cores, and memory counts.
BATCH = 8
# Batches that may wait for the network while the film is read on.
AHEAD = 2


@dataclass(frozen=True)
class Looked:
    """What a model says of frames that follow one another.

    Attributes
    ----------
    film : Film
        Its ``frames`` are these alone.
    seconds : ndarray of float64, shape (n,)
    probabilities : ndarray of float32, shape (n, k)
        Of each frame by itself.
    strange : ndarray of float64, shape (batches,)
        Frames of each batch that look unlike those that the model learned from; empty where it cannot tell.
    cuts : ndarray of bool, shape (n,)
        Whether a cut lies before a frame; never before the first.
    palettes, layouts : ndarray of float32, shape (2, ...)
        What the first and the last frame look like, see `screentime.video.shots.looks_of`.
    warnings : tuple of str
        What is wrong with the film.
    """

    film: Film
    seconds: np.ndarray
    probabilities: np.ndarray
    strange: np.ndarray
    cuts: np.ndarray
    palettes: np.ndarray
    layouts: np.ndarray
    warnings: tuple[str, ...]

    def smooth(self, smoothing: float) -> np.ndarray:
        """Probabilities in which the neighbours of the same shot have a say, shape (n, k)."""
        shots = self.cuts.cumsum().tolist()
        return near([self.film.digest] * len(shots), shots, smoothing).smooth(self.probabilities)


def look(path: Path, classifier: Classifier, content: str, talk: Talk, part: Plan | None = None) -> Looked:
    """Read a film once, a frame at a time, while the network looks at the frames before.

    Nothing grows with the film's length but small rows of numbers, one a frame.

    Parameters
    ----------
    path : Path
    classifier : Classifier
    content : str
        The film's digest.
    talk : Talk
    part : Plan, optional
        One of the film's segments, which begins at a multiple of `BATCH`; see `screentime.video.reader.survey`.

    Returns
    -------
    Looked

    Raises
    ------
    FilmError
        If the film cannot be read.
    AstrayError
        If a part of it cannot be read by itself.
    """
    import numpy as np

    from screentime.model.dataset import to_input
    from screentime.model.shift import strange_share

    seconds: list[float] = []
    rows: list[np.ndarray] = []
    strange: list[float] = []
    cuts: list[bool] = []
    looks: list[tuple[np.ndarray, np.ndarray]] = []  # of the first frame and of the latest
    waiting: list[np.ndarray] = []
    known = classifier.reference
    if known is not None:
        known = replace(known, known=known.known.astype(np.float32))  # once, not for each batch
    looked: deque[Future] = deque()

    def flush(most: int = AHEAD) -> None:
        if waiting:
            looked.append(looking.submit(classifier.look, np.stack(waiting)))
            waiting.clear()
        while len(looked) > most:
            probabilities, embeddings = looked.popleft().result()
            rows.append(probabilities)
            if embeddings is not None and known is not None:
                strange.append(strange_share(known, embeddings) * len(embeddings))

    with (
        ThreadPoolExecutor(1) as looking,
        Reader(path, fps=classifier.card["fps"], size=classifier.size, known_digest=content, part=part) as reader,
        talk.progress(f"Reading {shown_name(path)}") as step,
    ):
        for sample in reader:
            picture = to_input(sample.image, sample.image.shape[1::-1])
            if waiting and waiting[0].shape != picture.shape:
                flush()  # a film may change its shape on the way
            waiting.append(picture)
            seconds.append(sample.second)
            seen = looks_of(sample.image)
            cuts.append(bool(looks) and is_cut(looks[-1], seen))
            looks[1:] = [seen]
            if (sample.index + 1) % BATCH == 0:
                flush()
                step(round(sample.second), round(reader.claimed_seconds))
        flush(most=0)
    return Looked(
        reader.film, np.array(seconds), np.concatenate(rows), np.array(strange, np.float64), np.array(cuts),
        np.stack([looks[0][0], looks[-1][0]]), np.stack([looks[0][1], looks[-1][1]]), reader.warnings,
    )


def join(parts: Sequence[Looked]) -> Looked:
    """A whole film from its parts, in their order; just what `look` gives of the whole of it."""
    import numpy as np

    cuts = [parts[0].cuts]
    for before, after in zip(parts, parts[1:]):
        edge = is_cut((before.palettes[1], before.layouts[1]), (after.palettes[0], after.layouts[0]))
        cuts.append(np.concatenate([[edge], after.cuts[1:]]))
    seconds = np.concatenate([part.seconds for part in parts])
    return Looked(
        replace(parts[0].film, frames=len(seconds)), seconds,
        np.concatenate([part.probabilities for part in parts]), np.concatenate([part.strange for part in parts]),
        np.concatenate(cuts), np.stack([parts[0].palettes[0], parts[-1].palettes[1]]),
        np.stack([parts[0].layouts[0], parts[-1].layouts[1]]), parts[0].warnings,
    )


def renamed(looked: Looked, name: str) -> Looked:
    """The same of a film that is called otherwise by now; its warnings begin with its name."""
    before = shown_name(looked.film.name)
    warnings = tuple(
        f"{shown_name(name)}{warning.removeprefix(before)}" if warning.startswith(f"{before} ") else warning
        for warning in looked.warnings
    )
    return replace(looked, film=replace(looked.film, name=name), warnings=warnings)


def packed(looked: Looked) -> bytes:
    """What was looked at, as a file holds it."""
    import numpy as np

    arrays = {one.name: getattr(looked, one.name) for one in fields(Looked)}
    arrays |= {"film": json.dumps(asdict(looked.film)), "warnings": json.dumps(looked.warnings)}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def unpacked(content: bytes) -> Looked:
    """What `packed` was given; raises whatever NumPy, zipfile and json raise of a damaged file."""
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays: dict[str, Any] = {one.name: archive[one.name] for one in fields(Looked)}
    film, warnings = json.loads(str(arrays["film"])), json.loads(str(arrays["warnings"]))
    return Looked(**(arrays | {"film": Film(**film), "warnings": tuple(warnings)}))

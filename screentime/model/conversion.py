"""Networks converted for LiteRT: once each, held against TensorFlow on real pictures, kept on disk."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.errors import ScreentimeError
from screentime.files import write_atomically
from screentime.model.networks import Lite, Saved, litert
from screentime.model.runtime import silenced, tensorflow

if TYPE_CHECKING:
    import numpy as np

# Of each picture's rows by LiteRT and by TensorFlow: what their cosine must be at the least.
LEAST_COSINE = 0.9999


@dataclass(frozen=True)
class Verdict:
    """What came of a conversion.

    Attributes
    ----------
    lite : Lite or None
        The network for LiteRT; None where it was refused.
    reason : str
        Why it was refused, as the end of a sentence; empty where it was not.
    note : str
        What of keeping the verdict went wrong: a sentence, or empty.
    file : Path or None
        What keeps a refusal; without it the network is tried again.
    passing : bool
        Whether the machine was at fault, a full disk or memory, and not the network: that is not kept.
    """

    lite: Lite | None
    reason: str = ""
    note: str = ""
    file: Path | None = None
    passing: bool = False


def cache_folder() -> Path:
    """Where what can be made again is kept: ``SCREENTIME_CACHE``, or the person's own cache folder."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("SCREENTIME_CACHE") or user_cache_path("screentime"))


def converted(
    digest: str, saved: Callable[[], Saved], pictures: Callable[[], Sequence[np.ndarray]]
) -> Verdict:
    """A network for LiteRT, from disk where it is kept already.

    Parameters
    ----------
    digest : str
        Of the network.
    saved : callable
        Gives the network as TensorFlow runs it; called where nothing is kept.
    pictures : callable
        Gives real pictures, which judge, each of shape (height, width, 3); called where nothing is kept.

    Returns
    -------
    Verdict
    """
    from filelock import FileLock

    found = kept(digest)
    if found:
        return found
    path = _path(digest)
    with ExitStack() as stack:
        with suppress(OSError):  # where nothing can be written, keeping it says so below
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(f"{path}.lock"))
            found = kept(digest)  # by another process, meanwhile
        return found or _keep(path, judged(saved(), pictures()))


def kept(digest: str) -> Verdict | None:
    """What is kept of a network; None where nothing is, or where it is damaged."""
    path = _path(digest)
    try:
        verdict = json.loads(path.with_suffix(".json").read_text("utf-8"))
        if verdict["reason"]:
            return Verdict(None, str(verdict["reason"]), file=path.with_suffix(".json"))
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() == verdict["sha256"]:
            return Verdict(Lite(content, path))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def runtime(verdict: Verdict) -> dict[str, str]:
    """What runs a network after a verdict, for a card: ``runtime``, and where it was refused the ``reason``."""
    if verdict.lite:
        return {"runtime": litert()}
    return {"runtime": f"TensorFlow {version('tensorflow')}", "reason": verdict.reason}


def judged(saved: Saved, pictures: Sequence[np.ndarray]) -> Verdict:
    """Convert a network and hold it against TensorFlow.

    Parameters
    ----------
    saved : Saved
    pictures : sequence of ndarray, each of shape (height, width, 3)

    Returns
    -------
    Verdict
        Refused where the rows of any picture differ in direction by a cosine below `LEAST_COSINE`, or in
        length by as much.
    """
    import numpy as np

    try:
        lite = Lite(convert(saved))
        rows = lite(pictures)
    except (OSError, MemoryError) as error:
        return Verdict(None, f"it could not be converted for LiteRT now ({first_line(error)})", passing=True)
    except Exception as error:  # the converter and the interpreter raise whatever they meet
        return Verdict(None, f"LiteRT cannot run it ({first_line(error)})")
    expected = saved(pictures)
    # A vector as far as this from another is below the cosine, wherever it points.
    furthest = (1 - LEAST_COSINE**2) ** 0.5
    if rows.shape == expected.shape:
        off = np.linalg.norm(rows - expected, axis=1) / np.maximum(np.linalg.norm(expected, axis=1), 1e-12)
        if off.max() <= furthest:
            return Verdict(lite)
    return Verdict(None, f"{litert()} gives other features than TensorFlow")


def convert(saved: Saved) -> bytes:
    """A network as a float32 flatbuffer that takes one picture of any size.

    Parameters
    ----------
    saved : Saved

    Returns
    -------
    bytes

    Raises
    ------
    Exception
        Whatever TensorFlow's converter raises.
    """
    tf = tensorflow()
    picture_in = [tf.TensorSpec((1, None, None, 3), tf.float32)]
    network = tf.function(lambda pictures: saved.network(pictures), input_signature=picture_in)
    log = logging.getLogger("absl")
    before = log.level
    log.setLevel("ERROR")
    try:
        with silenced():
            # Given the network itself beside its function it has converted wrongly.
            return tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()]).convert()
    finally:
        log.setLevel(before)


def first_line(error: object) -> str:
    """First line of what an error says, shortened."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _keep(path: Path, verdict: Verdict) -> Verdict:
    if verdict.passing:
        return verdict
    content = verdict.lite.content if verdict.lite else b""
    said = {"sha256": hashlib.sha256(content).hexdigest(), "reason": verdict.reason}
    try:
        if verdict.lite:
            write_atomically(path, content)
        write_atomically(path.with_suffix(".json"), json.dumps(said) + "\n")
    except ScreentimeError as error:
        return replace(verdict, note=f"{error.what} So the backbone will be converted again next time.")
    if verdict.lite:
        return replace(verdict, lite=Lite(content, path))
    return replace(verdict, file=path.with_suffix(".json"))


def _path(digest: str) -> Path:
    # Another runtime or processor may compute otherwise and is judged anew.
    runtime = f"{litert()}-{platform.machine()}".lower().replace(" ", "-")
    return cache_folder() / "networks" / f"{digest}-{runtime}.tflite"

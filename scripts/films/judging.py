"""What screentime makes of a film, held against what the film shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from screentime.errors import FilmError
from scripts.films.drawing import number_in, smeared
from scripts.films.entry import Entry
from scripts.films.probing import Shown, by_ffprobe, every_frame

if TYPE_CHECKING:
    from screentime.model.classifier import Classifier

# Containers round times: to milliseconds, or to hundredths.
ROUNDING = 0.011
# Samples a second that are more than any film has frames; times no further apart than this are the same.
MOST_FPS, SAME = 1e5, 0.001
# What is said of a film that is whole, and some of whose times are not.
COUNTED = "a time that does not rise"
# Where packets are missing a decoder may give nothing for others, without a word.
SPOILED = {"cut", "mutations"}
# Films longer than this are not decoded once more for what they show.
LONGEST = 1000.0


@dataclass
class Verdict:
    """What became of a film.

    Attributes
    ----------
    outcome : {"read", "warned", "refused"}
    said : list of str
        The warnings, or the refusal.
    faults : list of str
        What is wrong with that; empty where all is well.
    smears : int
        Samples whose picture is not what its encoder meant, without a word of it.
    samples : int
    probed : bool
        Whether its times were compared with those by ffprobe.
    """

    outcome: str
    said: list[str]
    faults: list[str] = field(default_factory=list)
    smears: int = 0
    samples: int = 0
    probed: bool = False


def judge(entry: Entry, path: Path, model: Path | None, meant: Sequence[np.ndarray]) -> dict[str, Any]:
    """Read and screen a film as a person would, and say what is wrong with what came of it.

    Parameters
    ----------
    entry : Entry
    path : Path
    model : Path or None
        Folder of a model; None leaves the screening out.
    meant : sequence of ndarray
        Pictures of the film that it was spoiled from, where it was.

    Returns
    -------
    dict
        A `Verdict`.
    """
    from screentime.video.reader import Reader
    from screentime.video.source import checked
    from screentime.video.timing import timing

    try:
        with Reader(path) as reader:
            found = [(sample.second, _clipped(sample.image, meant), number_in(sample.image)) for sample in reader]
    except FilmError as error:
        verdict = Verdict("refused", [str(error)], _ill_said([str(error)]))
        _screened(path, model, None, verdict)
    else:
        verdict = Verdict("warned" if reader.warnings else "read", list(reader.warnings), _ill_said(reader.warnings), 0, len(found))
        _judge_times(entry, path, reader.film, [(second, number) for second, _, number in found], verdict, meant, [
            picture for _, picture, _ in found
        ])
        _screened(path, model, reader.film.seconds, verdict)
        whole = entry.family not in SPOILED and all(COUNTED in sentence for sentence in reader.warnings)
        if whole and reader.film.seconds < LONGEST:
            _judge_timing(path, reader.film.rate, verdict)
    try:
        timing(checked(path))
    except FilmError:
        pass  # what cannot be reviewed is refused in a sentence too
    if entry.outcome not in ("any", verdict.outcome):
        verdict.faults.append(f"was to be {entry.outcome} and was {verdict.outcome}")
    if not any(entry.says in sentence for sentence in verdict.said or [""]):
        verdict.faults.append(f"does not say {entry.says!r}")
    return asdict(verdict)


def _judge_timing(path: Path, rate: float, verdict: Verdict) -> None:
    """Whether a review would have the frames come when they are sampled."""
    from screentime.video.reader import Reader
    from screentime.video.source import checked
    from screentime.video.timing import timing

    with Reader(path, fps=MOST_FPS, size=lambda *_: (16, 16)) as reader:
        seconds = [sample.second for sample in reader]
    # No two samples are named by one millisecond.
    named = {round(time * 1000): time for time in reversed(timing(checked(path), rate).times)}
    times = [named[name] for name in sorted(named)]
    apart = max((abs(a - b) for a, b in zip(times, seconds)), default=0.0)
    if len(times) != len(seconds) or apart > SAME:
        verdict.faults.append(
            f"by its packets there are {len(times)} frames, the last one at {max(times, default=0.0):.3f} s, and"
            f" {len(seconds)} are read, the last one at {seconds[-1]:.3f} s; they lie up to {apart:.3f} s apart"
        )


def _clipped(image: np.ndarray, meant: Sequence[np.ndarray]) -> np.ndarray | None:
    return image if meant else None


def _ill_said(sentences: Sequence[str]) -> list[str]:
    return [
        f"says it badly: {sentence!r}" for sentence in sentences
        if not sentence.endswith(".") or not all(letter.isprintable() for letter in sentence)
    ]


def _screened(path: Path, model: Path | None, seconds: float | None, verdict: Verdict) -> None:
    """Have a model look at the film: it must be refused like the reading, or be as long."""
    if model is None:
        return
    from screentime.model.classifier import load
    from screentime.screening import Basis, screen
    from screentime.talk import Talk

    classifier: Classifier = load(model)
    try:
        result = screen(path, classifier, Talk(), Basis())
    except FilmError as error:
        if seconds is not None:
            verdict.faults.append(f"is read, and then refused by predict: {error}")
        return
    whole = [one.seconds for one in result.estimates.values()]
    if seconds is None or result.film.seconds != seconds or not all(one is not None and math.isfinite(one) for one in whole):
        verdict.faults.append(f"predict finds {result.film.seconds} s of film and {whole} s of screen time")


def _judge_times(
    entry: Entry, path: Path, film: Any, samples: list[tuple[float, int]], verdict: Verdict,
    meant: Sequence[np.ndarray], pictures: list[np.ndarray | None],
) -> None:
    seconds = [second for second, _ in samples]
    if seconds != sorted(set(seconds)) or not all(0 <= second < math.inf for second in seconds):
        verdict.faults.append(f"its seconds do not rise: {seconds[:9]}")
    if not seconds[-1] < film.seconds < 1e6:
        verdict.faults.append(f"its end, {film.seconds}, does not lie behind its last sample, {seconds[-1]}")
    frames = every_frame(path) if film.seconds < LONGEST or not film.rate > 2 else []
    step = 1 / film.rate if film.rate > 0.1 else 0.04
    tolerance = step + ROUNDING
    blurred = [
        place for place, (picture, (second, number)) in enumerate(zip(pictures, samples))
        if picture is not None and not _as_meant(picture, number, meant)
    ]
    if verdict.outcome == "read":
        verdict.smears = len(blurred)
    wrong = [
        f"{second:.3f} s shows picture {number}" for place, (second, number) in enumerate(samples)
        if place not in blurred and not _right(entry, second, number, frames, tolerance)
    ]
    # Where the decoder was heard to patch pictures up, some show another one's number.
    if wrong and (verdict.outcome == "read" or len(wrong) > len(samples) / 2):
        verdict.faults.append(f"wrong times: {'; '.join(wrong[:4])}")
    if verdict.outcome == "read" and frames and entry.second_of is None:
        _judge_number(frames, film.rate, seconds, verdict, tolerance, "every frame's time")
    if entry.outcome == "read" and frames:
        probed = by_ffprobe(path)
        verdict.probed = probed is not None and not _counted(path)
        if verdict.probed:
            _judge_number([Shown(second, 0) for second in probed], film.rate, seconds, verdict, tolerance, "ffprobe")


def _counted(path: Path) -> bool:
    """Whether FFmpeg's word on the times is a guess, or of another stream.

    Bare streams keep none, AVI and ASF those of decoding; in an AVIF it takes the still picture for the film.
    """
    return path.suffix in (".avi", ".asf", ".wmv", ".h264", ".hevc", ".obu", ".drc", ".avif")


def _as_meant(picture: np.ndarray, number: int, meant: Sequence[np.ndarray]) -> bool:
    # Another shape is the header's word, not the decoder's doing.
    return picture.shape != meant[0].shape or (number < len(meant) and not smeared(picture, meant[number]))


def _right(entry: Entry, second: float, number: int, frames: list[Shown], tolerance: float) -> bool:
    """Whether a sample's picture is one that comes then, by its number or by the film's own word."""
    if entry.second_of is not None:
        return abs(second - entry.second_of(number)) <= tolerance
    if entry.rate:
        first = frames[0].number if frames else 0
        if any(abs(second - (number - start) / entry.rate) <= tolerance for start in (0, first)):
            return True
    elif not frames:
        return True
    return any(abs(one.second - second) <= tolerance and one.number in (number, -1) for one in frames)


def _judge_number(
    frames: list[Shown], rate: float, seconds: list[float], verdict: Verdict, tolerance: float, whose: str
) -> None:
    """Whether as many samples were taken as the frames' times ask for, and then."""
    times = [one.second for one in frames]
    if any(math.isnan(time) for time in times) or times != sorted(set(times)):
        return  # nobody can tell from times like these
    slack = min(0.002, 1 / rate / 4 if 1 <= rate <= 1000 else 0.01)
    wanted: dict[int, float] = {}
    for time in times:
        wanted.setdefault(math.floor((time + slack) * 1.0), time)
    expected = list(wanted.values())
    if len(expected) != len(seconds) or any(abs(a - b) > tolerance for a, b in zip(expected, seconds)):
        verdict.faults.append(
            f"by {whose} there are {len(expected)} samples, {[round(one, 3) for one in expected[:6]]},"
            f" and {len(seconds)} were taken, {[round(one, 3) for one in seconds[:6]]}"
        )

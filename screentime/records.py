"""The words of the house as frozen records: film, frame, label, prediction, round."""

from __future__ import annotations

from dataclasses import dataclass


def timecode(second: float) -> str:
    """Time of a film as ``h:mm:ss.mmm``.

    Parameters
    ----------
    second : float
        Seconds since the film's start, not negative.

    Returns
    -------
    str
        For example ``0:01:02.500`` for 62.5.
    """
    whole, milliseconds = divmod(round(second * 1000), 1000)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def frame_uid(digest: str, second: float) -> str:
    """Name of a frame that stays the same on every machine: film's content and time.

    Parameters
    ----------
    digest : str
        Content digest of the film, 16 hexadecimal digits.
    second : float
        Presentation time in seconds.

    Returns
    -------
    str
        ``<digest>-<milliseconds>``, the milliseconds padded to nine digits.
    """
    return f"{digest}-{round(second * 1000):09d}"


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was read.

    Attributes
    ----------
    digest : str
        First 16 hexadecimal digits of the SHA-256 of its bytes.
    name : str
        File name, for people; untrusted text.
    path : str
        Where it was read from.
    seconds : float
        How long the part that could be read is on screen.
    rate : float
        Frames per second that its container claims.
    width, height : int
        Size in pixels as shown: after rotation, with square pixels.
    frames : int
        How many frames were sampled.
    """

    digest: str
    name: str
    path: str
    seconds: float
    rate: float
    width: int
    height: int
    frames: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One sampled second of a film.

    Attributes
    ----------
    uid : str
        See `frame_uid`.
    file : str
        JPEG file, relative to the workspace, with forward slashes.
    index : int
        Position among the film's frames, from 0.
    second : float
        Exact presentation time in seconds, counted from the film's start.
    film : str
        The film's file name.
    shot : int
        Number of the shot among the film's, from 0.
    """

    uid: str
    file: str
    index: int
    second: float
    film: str
    shot: int = 0

    @property
    def digest(self) -> str:
        """Content digest of the film that this frame belongs to."""
        return self.uid.split("-", 1)[0]


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of a frame.

    Attributes
    ----------
    uid : str
        The frame.
    characters : frozenset of str
        Who is on screen; empty when the person said that nobody is.
    task, annotation : int
        Label Studio's numbers of the task and of the annotation.
    annotator : str
        Label Studio's number of the person, as text: of several who changed it, the last.
    updated_at : str
        When it was last changed, ISO 8601.
    origin : str
        ``manual``, ``prediction`` (a pre-annotation confirmed) or ``prediction-changed``
        (a pre-annotation corrected).
    lead_time : float or None
        Seconds that the page was open for it, by Label Studio's count; None where it does not know,
        as of labels that were confirmed many at once.
    """

    uid: str
    characters: frozenset[str]
    task: int
    annotation: int
    annotator: str
    updated_at: str
    origin: str
    lead_time: float | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the loop: what went in and what came out.

    Attributes
    ----------
    version : str
        The model version that the round made.
    labels : int
        How many labels it learned from.
    validation_accuracy : float
        Share of frames right on the validation split, in [0, 1].
    epochs : int
        Epochs until the callback or the end of training.
    seconds : float
        Wall time of the round.
    target_reached : bool
        Whether the callback saw the target, or the intervals are as narrow as wanted, whichever ends
        the loop.
    """

    version: str
    labels: int
    validation_accuracy: float
    epochs: int
    seconds: float
    target_reached: bool


@dataclass(frozen=True, slots=True)
class Appearance:
    """One interval in which a character is on screen without a break.

    Attributes
    ----------
    character : str
    start, end : float
        Seconds since the film's first frame; the character is gone at ``end``.
    probability : float
        Mean over the interval's time of how probable the model finds the character, 1 where a person
        said it.
    source : str
        ``labelled`` (people said so of every frame in it), ``predicted`` (of none), ``mixed``, or
        ``reviewed`` (a person set its ends).
    """

    character: str
    start: float
    end: float
    probability: float
    source: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a person made of a whole film's appearances, to the frame.

    Attributes
    ----------
    digest : str
        The film.
    appearances : tuple of Appearance
        All of them, in the order of time.
    task, annotation : int
        Label Studio's numbers of the film's task and of the annotation.
    annotator : str
        Label Studio's number of the person, as text: of several who changed it, the last.
    updated_at : str
        When it was last changed, ISO 8601.
    lead_time : float or None
        Seconds that the page was open for all of it, by Label Studio's count; None where it does not know.
    """

    digest: str
    appearances: tuple[Appearance, ...]
    task: int
    annotation: int
    annotator: str
    updated_at: str
    lead_time: float | None = None

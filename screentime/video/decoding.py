"""A film's pictures as PyAV opens them: what the container claims, packets, and the frames in them."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from screentime.machine import cores
from screentime.video.clock import LONGEST_SECONDS, Clock
from screentime.video.leaning import Kind, Leaning
from screentime.video.opening import (
    OVERALL,
    UNTIMED,
    demuxed,
    first_stamp,
    no_pictures,
    opened,
    pictures_of,
)
from screentime.video.skipping import Plan, plan

# Threads wait for one another where frames lean on one another: four keep two cores busy. Each holds frames.
LEAST_THREADS, MOST_THREADS = 4, 16
# This decoder refuses intact pictures too where it is told to be strict: those with a tag that it does not need.
NEVER_STRICT = {"tiff"}
# This one cannot begin anew midway, as films that were joined have it, while it works on several pictures at once.
ALONE = {"theora"}


class AstrayError(Exception):
    """The decoder does not give what the plan says: the film must be decoded without one."""


class DamagedError(AstrayError):
    """The decoder noticed damage: the film must be decoded by one that patches it up."""


class Pictures:
    """The picture stream of an opened film; close it after use.

    Parameters
    ----------
    path : Path
        From `source.checked`.
    strict : bool, optional
        Whether the decoder refuses damage that it would otherwise patch up, as far as it notices it. One that
        patches up works on one core, so that it does so alike every time.
    heard : bool, optional
        Whether the packets of its first sound are read too.

    Attributes
    ----------
    rate : float
        Frames per second by the container's word; 0.0 where it gives none.
    claimed_seconds : float
        How long it is by the container's word; 0.0 where it gives none.
    claimed_frames : int
        How many frames by the container's word.
    reached : float
        Where only the whole file's length is known, and its sound or other pictures may be what lasts so long: when
        the latest packet read so far of these ends, by the same count; else 0.0.
    ratio : float
        Width of a stored pixel by its height; 0.0 where that is unknown.
    sparse : bool
        Whether the container need not give the time of every frame; FFmpeg makes up the others, and not always well.
    sound : list of av.audio.AudioStream
        The first sound, where there is one and it is heard.
    unit : Fraction
        Seconds of the stamps' unit.

    Raises
    ------
    FilmError
        If there is no picture stream in it.
    """

    def __init__(self, path: Path, strict: bool = False, heard: bool = False) -> None:
        import av

        try:
            self._container = opened(path)
        except av.error.FFmpegError:
            raise no_pictures(path) from None
        try:
            self._stream = pictures_of(self._container, path)
            self.sound = list(self._container.streams.audio[:1]) if heard else []
            self._strict = strict
            self._prepare(strict)
        except BaseException:
            self._container.close()
            raise

    def _prepare(self, strict: bool) -> None:
        from av.stream import Discard

        stream, form = self._stream, self._container.format
        self.unit = stream.time_base or Fraction(0)
        self._unit = float(self.unit)
        own = self._own_seconds()
        beside = [other for other in self._container.streams if other is not stream and other.type in ("audio", "video")]
        self._watched = beside if not own and not self.sound else []
        self.reached = 0.0
        for other in self._container.streams:
            if other is not stream and other not in (*self.sound, *self._watched):
                other.discard = Discard.all
        context = stream.codec_context
        if strict and context.name not in NEVER_STRICT:
            context.options = {**context.options, "err_detect": "explode"}
        context.thread_type = "AUTO"
        # Threads that patch damage up copy from pictures that others still draw: each run would give other ones.
        alone = not strict or context.name in ALONE
        context.thread_count = 1 if alone else min(max(cores(), LEAST_THREADS), MOST_THREADS)
        # Where no average is known the unit is all that tells of the rate; nobody believes it who knows rates.
        rate = float(stream.average_rate or stream.guessed_rate or 0) or (1 / self._unit if self._unit else 0.0)
        self.rate = rate if rate > 0 else 0.0
        self._guessed = form.name in UNTIMED
        self.sparse = form.name == "mpeg"
        self._start = first_stamp(self._container, stream)
        seconds = own or self._said_seconds()
        if not 0 < seconds < LONGEST_SECONDS:  # any text may stand in a title, hours of 400 digits too
            seconds = 0.0
        self.claimed_frames = stream.frames or int(seconds * self.rate + 0.5)
        claimed = seconds or (self.claimed_frames / self.rate if self.rate else 0.0)
        self.claimed_seconds = claimed if 0 < claimed < LONGEST_SECONDS else 0.0
        self.ratio = float(stream.sample_aspect_ratio or 0)

    def _own_seconds(self) -> float:
        """How long the pictures last by the container's word; 0.0 where it says that of the whole file at most."""
        stream = self._stream
        if stream.duration and self._container.format.name not in OVERALL:
            return stream.duration * self._unit
        # Matroska says of each stream when it ends, in a title of its own, if at all.
        ends = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
        if ends:
            hours, minutes, seconds = map(float, ends.groups())
            return hours * 3600 + minutes * 60 + seconds - (stream.start_time or 0) * self._unit
        return 0.0

    def _said_seconds(self) -> float:
        """How long the file lasts by its own word: its sound may go on, and it need not begin at 0."""
        stream, container = self._stream, self._container
        if stream.duration:
            return stream.duration * self._unit
        # It counts from 0; others from where they begin.
        start = max(container.start_time or 0, 0) if container.format.name.startswith("matroska") else 0
        return ((container.duration or 0) - start) / 1_000_000

    def _watch(self, packet: Any) -> None:
        """Keep in mind when a packet of another stream ends."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is not None and packet.size:
            start = max(self._container.start_time or 0, 0) / 1_000_000
            end = float((stamp + (packet.duration or 0)) * packet.time_base) - start
            self.reached = max(self.reached, end)

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def position(self, frame: Any) -> float:
        """What the film says of a frame's time: seconds from the stream's start; NaN where it says nothing."""
        stamp = frame.dts if frame.pts is None or self._guessed else frame.pts
        return float("nan") if stamp is None or self._start is None else (stamp - self._start) * self._unit

    def plan(self, fps: float) -> Plan | None:
        """Choose what to decode, from all packets; they can be read once more only from a new opening.

        Parameters
        ----------
        fps : float
            Samples per second.

        Returns
        -------
        Plan or None
            None where the packets do not tell the time of every frame.
        """
        import numpy as np

        context = self._stream.codec_context
        leaning = Leaning(context.name, context.codec.intra_only, context.extradata or b"")
        stamps, kinds, least, most = array("q"), bytearray(), math.inf, -math.inf
        latest = -math.inf
        for packet in self.packets():
            if packet.pts is None or packet.has_sidedata("new_extradata") or packet.has_sidedata("param_change"):
                return None
            if packet.dts is not None:
                if packet.dts < latest:
                    return None  # films that were joined: their times begin anew
                latest = packet.dts
            stamps.append(packet.pts)
            delay = packet.pts - (packet.dts or 0)
            least, most = min(least, delay), max(most, delay)
            hidden = Kind.HIDDEN if packet.is_discard else 0
            kinds.append(leaning.kind(packet.is_keyframe, bytes(packet)) | hidden)
        # Frames that are not shown in the order of decoding wait for one another, each for another time; others
        # all for the same.
        reordered, alike = context.has_b_frames, least == most
        wrong = reordered and (self._guessed or alike) or self._guessed and not alike
        if self._start is None or not stamps or wrong or not np.diff(np.sort(stamps)).all():
            return None
        if not leaning.spares:
            kinds = bytearray(kind & ~Kind.SPARE for kind in kinds)
        return replace(plan(stamps, kinds, self._unit, self._start, fps, self.rate), reached=self.reached)

    def packets(self, hear: Callable[[Any], None] | None = None) -> Iterator[Any]:
        """All packets that the decoder of the stream needs, in their order.

        Parameters
        ----------
        hear : callable, optional
            Given those of the sound on the way, where that is heard.

        Yields
        ------
        av.Packet
        """
        for packet in demuxed(self._container, self._stream, *self.sound, *self._watched):
            if packet.stream in self._watched:
                self._watch(packet)
            elif packet.stream is not self._stream:
                hear(packet)
            elif packet.size and not self._is_title(packet):
                yield packet

    def _is_title(self, packet: Any) -> bool:
        # Where films were joined the second one's title comes midway; the decoder would call it damage.
        return self._stream.codec_context.name == "theora" and bytes(packet).startswith(b"\x81theora")

    def timed(self, clock: Clock, hear: Callable[[Any], None] | None = None) -> Iterator[tuple[float, Any, int]]:
        """Decode every frame.

        Parameters
        ----------
        clock : Clock
            A fresh one.
        hear : callable, optional
            As for `packets`.

        Yields
        ------
        second : float
            Since the film's first frame.
        frame : av.VideoFrame
        failed : int
            How many packets just before it could not be decoded.

        Raises
        ------
        DamagedError
            If the decoder is strict and notices damage.
        """
        for (frame, failed), following in with_next(self._decoded(hear)):
            then = math.nan if following is None else self.position(following[0])
            yield clock.tick(self.position(frame), failed, then), frame, failed

    def _decoded(self, hear: Callable[[Any], None] | None) -> Iterator[tuple[Any, int]]:
        """Every frame, and how many packets just before it could not be decoded."""
        decode, failed = self.whole if self._strict else self.decode, 0
        for packet in chain(self.packets(hear), [None]):
            frames = decode(packet)
            failed += frames is None
            for frame in frames or ():
                yield frame, failed
                failed = 0

    def decode(self, packet: Any) -> list[Any] | None:
        """Frames that a packet sets free; None where one could not be decoded.

        Parameters
        ----------
        packet : av.Packet or None
            None after the last one: sets free what is left.

        Returns
        -------
        list of av.VideoFrame, or None
        """
        import av

        try:
            return self._stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            return None

    def planned(self, plan: Plan) -> Iterator[tuple[float, Any]]:
        """Decode what a plan asks for.

        Parameters
        ----------
        plan : Plan
            Of this film.

        Yields
        ------
        second : float
        frame : av.VideoFrame
            A sample.

        Raises
        ------
        AstrayError
            If something else comes out than the plan says.
        DamagedError
            If the decoder notices damage.
        """
        due = iter(plan.due)
        for packet in self._sent(plan):
            for frame in self.whole(packet):
                false_start = frame.pts in plan.starts and not frame.key_frame
                if frame.pts != next(due, None) or false_start:
                    raise AstrayError
                if frame.pts in plan.seconds:
                    yield plan.seconds[frame.pts], frame
        if next(due, None) is not None:
            raise AstrayError

    def _sent(self, plan: Plan) -> Iterator[Any]:
        count = 0
        for packet in self.packets():
            if plan.goes_on and count == len(plan.sent):
                break
            if count >= len(plan.sent) or packet.pts != plan.stamps[count]:
                raise AstrayError
            if plan.sent[count]:
                yield packet
            count += 1
        if count < len(plan.sent):
            raise AstrayError
        yield None

    def whole(self, packet: Any) -> list[Any]:
        """Frames that a packet sets free, none of which the decoder calls damaged.

        Parameters
        ----------
        packet : av.Packet or None
            As for `decode`.

        Returns
        -------
        list of av.VideoFrame

        Raises
        ------
        DamagedError
            If one is damaged or could not be decoded.
        """
        frames = self.decode(packet)
        if frames is None or any(frame.is_corrupt for frame in frames):
            raise DamagedError
        return frames


def timed_twice(path: Path, work: Callable[[Pictures], Any], heard: bool = False) -> Any:
    """Do what needs every frame of a film as its reader has it.

    Parameters
    ----------
    path : Path
        From `source.checked`.
    work : callable
        Given the film's pictures. Where the decoder notices damage it is done once more, with one that patches it up.
    heard : bool, optional
        As for `Pictures`.

    Returns
    -------
    object
        What the work gives.
    """
    for strict in (True, False):
        try:
            with closing(Pictures(path, strict, heard)) as pictures:
                return work(pictures)
        except DamagedError:
            pass
    raise AssertionError("one that patches up refuses nothing")


def with_next(items: Iterable[Any], last: Any = None) -> Iterator[tuple[Any, Any]]:
    """Each item with the one behind it, `last` behind the last."""
    yield from pairwise(chain(items, [last]))

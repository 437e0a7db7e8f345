"""Ctrl+C while Ray works."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heard() -> Iterator[Callable[[], None]]:
    """Hear of Ctrl+C even where the exception that it raises is lost.

    Python drops an exception that is raised while something is cleared up, as Ray's references are all the time,
    and the work would go on.

    Yields
    ------
    require_none : callable
        Raises KeyboardInterrupt if there was a Ctrl+C.
    """
    former = signal.getsignal(signal.SIGINT)
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        former(number, frame)

    def require_none() -> None:
        if came:
            raise KeyboardInterrupt

    # Only the main thread is told; and in the background of a shell without job control SIGINT is ignored.
    if threading.current_thread() is not threading.main_thread() or not callable(former):
        yield require_none
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield require_none
    finally:
        signal.signal(signal.SIGINT, former)

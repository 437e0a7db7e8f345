"""A round that somebody asked for, with however few new labels: kept until it was run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from screentime.files import write_atomically


class Asking:
    """Whether a round is asked for, by whichever thread; on disk, since the service may be stopped meanwhile.

    Parameters
    ----------
    file : Path
        There as long as a round is asked for.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._pending = file.is_file()

    @property
    def pending(self) -> bool:
        """Whether a round is asked for that has not begun."""
        return self._pending

    def ask(self) -> None:
        """Ask for one.

        Raises
        ------
        ScreentimeError
            If that cannot be kept.
        """
        with self._lock:
            write_atomically(self._file, "")
            self._pending = True

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """A round is run in the ``with`` block: an error leaves it asked for, and who asks meanwhile means the next one.

        Yields
        ------
        bool
            Whether one is asked for.
        """
        with self._lock:
            asked, self._pending = self._pending, False
        try:
            yield asked
        except BaseException:
            with self._lock:
                self._pending |= asked
            raise
        with self._lock:
            if asked and not self._pending:
                self._file.unlink(missing_ok=True)

"""What long work says while it goes on; silent unless a terminal listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Step = Callable[[int, int], None]


class Talk:
    """Says nothing. The terminal has one that speaks."""

    def say(self, sentence: str) -> None:
        """Tell one sentence."""

    @contextmanager
    def progress(self, task: str) -> Iterator[Step]:
        """Show how far a task is.

        Parameters
        ----------
        task : str
            What is being done.

        Yields
        ------
        callable
            To be called with what is done and what there is in all.
        """
        yield lambda done, total: None

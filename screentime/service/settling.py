"""Whether answers come in a burst, of which one round is made when it is over."""

from __future__ import annotations

# Where no more answers than these come in a second, people are labelling; more are a program's, an import's, or
# many people's.
BY_PEOPLE = 2.0
# After the first answer it is looked again so soon, and a burst is over when so long nothing came.
QUIET_SECONDS, OVER_SECONDS = 1.0, 3.0
# A burst that does not end: many people at once, who shall get their pre-annotations too.
LONGEST_SECONDS = 120.0


class Settling:
    """Compares how many answers there are from one look to the next, and how many hints came.

    Of answers that were changed there are as many as before, but each of them sends its hint.
    """

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None
        self._first = (0, 0)
        self._since: float | None = None  # the first look that saw something new, and when something came last
        self._came = 0.0

    def settled(self, answers: int, now: float, hints: int = 0) -> bool:
        """Whether what came until now can be made a round of.

        Parameters
        ----------
        answers : int
            Labels and skips that there are now.
        now : float
            Seconds of a clock that only goes on.
        hints : int, optional
            How many came until now.

        Returns
        -------
        bool
            False where it has to be looked at again after `QUIET_SECONDS`: something came since the last
            look, and whether that was one label or the first of five hundred tells only the next one.
        """
        last, self._last = self._last, (answers, hints)
        if last is None or (self._since is None and last == self._last):
            return True
        if last != self._last:
            self._came = now
        if self._since is None:
            self._since, self._first = now, self._last
            return False
        # A new answer is a hint too: they are not added.
        came = max(abs(answers - self._first[0]), hints - self._first[1])
        burst = came > BY_PEOPLE * (now - self._since)
        if burst and now - self._came < OVER_SECONDS and now - self._since < LONGEST_SECONDS:
            return False
        self._since = None
        return True

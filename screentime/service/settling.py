"""Whether answers come in a burst, of which one round is made when it is over."""

from __future__ import annotations

# Where no more answers than these come in a second, people are labelling; more are a program's, an import's, or
# many people's.
BY_PEOPLE = 2.0
QUIET_SECONDS = 1.0
# A burst that does not end: many people at once, who shall get their pre-annotations too.
LONGEST_SECONDS = 60.0


class Settling:
    """Compares how many answers there are from one look to the next."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._at = 0.0
        self._since: float | None = None

    def settled(self, answers: int, now: float) -> bool:
        """Whether what came until now can be made a round of.

        Parameters
        ----------
        answers : int
            Labels and skips that there are now.
        now : float
            Seconds of a clock that only goes on.

        Returns
        -------
        bool
            False where it has to be looked at again after `QUIET_SECONDS`: something came since the last
            look, and whether that was one label or the first of five hundred tells only the next one.
        """
        last, seconds = self._last, now - self._at
        self._last, self._at = answers, now
        if last is None:
            return True
        came = abs(answers - last)
        if self._since is None:
            self._since = now if came else None
            return not came
        if came > BY_PEOPLE * seconds and now - self._since < LONGEST_SECONDS:
            return False
        self._since = None
        return True
